/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain with a few vCPUs that only the devices of dev/ need: no p2m, no scheduler. Included by
 * the tests of vlapic and vioapic; it brings the fakes that are theirs alone.
 */
#pragma once

#include <string.h>
#include "unit.h"
#include "core/domain.h"
#include "dev/vlapic_priv.h"
#include "fakes/fakes.h"

#define NR_TEST_VCPUS 3

static inline unsigned int unit_random(unsigned int n)
{
	return (unsigned int)unit_below(n);
}

static struct domain test_domain;
static struct vcpu test_vcpu[NR_TEST_VCPUS];
static struct vcpu *test_vcpus[NR_TEST_VCPUS];
static struct lapic_reg test_apic_pages[NR_TEST_VCPUS][NR_APIC_REGS];

/* What reached a vCPU by message. */
static unsigned int nr_nmis[NR_TEST_VCPUS], nr_inits[NR_TEST_VCPUS], last_sipi[NR_TEST_VCPUS];

void vcpu_send_nmi(struct vcpu *v)
{
	nr_nmis[v->id]++;
}

void vcpu_send_init(struct vcpu *v)
{
	nr_inits[v->id]++;
}

void vcpu_send_sipi(struct vcpu *v, uint8_t vector)
{
	last_sipi[v->id] = vector;
}

struct vcpu *domain_vcpu(struct domain *d, unsigned int id)
{
	return id < d->max_vcpus ? d->vcpus[id] : NULL;
}

/* Timers: one list in time order is not needed, the tests call run_timers(). */
#define MAX_TIMERS 8
static struct timer *set_timers[MAX_TIMERS];
static unsigned int nr_fired;

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
	*t = (struct timer){ .fn = fn, .arg = arg };
}

void timer_set(struct timer *t, uint64_t deadline_ns)
{
	unsigned int i;

	t->deadline_ns = deadline_ns;
	for (i = 0; i < MAX_TIMERS; i++)
		if (set_timers[i] == t)
			return;
	for (i = 0; set_timers[i]; i++)
		;
	set_timers[i] = t;
}

void timer_stop(struct timer *t)
{
	for (unsigned int i = 0; i < MAX_TIMERS; i++)
		if (set_timers[i] == t)
			set_timers[i] = NULL;
}

void timer_stop_sync(struct timer *t)
{
	timer_stop(t);
}

/* Time goes on by ns; timers on the way fire at their moment. */
static inline void pass_ns(uint64_t ns)
{
	uint64_t end = fake_now_ns + ns;

	for (;;) {
		struct timer **first = NULL, *t;

		for (unsigned int i = 0; i < MAX_TIMERS; i++)
			if (set_timers[i] &&
			    (!first || set_timers[i]->deadline_ns < (*first)->deadline_ns))
				first = &set_timers[i];
		if (!first || (*first)->deadline_ns > end)
			break;
		t = *first;
		*first = NULL;
		fake_now_ns = max(fake_now_ns, t->deadline_ns);
		nr_fired++;
		t->fn(t->arg);
	}
	fake_now_ns = end;
}

uint64_t vlapic_now_ns(void)
{
	return fake_now_ns;
}

uint64_t vlapic_tsc_to_ns(const struct vcpu *v, uint64_t guest_tsc)
{
	return max(guest_tsc, fake_now_ns); /* a TSC of 1 GHz */
}

static inline int domain_setup(void **state)
{
	memset(&test_domain, 0, sizeof(test_domain));
	memset(test_vcpu, 0, sizeof(test_vcpu));
	memset(test_apic_pages, 0, sizeof(test_apic_pages));
	memset(set_timers, 0, sizeof(set_timers));
	memset(nr_nmis, 0, sizeof(nr_nmis));
	memset(nr_inits, 0, sizeof(nr_inits));
	memset(last_sipi, 0, sizeof(last_sipi));
	fake_now_ns = 1000;
	test_domain.vcpus = test_vcpus;
	test_domain.max_vcpus = NR_TEST_VCPUS;
	for (unsigned int i = 0; i < NR_TEST_VCPUS; i++) {
		test_vcpus[i] = &test_vcpu[i];
		test_vcpu[i].d = &test_domain;
		test_vcpu[i].id = (uint16_t)i;
		test_vcpu[i].hvm.apic_page = test_apic_pages[i];
		assert_int_equal(vlapic_create(&test_vcpu[i]), 0);
	}
	return 0;
}

static inline int domain_teardown(void **state)
{
	for (unsigned int i = 0; i < NR_TEST_VCPUS; i++)
		vlapic_free(&test_vcpu[i]);
	assert_int_equal(fake_kalloc_live, 0);
	assert_int_equal(fake_locks_held, 0);
	return 0;
}
