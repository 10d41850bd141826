/* SPDX-License-Identifier: GPL-2.0-only */
/* Domain control operations, one function each; see hl.h. */
#include "dom0-tools/lib/call.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESTROY_PAUSE_US 1000

int hl_domain_create(struct hl *hl, const struct hl_domain_limits *lim, uint32_t *domid)
{
	struct xen_domctl op = {
		.u.createdomain = {
			.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
			.max_vcpus = lim->vcpus,
			.max_evtchn_port = lim->max_evtchn_port,
			.max_grant_frames = lim->grant_frames,
			.max_maptrack_frames = -1,
			.grant_opts = XEN_DOMCTL_GRANT_version(1),
			.arch.emulation_flags = XEN_X86_EMU_LAPIC,
		},
	};
	int rc;

	memcpy(op.u.createdomain.handle, lim->uuid, sizeof(op.u.createdomain.handle));
	rc = hl_domctl_for(hl, XEN_DOMCTL_createdomain, DOMID_INVALID, &op);
	*domid = op.domain;
	return rc;
}

int hl_domain_destroy(struct hl *hl, uint32_t domid)
{
	struct xen_domctl op = { 0 };
	int rc;

	/*
	 * Clearing much memory takes long, and Linux does not schedule within a hypercall: so piece by piece, where the
	 * hypervisor can. The other one says "again" while somebody else is at it.
	 */
	while ((rc = hl_domctl_for(hl, XEN_DOMCTL_hl_destroy, domid, &op)) == -EAGAIN)
		sched_yield();
	if (rc != -ENOSYS)
		return rc;
	while ((rc = hl_domctl_for(hl, XEN_DOMCTL_destroydomain, domid, &op)) == -EAGAIN)
		usleep(DESTROY_PAUSE_US);
	return rc;
}

int hl_domain_pause(struct hl *hl, uint32_t domid)
{
	struct xen_domctl op = { 0 };

	return hl_domctl_for(hl, XEN_DOMCTL_pausedomain, domid, &op);
}

int hl_domain_unpause(struct hl *hl, uint32_t domid)
{
	struct xen_domctl op = { 0 };

	return hl_domctl_for(hl, XEN_DOMCTL_unpausedomain, domid, &op);
}

int hl_domain_max_vcpus(struct hl *hl, uint32_t domid, uint32_t vcpus)
{
	struct xen_domctl op = { .u.max_vcpus.max = vcpus };

	return hl_domctl_for(hl, XEN_DOMCTL_max_vcpus, domid, &op);
}

int hl_domain_max_mem(struct hl *hl, uint32_t domid, uint64_t kib)
{
	struct xen_domctl op = { .u.max_mem.max_memkb = kib };

	return hl_domctl_for(hl, XEN_DOMCTL_max_mem, domid, &op);
}

int hl_domain_trigger(struct hl *hl, uint32_t domid, uint32_t trigger, uint32_t vcpu)
{
	struct xen_domctl op = { .u.sendtrigger = { .trigger = trigger, .vcpu = vcpu } };

	return hl_domctl_for(hl, XEN_DOMCTL_sendtrigger, domid, &op);
}

int hl_domain_paging_pool(struct hl *hl, uint32_t domid, uint64_t bytes)
{
	struct xen_domctl op = { .u.paging_mempool.size = bytes };

	return hl_domctl_for(hl, XEN_DOMCTL_set_paging_mempool_size, domid, &op);
}

int hl_domain_tsc_mode(struct hl *hl, uint32_t domid, uint32_t mode)
{
	struct xen_domctl op = { .u.tsc_info.tsc_mode = mode };

	return hl_domctl_for(hl, XEN_DOMCTL_settscinfo, domid, &op);
}

int hl_domain_cpu_policy(struct hl *hl, uint32_t domid, const xen_cpuid_leaf_t *leaf, uint32_t nr,
			 struct diag *dg)
{
	struct xen_domctl op = {
		.u.cpu_policy = {
			.nr_leaves = nr,
			.err_leaf = ~0U, .err_subleaf = ~0U, .err_msr = ~0U,
		},
	};
	xen_cpuid_leaf_t *buf = hl_buffer(hl, nr * sizeof(*leaf));
	int rc;

	if (!buf)
		return diag_fail(dg, -ENOMEM, "no memory for the CPU policy");
	memcpy(buf, leaf, nr * sizeof(*leaf));
	set_xen_guest_handle(op.u.cpu_policy.leaves, buf);
	rc = hl_domctl_for(hl, XEN_DOMCTL_set_cpu_policy, domid, &op);
	hl_buffer_free(hl, buf);
	if (rc < 0)
		diag_fail(dg, rc,
			  "the hypervisor refuses the CPU policy (leaf 0x%x, subleaf 0x%x): %s",
			  op.u.cpu_policy.err_leaf, op.u.cpu_policy.err_subleaf, strerror(-rc));
	return rc;
}

int hl_domain_info(struct hl *hl, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl op = { 0 };
	int rc = hl_domctl_for(hl, XEN_DOMCTL_getdomaininfo, domid, &op);

	if (rc < 0)
		return rc;
	*info = op.u.getdomaininfo;
	return info->domain == domid ? 0 : -ESRCH;
}

/* Ask with ever more room until an answer leaves some of it free. */
int hl_domain_list(struct hl *hl, struct xen_domctl_getdomaininfo **list)
{
	for (uint32_t room = 64;; room *= 2) {
		struct xen_sysctl op = {
			.cmd = XEN_SYSCTL_getdomaininfolist,
			.u.getdomaininfolist = { .max_domains = room },
		};
		size_t size = room * sizeof(**list);
		void *buf = hl_buffer(hl, size);
		uint32_t nr;
		int rc;

		if (!buf)
			return -ENOMEM;
		set_xen_guest_handle(op.u.getdomaininfolist.buffer, buf);
		rc = hl_sysctl(hl, &op);
		nr = op.u.getdomaininfolist.num_domains;
		if (rc < 0 || nr < room) {
			*list = rc < 0 ? NULL : malloc(size);
			if (*list)
				memcpy(*list, buf, size);
			hl_buffer_free(hl, buf);
			return rc < 0 ? rc : *list ? (int)nr : -ENOMEM;
		}
		hl_buffer_free(hl, buf);
	}
}

int hl_vcpu_info(struct hl *hl, uint32_t domid, uint32_t vcpu, struct xen_domctl_getvcpuinfo *info)
{
	struct xen_domctl op = { .u.getvcpuinfo.vcpu = vcpu };
	int rc = hl_domctl_for(hl, XEN_DOMCTL_getvcpuinfo, domid, &op);

	*info = op.u.getvcpuinfo;
	return rc;
}

/* The affinity calls' shared half: maps[0] is hard, maps[1] soft; both go in and come out. */
static int vcpu_affinity(struct hl *hl, uint32_t cmd, uint32_t domid, uint32_t vcpu, uint32_t flags,
			 struct hl_cpumap *maps)
{
	struct xen_domctl op = { .u.vcpuaffinity = { .vcpu = vcpu, .flags = flags } };
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
	struct hl_cpumap *buf = hl_buffer(hl, 2 * sizeof(*buf));
	int rc;

	if (!buf)
		return -ENOMEM;
	memcpy(buf, maps, 2 * sizeof(*buf));
	set_xen_guest_handle(a->cpumap_hard.bitmap, buf[0].bits);
	set_xen_guest_handle(a->cpumap_soft.bitmap, buf[1].bits);
	a->cpumap_hard.nr_bits = a->cpumap_soft.nr_bits = HL_MAX_CPUS;
	rc = hl_domctl_for(hl, cmd, domid, &op);
	memcpy(maps, buf, 2 * sizeof(*buf));
	hl_buffer_free(hl, buf);
	return rc;
}

int hl_vcpu_get_affinity(struct hl *hl, uint32_t domid, uint32_t vcpu, struct hl_cpumap *hard,
			 struct hl_cpumap *soft)
{
	struct hl_cpumap maps[2] = { 0 };
	int rc = vcpu_affinity(hl, XEN_DOMCTL_getvcpuaffinity, domid, vcpu,
			       XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT, maps);

	*hard = maps[0];
	*soft = maps[1];
	return rc;
}

int hl_vcpu_set_affinity(struct hl *hl, uint32_t domid, uint32_t vcpu, struct hl_cpumap *hard)
{
	struct hl_cpumap maps[2] = { *hard };
	int rc = vcpu_affinity(hl, XEN_DOMCTL_setvcpuaffinity, domid, vcpu, XEN_VCPUAFFINITY_HARD,
			       maps);

	*hard = maps[0];
	return rc;
}

int hl_sched_get(struct hl *hl, uint32_t domid, struct xen_domctl_sched_credit2 *p)
{
	struct xen_domctl op = {
		.u.scheduler_op = {
			.sched_id = XEN_SCHEDULER_CREDIT2, .cmd = XEN_DOMCTL_SCHEDOP_getinfo,
		},
	};
	int rc = hl_domctl_for(hl, XEN_DOMCTL_scheduler_op, domid, &op);

	*p = op.u.scheduler_op.u.credit2;
	return rc;
}

int hl_sched_put(struct hl *hl, uint32_t domid, const struct xen_domctl_sched_credit2 *p)
{
	struct xen_domctl op = {
		.u.scheduler_op = {
			.sched_id = XEN_SCHEDULER_CREDIT2, .cmd = XEN_DOMCTL_SCHEDOP_putinfo,
			.u.credit2 = *p,
		},
	};

	return hl_domctl_for(hl, XEN_DOMCTL_scheduler_op, domid, &op);
}
