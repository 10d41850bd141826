/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of what a domain consists of. A new subject adds one row; creation runs down the list,
 * destruction and freeing run up it.
 */
#include "dev/ports.h"
#include "dev/cpuid.h"
#include "dev/msr.h"
#include "guest/evtchn.h"
#include "guest/gnttab.h"
#include "guest/hypercall.h"
#include "guest/parts.h"
#include "guest/physmap.h"
#include "guest/shared_info.h"
#include "x86/console.h"
#include "x86/reboot.h"

#include <xen/sched.h>

/* Entries of a p2m taken down per call: bounds the time until interrupts are looked at again. */
#define DESTROY_BATCH 128

static void put_entry(struct p2m *p, struct p2m_entry e)
{
	struct domain *d = container_of(p, struct domain, p2m);

	for (uint64_t i = 0; i < 1ULL << e.order; i++)
		physmap_put(d, (struct p2m_entry){ mfn_add(e.mfn, i), e.type, 0 });
}

static int memory_destroy(struct domain *d)
{
	return p2m_destroy(&d->p2m, DESTROY_BATCH, put_entry);
}

static void memory_check(struct domain *d)
{
	BUG_ON(!p2m_check(&d->p2m));
}

/*
 * destroy may say -ERESTART; free comes with the last reference and accepts a part that was never
 * made.
 */
static const struct part {
	const char *name;
	int (*create)(struct domain *d);
	int (*destroy)(struct domain *d);
	void (*free)(struct domain *d);
	void (*check)(struct domain *d);
} parts[] = {
	{ "memory", NULL, memory_destroy, NULL, memory_check },
	{ "cpuid", cpuid_create, NULL, cpuid_free, NULL },
	{ "devices", dev_setup, NULL, dev_free, NULL },
	{ "shared info", guest_info_create, guest_info_destroy, guest_info_free, NULL },
	{ "event channels", evtchn_create, evtchn_destroy, evtchn_free, evtchn_check },
	{ "grants", gnttab_create, gnttab_destroy, gnttab_free, gnttab_check },
};

struct domain *domain_create(domid_t id, bool is_hwdom, const struct domain_limits *limits, int *rc)
{
	struct domain *d = domain_alloc(id, is_hwdom, rc);

	if (!d)
		return NULL;
	d->limits = *limits;
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
		*rc = parts[i].create ? parts[i].create(d) : 0;
		if (*rc < 0) {
			guest_warn("d%u: no %s: error %d\n", d->id, parts[i].name, -*rc);
			domain_put(d);
			return NULL;
		}
	}
	return d;
}

static void free_parts(struct domain *d)
{
	for (unsigned int i = ARRAY_SIZE(parts); i-- > 0;)
		if (parts[i].free)
			parts[i].free(d);
}

/* Pause for good and wait, by restarting, until no CPU runs it. */
static int stop_domain(struct domain *d)
{
	bool first;

	spin_lock(&d->lock);
	first = d->state == DOM_ALIVE;
	if (first)
		d->state = DOM_DYING;
	spin_unlock(&d->lock);
	if (first)
		domain_pause(d);
	return domain_is_running(d) ? -ERESTART : 0;
}

static int destroy_parts(struct domain *d)
{
	int rc = stop_domain(d);

	while (rc == 0 && d->destroy_step < ARRAY_SIZE(parts)) {
		const struct part *part = &parts[ARRAY_SIZE(parts) - 1 - d->destroy_step];

		rc = part->destroy ? part->destroy(d) : 0;
		if (rc == 0)
			d->destroy_step++;
	}
	return rc;
}

int domain_destroy(struct domain *d)
{
	int rc;

	if (atomic_xchg(&d->destroy_busy, 1))
		return -EBUSY;
	if (d->destroy_step == ARRAY_SIZE(parts))
		return 0; /* done before; busy stays set, the base reference is gone */
	rc = destroy_parts(d);
	if (rc < 0) {
		WRITE_ONCE(d->destroy_busy, 0);
		return rc;
	}
	/* Dom0's daemons let go of the rings they have mapped only when told that it is dying. */
	evtchn_send_global_virq(hardware_domain, VIRQ_DOM_EXC);
	domain_torn_down(d);
	return 0;
}

static int vcpu_parts_create(struct vcpu *v)
{
	int rc = dev_vcpu_create(v);

	if (rc < 0)
		return rc;
	rc = guest_vcpu_create(v);
	if (rc < 0)
		dev_vcpu_free(v);
	return rc;
}

static void vcpu_parts_free(struct vcpu *v)
{
	guest_vcpu_free(v);
	dev_vcpu_free(v);
}

/* Dom0 has ended: so does the machine, as Dom0 wished. */
static void end_machine(struct domain *d)
{
	if (d->shutdown_code == SHUTDOWN_poweroff) {
		log_info("Dom0 has powered off.\n");
		machine_poweroff();
	}
	if (d->shutdown_code == SHUTDOWN_crash && opt_noreboot)
		panic("Dom0 crashed; its last messages are above (noreboot is set)\n");
	log_info("Dom0 %s: resetting the machine.\n",
		 d->shutdown_code == SHUTDOWN_crash ? "crashed" : "asked for a reboot");
	machine_reboot();
}

static void on_shutdown(struct domain *d)
{
	if (d->is_hwdom)
		end_machine(d);
	evtchn_send_global_virq(hardware_domain, VIRQ_DOM_EXC);
}

static void on_free(struct domain *d)
{
	free_parts(d);
	evtchn_send_global_virq(hardware_domain, VIRQ_DOM_EXC);
}

void domain_check(struct domain *d)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].check)
			parts[i].check(d);
}

static void check_all(char key)
{
	for_each_domain(d)
		domain_check(d);
	log_info("All invariants hold.\n");
}

void parts_init(void)
{
	vcpu_create_hook = vcpu_parts_create;
	vcpu_free_hook = vcpu_parts_free;
	domain_free_hook = on_free;
	domain_shutdown_hook = on_shutdown;
	msr_hypercall_page_hook = hypercall_page_write;
	console_register_key('c', "check the invariants of all domains", check_all);
}
