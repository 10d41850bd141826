/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The system control ABI: hypercall 35, frozen at the layout of Xen 4.17 (interface version 0x15)
 * like <helium/domctl.h>, which says how these two headers are meant and tested.
 */
#pragma once

#include <helium/domctl.h>

#define XEN_SYSCTL_INTERFACE_VERSION	0x00000015

enum {
	XEN_SYSCTL_readconsole = 1,
	XEN_SYSCTL_tbuf_op = 2,
	XEN_SYSCTL_physinfo = 3,
	XEN_SYSCTL_sched_id = 4,
	XEN_SYSCTL_perfc_op = 5,
	XEN_SYSCTL_getdomaininfolist = 6,
	XEN_SYSCTL_debug_keys = 7,
	XEN_SYSCTL_getcpuinfo = 8,
	XEN_SYSCTL_availheap = 9,
	XEN_SYSCTL_get_pmstat = 10,
	XEN_SYSCTL_cpu_hotplug = 11,
	XEN_SYSCTL_pm_op = 12,
	XEN_SYSCTL_page_offline_op = 14,
	XEN_SYSCTL_lockprof_op = 15,
	XEN_SYSCTL_cputopoinfo = 16,
	XEN_SYSCTL_numainfo = 17,
	XEN_SYSCTL_cpupool_op = 18,
	XEN_SYSCTL_scheduler_op = 19,
	XEN_SYSCTL_coverage_op = 20,
	XEN_SYSCTL_psr_cmt_op = 21,
	XEN_SYSCTL_pcitopoinfo = 22,
	XEN_SYSCTL_psr_alloc = 23,
	XEN_SYSCTL_get_cpu_levelling_caps = 25,
	XEN_SYSCTL_get_cpu_featureset = 26,
	XEN_SYSCTL_livepatch_op = 27,
	XEN_SYSCTL_get_cpu_policy = 29,

	XEN_SYSCTL_hl_iommu = 0x48000, /* ours */
};

struct xen_sysctl_readconsole {
	uint8_t clear;			/* empty the ring after reading */
	uint8_t incremental;		/* start at index, not at the oldest byte */
	uint8_t pad0, pad1;
	uint32_t index;			/* in with incremental; out: where the next read starts */
	XEN_GUEST_HANDLE_64(char) buffer;
	uint32_t count;			/* bytes: in the buffer; out written */
};

#define XEN_SYSCTL_PHYSCAP_hvm			(1U << 0)
#define XEN_SYSCTL_PHYSCAP_pv			(1U << 1)
#define XEN_SYSCTL_PHYSCAP_directio		(1U << 2)
#define XEN_SYSCTL_PHYSCAP_hap			(1U << 3)
#define XEN_SYSCTL_PHYSCAP_shadow		(1U << 4)
#define XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share	(1U << 5)
#define XEN_SYSCTL_PHYSCAP_vmtrace		(1U << 6)
#define XEN_SYSCTL_PHYSCAP_vpmu			(1U << 7)
#define XEN_SYSCTL_PHYSCAP_gnttab_v1		(1U << 8)
#define XEN_SYSCTL_PHYSCAP_gnttab_v2		(1U << 9)

struct xen_sysctl_physinfo {
	uint32_t threads_per_core;
	uint32_t cores_per_socket;
	uint32_t nr_cpus;
	uint32_t max_cpu_id;
	uint32_t nr_nodes;
	uint32_t max_node_id;
	uint32_t cpu_khz;
	uint32_t capabilities;		/* XEN_SYSCTL_PHYSCAP_* */
	uint32_t arch_capabilities;
	uint32_t pad;
	uint64_aligned_t total_pages;
	uint64_aligned_t free_pages;
	uint64_aligned_t scrub_pages;
	uint64_aligned_t outstanding_pages;
	uint64_aligned_t max_mfn;
	uint32_t hw_cap[8];		/* CPUID 1d 1c e1d e1c Da1 7b0 7c0 e7d */
};

struct xen_sysctl_sched_id {
	uint32_t sched_id;		/* XEN_SCHEDULER_* */
};

struct xen_sysctl_getdomaininfolist {
	domid_t first_domain;
	uint32_t max_domains;
	XEN_GUEST_HANDLE_64(xen_domctl_getdomaininfo_t) buffer;
	uint32_t num_domains;		/* out */
};

struct xen_sysctl_debug_keys {
	XEN_GUEST_HANDLE_64(const_char) keys;
	uint32_t nr_keys;
};

struct xen_sysctl_cpuinfo {
	uint64_aligned_t idletime;	/* ns */
};
typedef struct xen_sysctl_cpuinfo xen_sysctl_cpuinfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cpuinfo_t);

struct xen_sysctl_getcpuinfo {
	uint32_t max_cpus;
	XEN_GUEST_HANDLE_64(xen_sysctl_cpuinfo_t) info;
	uint32_t nr_cpus;		/* out */
};

struct xen_sysctl_availheap {
	uint32_t min_bitwidth;
	uint32_t max_bitwidth;
	int32_t node;			/* -1: all */
	uint64_aligned_t avail_bytes;	/* out */
};

#define XEN_INVALID_CORE_ID	(~0U)
#define XEN_INVALID_SOCKET_ID	(~0U)
#define XEN_INVALID_NODE_ID	(~0U)

struct xen_sysctl_cputopo {
	uint32_t core;
	uint32_t socket;
	uint32_t node;
};
typedef struct xen_sysctl_cputopo xen_sysctl_cputopo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cputopo_t);

/* NULL array: asks how many. A short array is filled and num_cpus says how many there are. */
struct xen_sysctl_cputopoinfo {
	uint32_t num_cpus;
	XEN_GUEST_HANDLE_64(xen_sysctl_cputopo_t) cputopo;
};

#define XEN_INVALID_MEM_SZ	(~0U)
#define XEN_INVALID_NODE_DIST	(~0U)

struct xen_sysctl_meminfo {
	uint64_t memsize;		/* bytes */
	uint64_t memfree;		/* bytes */
};
typedef struct xen_sysctl_meminfo xen_sysctl_meminfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_meminfo_t);

/* Both arrays NULL: asks how many nodes. distance is num_nodes x num_nodes. */
struct xen_sysctl_numainfo {
	uint32_t num_nodes;
	XEN_GUEST_HANDLE_64(xen_sysctl_meminfo_t) meminfo;
	XEN_GUEST_HANDLE_64(uint32) distance;
};

#define XEN_SYSCTL_CPUPOOL_OP_CREATE		1
#define XEN_SYSCTL_CPUPOOL_OP_DESTROY		2
#define XEN_SYSCTL_CPUPOOL_OP_INFO		3
#define XEN_SYSCTL_CPUPOOL_OP_ADDCPU		4
#define XEN_SYSCTL_CPUPOOL_OP_RMCPU		5
#define XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN	6
#define XEN_SYSCTL_CPUPOOL_OP_FREEINFO		7
#define XEN_SYSCTL_CPUPOOL_PAR_ANY		0xFFFFFFFF

/* INFO answers the first pool with an id >= the requested one, -ENOENT past the last. */
struct xen_sysctl_cpupool_op {
	uint32_t op;			/* XEN_SYSCTL_CPUPOOL_OP_* */
	uint32_t cpupool_id;
	uint32_t sched_id;
	uint32_t domid;
	uint32_t cpu;
	uint32_t n_dom;
	struct xenctl_bitmap cpumap;
};

#define XEN_SYSCTL_SCHED_RATELIMIT_MAX	500000
#define XEN_SYSCTL_SCHED_RATELIMIT_MIN	100
#define XEN_SYSCTL_SCHEDOP_putinfo	0
#define XEN_SYSCTL_SCHEDOP_getinfo	1

struct xen_sysctl_credit2_schedule {
	uint32_t ratelimit_us;
};

struct xen_sysctl_scheduler_op {
	uint32_t cpupool_id;
	uint32_t sched_id;		/* XEN_SCHEDULER_CREDIT2, or -EINVAL */
	uint32_t cmd;			/* XEN_SYSCTL_SCHEDOP_* */
	union {
		struct xen_sysctl_credit2_schedule sched_credit2;
		uint64_aligned_t space[2]; /* what the other schedulers need */
	} u;
};

/* NULL array: asks how many words. -ENOBUFS when the array is too short (and filled). */
#define XEN_SYSCTL_cpu_featureset_raw		0
#define XEN_SYSCTL_cpu_featureset_host		1
#define XEN_SYSCTL_cpu_featureset_pv		2
#define XEN_SYSCTL_cpu_featureset_hvm		3
#define XEN_SYSCTL_cpu_featureset_pv_max	4
#define XEN_SYSCTL_cpu_featureset_hvm_max	5

struct xen_sysctl_cpu_featureset {
	uint32_t index;			/* XEN_SYSCTL_cpu_featureset_* */
	uint32_t nr_features;
	XEN_GUEST_HANDLE_64(uint32) features;
};

#define XEN_SYSCTL_cpu_policy_raw		0
#define XEN_SYSCTL_cpu_policy_host		1
#define XEN_SYSCTL_cpu_policy_pv_max		2
#define XEN_SYSCTL_cpu_policy_hvm_max		3
#define XEN_SYSCTL_cpu_policy_pv_default	4
#define XEN_SYSCTL_cpu_policy_hvm_default	5

/* NULL arrays: asks for their lengths. */
struct xen_sysctl_cpu_policy {
	uint32_t index;			/* XEN_SYSCTL_cpu_policy_* */
	uint32_t nr_leaves;		/* in: array length; out: written */
	uint32_t nr_msrs;		/* in: array length; out: written */
	uint32_t _rsvd;			/* 0 */
	XEN_GUEST_HANDLE_64(xen_cpuid_leaf_t) leaves;
	XEN_GUEST_HANDLE_64(xen_msr_entry_t) msrs;
};

/* hl_iommu: what confines Dom0's devices. */
struct xen_sysctl_hl_iommu {
	char name[16];			/* of the kind; empty: nothing does */
	uint32_t nr_units;
#define XEN_SYSCTL_HL_IOMMU_intremap (1U << 0)
	uint32_t flags;
};

struct xen_sysctl {
	uint32_t cmd;			/* XEN_SYSCTL_* */
	uint32_t interface_version;	/* XEN_SYSCTL_INTERFACE_VERSION, or -EACCES */
	union {
		struct xen_sysctl_readconsole readconsole;
		struct xen_sysctl_physinfo physinfo;
		struct xen_sysctl_cputopoinfo cputopoinfo;
		struct xen_sysctl_numainfo numainfo;
		struct xen_sysctl_sched_id sched_id;
		struct xen_sysctl_getdomaininfolist getdomaininfolist;
		struct xen_sysctl_debug_keys debug_keys;
		struct xen_sysctl_getcpuinfo getcpuinfo;
		struct xen_sysctl_availheap availheap;
		struct xen_sysctl_cpupool_op cpupool_op;
		struct xen_sysctl_scheduler_op scheduler_op;
		struct xen_sysctl_cpu_featureset cpu_featureset;
		struct xen_sysctl_cpu_policy cpu_policy;
		struct xen_sysctl_hl_iommu hl_iommu;
		uint8_t pad[128];
	} u;
};
typedef struct xen_sysctl xen_sysctl_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_t);

HL_ABI_SIZE(xen_sysctl, 136);
HL_ABI_OFFSET(xen_sysctl, u, 8);
HL_ABI_SIZE(xen_sysctl_readconsole, 24);
HL_ABI_OFFSET(xen_sysctl_readconsole, buffer, 8);
HL_ABI_SIZE(xen_sysctl_physinfo, 112);
HL_ABI_OFFSET(xen_sysctl_physinfo, total_pages, 40);
HL_ABI_OFFSET(xen_sysctl_physinfo, hw_cap, 80);
HL_ABI_SIZE(xen_sysctl_getdomaininfolist, 24);
HL_ABI_OFFSET(xen_sysctl_getdomaininfolist, buffer, 8);
HL_ABI_SIZE(xen_sysctl_debug_keys, 16);
HL_ABI_SIZE(xen_sysctl_getcpuinfo, 24);
HL_ABI_SIZE(xen_sysctl_availheap, 24);
HL_ABI_SIZE(xen_sysctl_cputopo, 12);
HL_ABI_SIZE(xen_sysctl_cputopoinfo, 16);
HL_ABI_SIZE(xen_sysctl_numainfo, 24);
HL_ABI_SIZE(xen_sysctl_cpupool_op, 40);
HL_ABI_OFFSET(xen_sysctl_cpupool_op, cpumap, 24);
HL_ABI_SIZE(xen_sysctl_cpu_featureset, 16);
HL_ABI_SIZE(xen_sysctl_cpu_policy, 32);
HL_ABI_SIZE(xen_sysctl_hl_iommu, 24);
