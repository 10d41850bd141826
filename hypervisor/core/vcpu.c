/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vCPUs: making, waking, starting, switching.
 *
 * Waking needs no lock. A waker sets a todo bit, then looks whether the vCPU is blocked; a blocker sets
 * WAIT_BLOCKED, then looks at todo. Both are sequentially consistent, so one of them sees the other.
 */
#include "core/domain.h"
#include "mem/kalloc.h"
#include "x86/fpu.h"
#include "x86/ipi.h"
#include "x86/spec.h"

/* Not a reason to end a block: these only ask for an update at the next entry. */
#define TODO_LAZY (TODO_RUNSTATE | TODO_TIME)

static DEFINE_PERCPU(struct vcpu *, current) = NULL;
static DEFINE_PERCPU(struct domain *, last_domain) = NULL;

int (*vcpu_create_hook)(struct vcpu *v);
void (*vcpu_free_hook)(struct vcpu *v);

struct vcpu *current_vcpu(void)
{
	return this_cpu(current);
}

void set_current_vcpu(struct vcpu *v)
{
	this_cpu(current) = v;
}

void vcpu_forget_domain(const struct domain *d)
{
	struct domain *last;

	for (unsigned int c = 0; c < nr_cpus; c++) {
		last = READ_ONCE(per_cpu(last_domain, c));
		if (last == d)
			(void)atomic_cmpxchg(&per_cpu(last_domain, c), &last, NULL);
	}
}

static void free_memory(struct vcpu *v)
{
	kfree(v->hvm.apic_page, PAGE_SIZE);
	kfree(v->fpu, fpu_area_size());
	kfree(v, sizeof(*v));
}

struct vcpu *vcpu_create(struct domain *d, unsigned int id)
{
	struct vcpu *v = kalloc(sizeof(*v));

	if (!v)
		return NULL;
	v->d = d;
	v->id = (uint16_t)id;
	v->wait = WAIT_DOWN | WAIT_PAUSED; /* the new domain is paused */
	v->wait_sipi = true;
	v->sched.running_on = -1;
	v->fpu = kalloc(fpu_area_size());
	v->hvm.apic_page = kalloc(PAGE_SIZE);
	if (!v->fpu || !v->hvm.apic_page)
		goto out_fpu;
	fpu_area_init(v->fpu);
	if (hvm_ops->vcpu_init(&v->hvm, id, &d->hvm, &d->p2m) < 0)
		goto out_fpu;
	hvm_ops->set_tsc_offset(&v->hvm, d->tsc_offset);
	sched_vcpu_init(v);
	if (vcpu_create_hook(v) < 0)
		goto out_hvm;
	return v;

out_hvm:
	sched_vcpu_remove(v);
	hvm_ops->vcpu_free(&v->hvm);
out_fpu:
	free_memory(v);
	return NULL;
}

void vcpu_free(struct vcpu *v)
{
	BUG_ON(v->sched.running_on >= 0);
	sched_vcpu_remove(v);
	vcpu_free_hook(v);
	hvm_ops->vcpu_free(&v->hvm);
	free_memory(v);
}

static void set_wait(struct vcpu *v, uint32_t bit)
{
	if (!(atomic_or(&v->wait, bit) & bit))
		sched_update(v);
}

static void clear_wait(struct vcpu *v, uint32_t bit)
{
	if (atomic_and(&v->wait, ~bit) & bit)
		sched_update(v);
}

void vcpu_kick(struct vcpu *v, uint32_t todo)
{
	int32_t cpu;

	if ((atomic_or(&v->todo, todo) & todo) == todo && v != current_vcpu() &&
	    !(READ_ONCE(v->wait) & WAIT_BLOCKED))
		return; /* somebody asked for the same and it has not been seen yet */
	if (READ_ONCE(v->wait) & WAIT_BLOCKED) {
		clear_wait(v, WAIT_BLOCKED);
		return;
	}
	cpu = load_acquire(&v->sched.running_on);
	if (cpu >= 0 && cpu != (int32_t)cpu_id())
		ipi_kick((unsigned int)cpu);
}

void vcpu_block(struct vcpu *v)
{
	atomic_or(&v->wait, WAIT_BLOCKED);
	if (__atomic_load_n(&v->todo, __ATOMIC_SEQ_CST) & ~TODO_LAZY) {
		atomic_and(&v->wait, ~WAIT_BLOCKED);
		return;
	}
	sched_update(v);
}

void vcpu_send_init(struct vcpu *v)
{
	WRITE_ONCE(v->wait_sipi, true);
	vcpu_kick(v, TODO_INIT);
}

/* Only a vCPU that INIT (or creation) has put to wait listens to SIPI; a second SIPI is ignored. */
void vcpu_send_sipi(struct vcpu *v, uint8_t vector)
{
	if (!atomic_xchg(&v->wait_sipi, false))
		return;
	v->sipi_vector = vector;
	vcpu_kick(v, TODO_SIPI);
	clear_wait(v, WAIT_DOWN);
}

void vcpu_send_nmi(struct vcpu *v)
{
	vcpu_kick(v, TODO_NMI);
}

bool vcpu_is_up(const struct vcpu *v)
{
	return !(READ_ONCE(v->wait) & WAIT_DOWN);
}

void vcpu_up(struct vcpu *v)
{
	WRITE_ONCE(v->wait_sipi, false);
	clear_wait(v, WAIT_DOWN);
}

void vcpu_down(struct vcpu *v)
{
	struct domain *d = v->d;
	unsigned int nr_up = 0;

	set_wait(v, WAIT_DOWN); /* HLT does not make it listen to SIPI; INIT does */
	/* A SIPI that came between the two saw no WAIT_DOWN to clear. */
	if (__atomic_load_n(&v->todo, __ATOMIC_SEQ_CST) & TODO_SIPI)
		clear_wait(v, WAIT_DOWN);
	for_each_vcpu(d, other)
		nr_up += vcpu_is_up(other);
	if (nr_up == 0)
		domain_shutdown(d, 0); /* SHUTDOWN_poweroff */
}

void vcpu_load(struct vcpu *v)
{
	if (this_cpu(last_domain) != v->d) {
		WRITE_ONCE(this_cpu(last_domain), v->d);
		spec_domain_switch();
	}
	hvm_ops->load(&v->hvm);
	fpu_restore(v->fpu, v->hvm.xcr0);
	atomic_or(&v->todo, TODO_RUNSTATE);
}

void vcpu_save(struct vcpu *v)
{
	fpu_save(v->fpu, &v->hvm.xcr0);
	hvm_ops->save(&v->hvm);
}
