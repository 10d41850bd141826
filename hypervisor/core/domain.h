/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains: identity, life cycle, references.
 *
 * Life: domain_alloc() -> parts are added (guest/parts.c) -> domain_publish() -> runs -> shut down
 * (by itself; the reason is kept until the toolstack acts) -> dying (destroydomain; parts taken down
 * preemptibly) -> dead when the last reference and the last page are gone.
 *
 * A pointer to a domain is valid while one holds a reference (domain_get / domain_put), or while its
 * own vCPU is current.
 */
#pragma once

#include "core/vcpu.h"
#include "lib/list.h"

struct evtchn_table;
struct gnttab;
struct guest_info;
struct vioapic;
struct vpci;
struct cpuid_policy;
struct io_table;
struct dev_ports;
struct mmio_table;

#define MAX_VCPUS 128
#define NR_HVM_PARAMS 39
#define DOMID_ANY 0xffff

enum domain_state { DOM_NEW, DOM_ALIVE, DOM_DYING };

/* What createdomain says of a domain. */
struct domain_limits {
	uint32_t max_evtchn_port, max_grant_frames, max_maptrack_frames;
	uint32_t create_flags, emulation_flags;
};

struct domain {
	domid_t id;			/* set at creation */
	bool is_hwdom;			/* Dom0: has the hardware; set at creation */
	bool is_privileged;		/* may use control hypercalls; set at creation */
	bool is_identity;		/* gfn == mfn for all RAM (no IOMMU); set at creation */
	uint8_t state;			/* enum domain_state; domain lock, read by any */
	bool is_shut_down;		/* domain lock, read by any */
	uint8_t shutdown_code;		/* SHUTDOWN_*; domain lock */
	bool is_crash_told;		/* registers are in the log already; atomic */
	uint32_t refcount;		/* atomic */
	spinlock_t lock;		/* level domain */
	struct list list;		/* domlist lock; ascending id */
	struct domain *hash_next;	/* domhash lock */
	bool is_torn_down;		/* all parts are down, the pages may not be gone yet; set once */
	bool first_ref_gone;		/* atomic */
	uint32_t pause_count;		/* domain lock; control pause and shutdown each count one */
	bool is_control_paused;		/* DOMCTL_pausedomain; domain lock */
	uint8_t handle[16];		/* uuid; domain lock */

	struct hvm_domain hvm;
	struct p2m p2m;

	uint32_t max_vcpus;		/* size of vcpus[]; set once by domain_set_max_vcpus() */
	struct vcpu **vcpus;		/* each set once, before it can run */

	uint32_t tot_pages;		/* RAM owned; atomic */
	uint32_t max_pages;		/* domain lock */

	struct sched_domain sched;
	uint64_t tsc_offset;		/* the same for all vCPUs; set at creation */
	int64_t time_offset_s;		/* settimeoffset */
	uint64_t params[NR_HVM_PARAMS];	/* HVM_PARAM_*; domain lock */
	struct domain_limits limits;	/* set at creation */

	/* floor 6 */
	struct io_table *io;
	struct mmio_table *mmio;
	struct dev_ports *ports;
	struct vioapic *vioapic;	/* Dom0 only */
	struct vpci *vpci;		/* Dom0 only */
	struct cpuid_policy *cpuid;
	/* floor 7 */
	struct evtchn_table *evtchn;
	struct gnttab *gnttab;
	struct guest_info *guest;	/* shared_info, upcall style, memory map, wall clock */
	uint32_t destroy_step;		/* parts taken down so far; only the destroyer */
	uint32_t destroy_busy;		/* a CPU is inside domain_destroy(); atomic */
};

extern struct domain *hardware_domain; /* Dom0; NULL before it exists */

/*
 * A new domain with one reference, pause count 1, found by nobody, p2m and hvm_domain ready. id DOMID_ANY: the
 * lowest free one after the last used. NULL with -EEXIST, -ENOMEM, -EINVAL in *rc.
 */
struct domain *domain_alloc(domid_t id, bool is_hwdom, int *rc);
void domain_publish(struct domain *d); /* others can find it from now on */

/* The domain with this id, referenced, alive or dying; NULL. Takes domlist lock. */
struct domain *domain_get(domid_t id);
/* The first with an id >= id, referenced; NULL when past the last. */
struct domain *domain_get_from(domid_t id);
/* The one after d, referenced, and d's reference is dropped. */
struct domain *domain_next(struct domain *d);
/* All domains in turn, d referenced inside; who leaves early puts d. */
#define for_each_domain(d) for (struct domain *d = domain_get_from(0); d; d = domain_next(d))
void domain_ref(struct domain *d); /* the caller already has one */
void domain_put(struct domain *d); /* the last one frees it; no lock held */
/* All parts are down: the reference it was created with goes, now or with its last page. */
void domain_torn_down(struct domain *d);
/* Called when the last reference goes, before core frees vCPUs, p2m and struct: upper floors free theirs. */
extern void (*domain_free_hook)(struct domain *d);

/* vCPU id of d, or NULL; the index is clamped. */
struct vcpu *domain_vcpu(struct domain *d, unsigned int id);
/* The first of d with an id >= id; NULL when past the last. */
static inline struct vcpu *domain_vcpu_from(const struct domain *d, unsigned int id)
{
	while (id < d->max_vcpus && !d->vcpus[id])
		id++;
	return id < d->max_vcpus ? d->vcpus[id] : NULL;
}
#define for_each_vcpu(d, v) \
	for (struct vcpu *v = domain_vcpu_from(d, 0); v; v = domain_vcpu_from(d, v->id + 1u))

/* Create vcpus[] and its vCPUs. -EINVAL out of range or done already; -ENOMEM. Domain paused. */
int domain_set_max_vcpus(struct domain *d, unsigned int nr);
/* Registered by the guest floor: give a new vCPU its upper parts (vLAPIC, MSRs, areas) / take them away. */
extern int (*vcpu_create_hook)(struct vcpu *v);
extern void (*vcpu_free_hook)(struct vcpu *v);

/* Counted. domain_pause() returns at once; domain_is_running() tells whether a vCPU is still on a CPU. */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
bool domain_is_running(const struct domain *d);

/* The guest stops: all vCPUs paused, reason recorded once, then the hook. Any CPU, no lock held. */
void domain_shutdown(struct domain *d, unsigned int reason);
/* The guest did the impossible: dump v's registers, then shut down with SHUTDOWN_crash. */
void domain_crash(struct vcpu *v, const char *why, ...) __printf(2, 3);
extern void (*domain_shutdown_hook)(struct domain *d); /* VIRQ_DOM_EXC, or the machine's fate for Dom0 */

/* Charge nr pages against max_pages; false when over. */
bool domain_charge_pages(struct domain *d, uint32_t nr);
void domain_uncharge_pages(struct domain *d, uint32_t nr);
