/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tools' door to the hypervisor: one handle, one function per control operation. Stands on
 * libxencall and libxenforeignmemory only, whose interfaces are stable. Functions return 0 (or a
 * count where said) or a negative errno; they never print. Not for more than one thread.
 *
 * Operations of our own (XEN_DOMCTL_hl_*) are tried first; where the hypervisor answers -ENOSYS the
 * same is done the long way, as Xen's tools do. So the tools also run on Xen 4.17.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <helium/sysctl.h>
#include "dom0-tools/lib/diag.h"

struct hl;
struct xs_handle;

/* NULL with a message: not root, not on a hypervisor, or another interface version. */
struct hl *hl_open(struct diag *dg);
void hl_close(struct hl *hl);

/* lib/call.c: the hypercalls themselves. op is copied in, and back out. */
int hl_domctl(struct hl *hl, struct xen_domctl *op);
int hl_sysctl(struct hl *hl, struct xen_sysctl *op);
int hl_memory_op(struct hl *hl, unsigned int cmd, void *arg, size_t size);
/* XENVER_*: arg goes in and comes out; NULL for a subject that has none. */
int hl_version(struct hl *hl, unsigned int cmd, void *arg, size_t size);
int hl_hvm_set_param(struct hl *hl, uint32_t domid, uint32_t index, uint64_t value);
/* A port in domid that remote may bind. */
int hl_evtchn_alloc(struct hl *hl, uint32_t domid, uint32_t remote, uint32_t *port);
/* Memory that the hypervisor may read and write by address; NULL when there is none. */
void *hl_buffer(struct hl *hl, size_t size);
void hl_buffer_free(struct hl *hl, void *p);

/* lib/domain.c */
struct hl_domain_limits {
	uint8_t uuid[16];
	uint32_t vcpus;
	uint32_t max_evtchn_port;
	int32_t grant_frames;	/* -1: the hypervisor's default */
};

int hl_domain_create(struct hl *hl, const struct hl_domain_limits *lim, uint32_t *domid);
int hl_domain_destroy(struct hl *hl, uint32_t domid);
int hl_domain_pause(struct hl *hl, uint32_t domid);
int hl_domain_unpause(struct hl *hl, uint32_t domid);
int hl_domain_max_vcpus(struct hl *hl, uint32_t domid, uint32_t vcpus);
int hl_domain_max_mem(struct hl *hl, uint32_t domid, uint64_t kib);
/* XEN_DOMCTL_SENDTRIGGER_*; -ESRCH: no such vCPU. */
int hl_domain_trigger(struct hl *hl, uint32_t domid, uint32_t trigger, uint32_t vcpu);
int hl_domain_paging_pool(struct hl *hl, uint32_t domid, uint64_t bytes);
int hl_domain_tsc_mode(struct hl *hl, uint32_t domid, uint32_t mode);
int hl_domain_cpu_policy(struct hl *hl, uint32_t domid, const xen_cpuid_leaf_t *leaf, uint32_t nr,
			 struct diag *dg);
/* Exactly that domain, or -ESRCH. */
int hl_domain_info(struct hl *hl, uint32_t domid, struct xen_domctl_getdomaininfo *info);
/* All domains, ascending; returns how many, the caller frees *list. */
int hl_domain_list(struct hl *hl, struct xen_domctl_getdomaininfo **list);
int hl_vcpu_info(struct hl *hl, uint32_t domid, uint32_t vcpu, struct xen_domctl_getvcpuinfo *info);
/* CPU maps are little-endian bit arrays of HL_MAX_CPUS bits. */
#define HL_MAX_CPUS 256
struct hl_cpumap {
	uint8_t bits[HL_MAX_CPUS / 8];
};
int hl_vcpu_get_affinity(struct hl *hl, uint32_t domid, uint32_t vcpu, struct hl_cpumap *hard,
			 struct hl_cpumap *soft);
/* hard comes back as what really applies; -EINVAL when that is no CPU at all. */
int hl_vcpu_set_affinity(struct hl *hl, uint32_t domid, uint32_t vcpu, struct hl_cpumap *hard);
int hl_sched_get(struct hl *hl, uint32_t domid, struct xen_domctl_sched_credit2 *p);
int hl_sched_put(struct hl *hl, uint32_t domid, const struct xen_domctl_sched_credit2 *p);

/* lib/system.c */
int hl_physinfo(struct hl *hl, struct xen_sysctl_physinfo *info);
/* What confines Dom0's devices; -ENOSYS on a hypervisor that is not ours. */
int hl_iommu(struct hl *hl, struct xen_sysctl_hl_iommu *info);
int hl_sched_id(struct hl *hl, uint32_t *id);
int hl_sched_ratelimit(struct hl *hl, uint32_t *us);
int hl_pool_cpus(struct hl *hl, uint32_t pool, struct hl_cpumap *cpus);
int hl_free_cpus(struct hl *hl, struct hl_cpumap *cpus);
int hl_debug_keys(struct hl *hl, const char *keys);
/* The next piece of the log from *index on; returns its length, 0 at the end. */
int hl_readconsole(struct hl *hl, char *buf, uint32_t size, bool clear, bool incremental,
		   uint32_t *index);
/* The CPUID leaves that guests get by default; returns how many, the caller frees *leaf. */
int hl_default_leaves(struct hl *hl, xen_cpuid_leaf_t **leaf);

/* lib/memory.c */
/* Returns the number of extents done. */
int hl_mem_populate(struct hl *hl, uint32_t domid, const xen_pfn_t *gfn, unsigned int nr,
		    unsigned int order);
struct hl_e820 {
	uint64_t addr, size;
	uint32_t type;
} __attribute__((packed));
int hl_mem_set_map(struct hl *hl, uint32_t domid, const struct hl_e820 *map, unsigned int nr);
/* Copy into a domain's RAM; data NULL clears it. */
int hl_mem_load(struct hl *hl, uint32_t domid, uint64_t gpa, const void *data, uint64_t size);
/* Seed a reserved grant entry: backend may map gfn. */
int hl_grant_seed(struct hl *hl, uint32_t domid, uint32_t ref, uint64_t gfn, uint32_t backend);
int hl_hvm_set_params(struct hl *hl, uint32_t domid, const xen_domctl_hl_param_t *p,
		      unsigned int nr);

/* lib/start.c: the PVH boot state for vCPU 0. */
int hl_pvh_start(struct hl *hl, uint32_t domid, uint32_t vcpus, uint32_t entry,
		 uint32_t start_info);
/* Before that: all local APICs as a processor's reset leaves them. Helium starts them in x2APIC mode, which suits Linux. */
int hl_xapic_start(struct hl *hl, uint32_t domid, uint32_t vcpus);

/* lib/store.c: xenstore; opened on first use. NULL and -errno when the daemon does not answer. */
struct xs_handle *hl_store(struct hl *hl);
/* The value at a path, for the caller to free; NULL when there is none. */
char *store_read(struct hl *hl, const char *path, ...) __attribute__((format(printf, 2, 3)));
int store_write(struct hl *hl, const char *value, const char *path, ...)
	__attribute__((format(printf, 3, 4)));
int store_remove(struct hl *hl, const char *path, ...) __attribute__((format(printf, 2, 3)));
/*
 * Until done(arg) holds, or timeout_ms are over (-ETIMEDOUT): asks at once and whenever something at
 * or below one of the paths (NULL at the end) changed.
 */
int store_wait(struct hl *hl, const char *const *paths, bool (*done)(struct hl *hl, void *arg),
	       void *arg, int timeout_ms);
/* The domain's name, "Domain-0" for 0, NULL when it has none; the caller frees it. */
char *store_domain_name(struct hl *hl, uint32_t domid);
/* domid of a name or of a decimal number that is a live domain; -ESRCH. */
int store_find_domain(struct hl *hl, const char *name_or_id, uint32_t *domid);
