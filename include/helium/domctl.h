/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain control ABI: hypercall 36. Its layout is that of Xen 4.17 (interface version 0x15) and
 * is frozen here, for every operation that Helium supports; later Xen releases change theirs.
 * Names are Xen's, so Xen's documents apply. Operations that Helium refuses have a number only.
 * Our own operations are appended from XEN_DOMCTL_HL_BASE on and are never renumbered.
 *
 * For the hypervisor and for tools; define __XEN_TOOLS__ and do not include <xen/domctl.h> as well.
 * tests/unit/test_abi_layout.c compares every size and offset with the headers of 4.17.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>

#ifdef __XEN_PUBLIC_DOMCTL_H__
#error "<helium/domctl.h> stands for <xen/domctl.h>; include only one of them"
#endif

#define XEN_DOMCTL_INTERFACE_VERSION	0x00000015

enum {
	XEN_DOMCTL_createdomain = 1,
	XEN_DOMCTL_destroydomain = 2,
	XEN_DOMCTL_pausedomain = 3,
	XEN_DOMCTL_unpausedomain = 4,
	XEN_DOMCTL_getdomaininfo = 5,
	XEN_DOMCTL_setvcpuaffinity = 9,
	XEN_DOMCTL_shadow_op = 10,
	XEN_DOMCTL_max_mem = 11,
	XEN_DOMCTL_setvcpucontext = 12,
	XEN_DOMCTL_getvcpucontext = 13,
	XEN_DOMCTL_getvcpuinfo = 14,
	XEN_DOMCTL_max_vcpus = 15,
	XEN_DOMCTL_scheduler_op = 16,
	XEN_DOMCTL_setdomainhandle = 17,
	XEN_DOMCTL_setdebugging = 18,
	XEN_DOMCTL_irq_permission = 19,
	XEN_DOMCTL_iomem_permission = 20,
	XEN_DOMCTL_ioport_permission = 21,
	XEN_DOMCTL_hypercall_init = 22,
	XEN_DOMCTL_settimeoffset = 24,
	XEN_DOMCTL_getvcpuaffinity = 25,
	XEN_DOMCTL_resumedomain = 27,
	XEN_DOMCTL_sendtrigger = 28,
	XEN_DOMCTL_subscribe = 29,
	XEN_DOMCTL_gethvmcontext = 33,
	XEN_DOMCTL_sethvmcontext = 34,
	XEN_DOMCTL_set_address_size = 35,
	XEN_DOMCTL_get_address_size = 36,
	XEN_DOMCTL_assign_device = 37,
	XEN_DOMCTL_bind_pt_irq = 38,
	XEN_DOMCTL_memory_mapping = 39,
	XEN_DOMCTL_ioport_mapping = 40,
	XEN_DOMCTL_set_ext_vcpucontext = 42,
	XEN_DOMCTL_get_ext_vcpucontext = 43,
	XEN_DOMCTL_test_assign_device = 45,
	XEN_DOMCTL_set_target = 46,
	XEN_DOMCTL_deassign_device = 47,
	XEN_DOMCTL_unbind_pt_irq = 48,
	XEN_DOMCTL_get_device_group = 50,
	XEN_DOMCTL_debug_op = 54,
	XEN_DOMCTL_gethvmcontext_partial = 55,
	XEN_DOMCTL_vm_event_op = 56,
	XEN_DOMCTL_mem_sharing_op = 57,
	XEN_DOMCTL_gettscinfo = 59,
	XEN_DOMCTL_settscinfo = 60,
	XEN_DOMCTL_getpageframeinfo3 = 61,
	XEN_DOMCTL_setvcpuextstate = 62,
	XEN_DOMCTL_getvcpuextstate = 63,
	XEN_DOMCTL_set_access_required = 64,
	XEN_DOMCTL_audit_p2m = 65,
	XEN_DOMCTL_set_virq_handler = 66,
	XEN_DOMCTL_set_broken_page_p2m = 67,
	XEN_DOMCTL_setnodeaffinity = 68,
	XEN_DOMCTL_getnodeaffinity = 69,
	XEN_DOMCTL_cacheflush = 71,
	XEN_DOMCTL_get_vcpu_msrs = 72,
	XEN_DOMCTL_set_vcpu_msrs = 73,
	XEN_DOMCTL_setvnumainfo = 74,
	XEN_DOMCTL_psr_cmt_op = 75,
	XEN_DOMCTL_monitor_op = 77,
	XEN_DOMCTL_psr_alloc = 78,
	XEN_DOMCTL_soft_reset = 79,
	XEN_DOMCTL_vuart_op = 81,
	XEN_DOMCTL_get_cpu_policy = 82,
	XEN_DOMCTL_set_cpu_policy = 83,
	XEN_DOMCTL_vmtrace_op = 84,
	XEN_DOMCTL_get_paging_mempool_size = 85,
	XEN_DOMCTL_set_paging_mempool_size = 86,
	XEN_DOMCTL_gdbsx_guestmemio = 1000,
	XEN_DOMCTL_gdbsx_pausevcpu = 1001,
	XEN_DOMCTL_gdbsx_unpausevcpu = 1002,
	XEN_DOMCTL_gdbsx_domstatus = 1003,

	/* Helium's own; a hypervisor that lacks one answers -ENOSYS and the tools do without. */
	XEN_DOMCTL_HL_BASE = 0x48000,
	XEN_DOMCTL_hl_load = XEN_DOMCTL_HL_BASE,
	XEN_DOMCTL_hl_pvh_start,
	XEN_DOMCTL_hl_grant_seed,
	XEN_DOMCTL_hl_hvm_params,
	XEN_DOMCTL_hl_destroy,
};

/* createdomain: domain in = 0 or >= DOMID_FIRST_RESERVED to have one chosen; the id comes back there. */
#define XEN_DOMCTL_CDF_hvm		(1U << 0)
#define XEN_DOMCTL_CDF_hap		(1U << 1)
#define XEN_DOMCTL_CDF_s3_integrity	(1U << 2)
#define XEN_DOMCTL_CDF_oos_off		(1U << 3)
#define XEN_DOMCTL_CDF_xs_domain	(1U << 4)
#define XEN_DOMCTL_CDF_iommu		(1U << 5)
#define XEN_DOMCTL_CDF_nested_virt	(1U << 6)
#define XEN_DOMCTL_CDF_vpmu		(1U << 7)
#define XEN_DOMCTL_CDF_MAX		XEN_DOMCTL_CDF_vpmu
#define XEN_DOMCTL_IOMMU_no_sharept	(1U << 0)
#define XEN_DOMCTL_IOMMU_MAX		XEN_DOMCTL_IOMMU_no_sharept
#define XEN_DOMCTL_GRANT_version_mask	0xf
#define XEN_DOMCTL_GRANT_version(v)	((v) & XEN_DOMCTL_GRANT_version_mask)

struct xen_domctl_createdomain {
	uint32_t ssidref;
	xen_domain_handle_t handle;
	uint32_t flags;			/* XEN_DOMCTL_CDF_* */
	uint32_t iommu_opts;		/* XEN_DOMCTL_IOMMU_* */
	uint32_t max_vcpus;
	uint32_t max_evtchn_port;
	int32_t max_grant_frames;	/* < 0: the hypervisor's default */
	int32_t max_maptrack_frames;	/* < 0: the hypervisor's default */
	uint32_t grant_opts;		/* low four bits: highest grant version */
	uint32_t vmtrace_size;
	uint32_t cpupool_id;
	struct xen_arch_domainconfig arch;
};

/* getdomaininfo: the first domain with an id >= the requested one; the id found is echoed. */
#define XEN_DOMINF_dying		(1U << 0)
#define XEN_DOMINF_hvm_guest		(1U << 1)
#define XEN_DOMINF_shutdown		(1U << 2)
#define XEN_DOMINF_paused		(1U << 3)
#define XEN_DOMINF_blocked		(1U << 4)
#define XEN_DOMINF_running		(1U << 5)
#define XEN_DOMINF_debugged		(1U << 6)
#define XEN_DOMINF_xs_domain		(1U << 7)
#define XEN_DOMINF_hap			(1U << 8)
#define XEN_DOMINF_shutdownmask		255
#define XEN_DOMINF_shutdownshift	16
#define XEN_INVALID_MAX_VCPU_ID		(~0U)

struct xen_domctl_getdomaininfo {
	domid_t domain;
	uint16_t pad1;
	uint32_t flags;			/* XEN_DOMINF_*, shutdown reason in bits 16-23 */
	uint64_aligned_t tot_pages;
	uint64_aligned_t max_pages;
	uint64_aligned_t outstanding_pages;
	uint64_aligned_t shr_pages;
	uint64_aligned_t paged_pages;
	uint64_aligned_t shared_info_frame;
	uint64_aligned_t cpu_time;	/* ns, all vCPUs */
	uint32_t nr_online_vcpus;
	uint32_t max_vcpu_id;		/* XEN_INVALID_MAX_VCPU_ID: no vCPU */
	uint32_t ssidref;
	xen_domain_handle_t handle;
	uint32_t cpupool;
	uint8_t gpaddr_bits;
	uint8_t pad2[7];
	struct xen_arch_domainconfig arch_config;
};
typedef struct xen_domctl_getdomaininfo xen_domctl_getdomaininfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_getdomaininfo_t);

struct xen_domctl_max_mem {
	uint64_aligned_t max_memkb;
};

struct xen_domctl_max_vcpus {
	uint32_t max;			/* must equal createdomain's max_vcpus */
};

struct xen_domctl_getvcpuinfo {
	uint32_t vcpu;			/* in */
	uint8_t online;
	uint8_t blocked;
	uint8_t running;
	uint64_aligned_t cpu_time;	/* ns */
	uint32_t cpu;
};

struct xen_domctl_nodeaffinity {
	struct xenctl_bitmap nodemap;
};

/* Set writes the effective affinity back; get returns what was last set. */
#define XEN_VCPUAFFINITY_HARD	(1U << 0)
#define XEN_VCPUAFFINITY_SOFT	(1U << 1)
#define XEN_VCPUAFFINITY_FORCE	(1U << 2)

struct xen_domctl_vcpuaffinity {
	uint32_t vcpu;
	uint32_t flags;			/* XEN_VCPUAFFINITY_* */
	struct xenctl_bitmap cpumap_hard;
	struct xenctl_bitmap cpumap_soft;
};

#define XEN_SCHEDULER_CREDIT	5
#define XEN_SCHEDULER_CREDIT2	6
#define XEN_SCHEDULER_ARINC653	7
#define XEN_SCHEDULER_RTDS	8
#define XEN_SCHEDULER_NULL	9

#define XEN_DOMCTL_SCHEDOP_putinfo	0
#define XEN_DOMCTL_SCHEDOP_getinfo	1
#define XEN_DOMCTL_SCHEDOP_putvcpuinfo	2
#define XEN_DOMCTL_SCHEDOP_getvcpuinfo	3

struct xen_domctl_sched_credit2 {
	uint16_t weight;		/* 256 is the default share */
	uint16_t cap;			/* percent of one CPU; 0 = none */
};

struct xen_domctl_scheduler_op {
	uint32_t sched_id;		/* XEN_SCHEDULER_CREDIT2, or -EINVAL */
	uint32_t cmd;			/* XEN_DOMCTL_SCHEDOP_* */
	union {
		struct xen_domctl_sched_credit2 credit2;
		uint64_aligned_t space[2]; /* what the other schedulers need */
	} u;
};

struct xen_domctl_setdomainhandle {
	xen_domain_handle_t handle;
};

struct xen_domctl_settimeoffset {
	int64_t time_offset_seconds;
};

#define XEN_DOMCTL_SENDTRIGGER_NMI	0
#define XEN_DOMCTL_SENDTRIGGER_RESET	1
#define XEN_DOMCTL_SENDTRIGGER_INIT	2
#define XEN_DOMCTL_SENDTRIGGER_POWER	3
#define XEN_DOMCTL_SENDTRIGGER_SLEEP	4

struct xen_domctl_sendtrigger {
	uint32_t trigger;		/* XEN_DOMCTL_SENDTRIGGER_* */
	uint32_t vcpu;
};

/* get with a NULL buffer answers the size needed. */
struct xen_domctl_hvmcontext {
	uint32_t size;			/* bytes: in the buffer; out filled */
	XEN_GUEST_HANDLE_64(uint8) buffer;
};

struct xen_domctl_hvmcontext_partial {
	uint32_t type;
	uint32_t instance;
	uint64_aligned_t bufsz;
	XEN_GUEST_HANDLE_64(uint8) buffer;
};

struct xen_domctl_tsc_info {
	uint32_t tsc_mode;
	uint32_t gtsc_khz;
	uint32_t incarnation;
	uint32_t pad;
	uint64_aligned_t elapsed_nsec;
};

/* err_* = ~0 unless set found fault with that leaf or MSR. */
struct xen_domctl_cpu_policy {
	uint32_t nr_leaves;		/* in: array length; out: written */
	uint32_t nr_msrs;		/* in: array length; out: written */
	XEN_GUEST_HANDLE_64(xen_cpuid_leaf_t) leaves;
	XEN_GUEST_HANDLE_64(xen_msr_entry_t) msrs;
	uint32_t err_leaf, err_subleaf, err_msr;
};

struct xen_domctl_paging_mempool {
	uint64_aligned_t size;		/* bytes */
};

/*
 * hl_load: copy from the caller's memory into the RAM of another domain, or clear that RAM when src
 * is NULL. The fields move on while the work proceeds, so that it can be interrupted and resumed;
 * after success size is 0, after an error they show the first byte not done. -EINVAL: the range
 * wraps, gpa is not populated RAM, or the caller's own domain; -EFAULT: src is not readable.
 */
struct xen_domctl_hl_load {
	uint64_aligned_t gpa;		/* in the other domain */
	uint64_aligned_t size;		/* bytes */
	XEN_GUEST_HANDLE_64(uint8) src;	/* virtual, in the caller */
};

/*
 * hl_pvh_start: put vCPU 0 of a domain that has never run into the PVH boot state (flat 32-bit
 * protected mode, no paging, EBX = start_info_gpa) and mark it up. -EBUSY: it has run already.
 */
struct xen_domctl_hl_pvh_start {
	uint32_t entry_eip;
	uint32_t start_info_gpa;
};

/*
 * hl_grant_seed: write a reserved entry (0 console, 1 store) of another domain's grant table, as if
 * that domain had granted domid read and write access to gfn. -EINVAL: other ref; -EBUSY: in use.
 */
struct xen_domctl_hl_grant_seed {
	uint64_aligned_t gfn;
	uint32_t ref;			/* GNTTAB_RESERVED_CONSOLE or _XENSTORE */
	domid_t domid;			/* who may map it */
	uint16_t pad;			/* 0 */
};

/*
 * hl_destroy: destroydomain in pieces. -EAGAIN: call again; a kernel that does not preempt its hypercalls can do other
 * things meanwhile. No arguments.
 */

/* hl_hvm_params: HVMOP_set_param for several parameters; stops at the first bad one, nr = those done. */
#define XEN_DOMCTL_HL_MAX_PARAMS	64

struct xen_domctl_hl_param {
	uint32_t index;			/* HVM_PARAM_* */
	uint32_t pad;			/* 0 */
	uint64_aligned_t value;
};
typedef struct xen_domctl_hl_param xen_domctl_hl_param_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_hl_param_t);

struct xen_domctl_hl_hvm_params {
	uint32_t nr;			/* in: <= XEN_DOMCTL_HL_MAX_PARAMS; out: done */
	uint32_t pad;			/* 0 */
	XEN_GUEST_HANDLE_64(xen_domctl_hl_param_t) params;
};

struct xen_domctl {
	uint32_t cmd;			/* XEN_DOMCTL_* */
	uint32_t interface_version;	/* XEN_DOMCTL_INTERFACE_VERSION, or -EACCES */
	domid_t domain;
	uint16_t _pad[3];
	union {
		struct xen_domctl_createdomain createdomain;
		struct xen_domctl_getdomaininfo getdomaininfo;
		struct xen_domctl_nodeaffinity nodeaffinity;
		struct xen_domctl_vcpuaffinity vcpuaffinity;
		struct xen_domctl_max_mem max_mem;
		struct xen_domctl_getvcpuinfo getvcpuinfo;
		struct xen_domctl_max_vcpus max_vcpus;
		struct xen_domctl_scheduler_op scheduler_op;
		struct xen_domctl_setdomainhandle setdomainhandle;
		struct xen_domctl_settimeoffset settimeoffset;
		struct xen_domctl_tsc_info tsc_info;
		struct xen_domctl_hvmcontext hvmcontext;
		struct xen_domctl_hvmcontext_partial hvmcontext_partial;
		struct xen_domctl_sendtrigger sendtrigger;
		struct xen_domctl_cpu_policy cpu_policy;
		struct xen_domctl_paging_mempool paging_mempool;
		struct xen_domctl_hl_load hl_load;
		struct xen_domctl_hl_pvh_start hl_pvh_start;
		struct xen_domctl_hl_grant_seed hl_grant_seed;
		struct xen_domctl_hl_hvm_params hl_hvm_params;
		uint8_t pad[128];
	} u;
};
typedef struct xen_domctl xen_domctl_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_t);

#define HL_ABI_SIZE(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), "size of " #type)
#define HL_ABI_OFFSET(type, field, bytes) \
	_Static_assert(offsetof(struct type, field) == (bytes), "offset of " #type "." #field)

HL_ABI_SIZE(xen_domctl, 144);
HL_ABI_OFFSET(xen_domctl, domain, 8);
HL_ABI_OFFSET(xen_domctl, u, 16);
HL_ABI_SIZE(xen_domctl_createdomain, 64);
HL_ABI_OFFSET(xen_domctl_createdomain, flags, 20);
HL_ABI_OFFSET(xen_domctl_createdomain, max_vcpus, 28);
HL_ABI_OFFSET(xen_domctl_createdomain, grant_opts, 44);
HL_ABI_OFFSET(xen_domctl_createdomain, arch, 56);
HL_ABI_SIZE(xen_domctl_getdomaininfo, 112);
HL_ABI_OFFSET(xen_domctl_getdomaininfo, tot_pages, 8);
HL_ABI_OFFSET(xen_domctl_getdomaininfo, cpu_time, 56);
HL_ABI_OFFSET(xen_domctl_getdomaininfo, handle, 76);
HL_ABI_OFFSET(xen_domctl_getdomaininfo, cpupool, 92);
HL_ABI_OFFSET(xen_domctl_getdomaininfo, arch_config, 104);
HL_ABI_SIZE(xen_domctl_getvcpuinfo, 24);
HL_ABI_OFFSET(xen_domctl_getvcpuinfo, cpu_time, 8);
HL_ABI_OFFSET(xen_domctl_getvcpuinfo, cpu, 16);
HL_ABI_SIZE(xen_domctl_vcpuaffinity, 40);
HL_ABI_OFFSET(xen_domctl_vcpuaffinity, cpumap_soft, 24);
HL_ABI_SIZE(xen_domctl_scheduler_op, 24);
HL_ABI_OFFSET(xen_domctl_scheduler_op, u, 8);
HL_ABI_SIZE(xen_domctl_hvmcontext, 16);
HL_ABI_OFFSET(xen_domctl_hvmcontext, buffer, 8);
HL_ABI_SIZE(xen_domctl_hvmcontext_partial, 24);
HL_ABI_SIZE(xen_domctl_tsc_info, 24);
HL_ABI_SIZE(xen_domctl_cpu_policy, 40);
HL_ABI_OFFSET(xen_domctl_cpu_policy, err_leaf, 24);
HL_ABI_SIZE(xen_domctl_hl_load, 24);
HL_ABI_SIZE(xen_domctl_hl_pvh_start, 8);
HL_ABI_SIZE(xen_domctl_hl_grant_seed, 16);
HL_ABI_SIZE(xen_domctl_hl_param, 16);
HL_ABI_SIZE(xen_domctl_hl_hvm_params, 16);
