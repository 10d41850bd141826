/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control of domains and of the host. domctl.c and sysctl.c copy the struct, check version and
 * target and index a table; the operations live in domctl_*.c and sysctl_*.c.
 */
#pragma once

#include "core/guest_copy.h"
#include <helium/domctl.h>
#include <helium/sysctl.h>

/* 0 or a negative errno. -ERESTART: run again with the struct as the operation left it. */
typedef int domctl_fn(struct vcpu *v, struct domain *d, struct xen_domctl *op);
typedef int sysctl_fn(struct vcpu *v, struct xen_sysctl *op);

/* domctl_create.c: the life of a domain */
domctl_fn domctl_createdomain, domctl_destroydomain, domctl_pausedomain, domctl_unpausedomain,
	domctl_getdomaininfo, domctl_setdomainhandle, domctl_settimeoffset, domctl_settscinfo,
	domctl_gettscinfo;
/* domctl_mem.c */
domctl_fn domctl_max_mem, domctl_get_mempool, domctl_set_mempool, domctl_hl_load,
	domctl_hl_grant_seed, domctl_hl_hvm_params;
/* domctl_vcpu.c */
domctl_fn domctl_max_vcpus, domctl_getvcpuinfo, domctl_setvcpuaffinity, domctl_getvcpuaffinity,
	domctl_setnodeaffinity, domctl_getnodeaffinity, domctl_scheduler_op, domctl_sendtrigger,
	domctl_hl_pvh_start;
/* domctl_cpuid.c, domctl_context.c */
domctl_fn domctl_get_cpu_policy, domctl_set_cpu_policy;
domctl_fn domctl_gethvmcontext, domctl_sethvmcontext, domctl_gethvmcontext_partial;

/* sysctl_info.c */
sysctl_fn sysctl_readconsole, sysctl_physinfo, sysctl_debug_keys, sysctl_getcpuinfo,
	sysctl_availheap, sysctl_cputopoinfo, sysctl_numainfo, sysctl_getdomaininfolist;
/* sysctl_pool.c */
sysctl_fn sysctl_sched_id, sysctl_cpupool_op, sysctl_scheduler_op;
/* domctl_cpuid.c */
sysctl_fn sysctl_get_cpu_featureset, sysctl_get_cpu_policy, sysctl_hl_iommu;

/* Fill one answer of getdomaininfo and getdomaininfolist. */
void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* HVMOP_set_param's checks and effects (hvm_op.c); by_guest: the domain itself asks. */
int hvm_param_set(struct domain *d, uint32_t index, uint64_t value, bool by_guest);

/* A bitmap of the tools (cpus or nodes) to a mask; bits past its end read as `beyond` has them. */
int xenctl_bitmap_read(uint64_t *mask, const struct xenctl_bitmap *b, uint64_t beyond);
int xenctl_bitmap_write(const struct xenctl_bitmap *b, uint64_t mask);
