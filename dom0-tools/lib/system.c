/* SPDX-License-Identifier: GPL-2.0-only */
/* System control operations, one function each; see hl.h. */
#include "dom0-tools/lib/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int hl_physinfo(struct hl *hl, struct xen_sysctl_physinfo *info)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo };
	int rc = hl_sysctl(hl, &op);

	*info = op.u.physinfo;
	return rc;
}

int hl_iommu(struct hl *hl, struct xen_sysctl_hl_iommu *info)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_hl_iommu };
	int rc = hl_sysctl(hl, &op);

	*info = op.u.hl_iommu;
	return rc;
}

int hl_sched_id(struct hl *hl, uint32_t *id)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_sched_id };
	int rc = hl_sysctl(hl, &op);

	*id = op.u.sched_id.sched_id;
	return rc;
}

int hl_sched_ratelimit(struct hl *hl, uint32_t *us)
{
	struct xen_sysctl op = {
		.cmd = XEN_SYSCTL_scheduler_op,
		.u.scheduler_op = {
			.sched_id = XEN_SCHEDULER_CREDIT2, .cmd = XEN_SYSCTL_SCHEDOP_getinfo,
		},
	};
	int rc = hl_sysctl(hl, &op);

	*us = op.u.scheduler_op.u.sched_credit2.ratelimit_us;
	return rc;
}

static int pool_op(struct hl *hl, uint32_t what, uint32_t pool, struct hl_cpumap *cpus)
{
	struct xen_sysctl op = {
		.cmd = XEN_SYSCTL_cpupool_op,
		.u.cpupool_op = { .op = what, .cpupool_id = pool },
	};
	struct hl_cpumap *buf = hl_buffer(hl, sizeof(*buf));
	int rc;

	if (!buf)
		return -ENOMEM;
	memset(buf, 0, sizeof(*buf));
	set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, buf->bits);
	op.u.cpupool_op.cpumap.nr_bits = HL_MAX_CPUS;
	rc = hl_sysctl(hl, &op);
	*cpus = *buf;
	hl_buffer_free(hl, buf);
	return rc;
}

int hl_pool_cpus(struct hl *hl, uint32_t pool, struct hl_cpumap *cpus)
{
	return pool_op(hl, XEN_SYSCTL_CPUPOOL_OP_INFO, pool, cpus);
}

int hl_free_cpus(struct hl *hl, struct hl_cpumap *cpus)
{
	return pool_op(hl, XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, cpus);
}

int hl_debug_keys(struct hl *hl, const char *keys)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys };
	size_t nr = strlen(keys);
	char *buf = hl_buffer(hl, nr);
	int rc;

	if (!buf)
		return -ENOMEM;
	memcpy(buf, keys, nr);
	set_xen_guest_handle(op.u.debug_keys.keys, buf);
	op.u.debug_keys.nr_keys = nr;
	rc = hl_sysctl(hl, &op);
	hl_buffer_free(hl, buf);
	return rc;
}

int hl_readconsole(struct hl *hl, char *out, uint32_t size, bool clear, bool incremental,
		   uint32_t *index)
{
	struct xen_sysctl op = {
		.cmd = XEN_SYSCTL_readconsole,
		.u.readconsole = {
			.clear = clear, .incremental = incremental, .index = *index, .count = size,
		},
	};
	char *buf = hl_buffer(hl, size);
	int rc;

	if (!buf)
		return -ENOMEM;
	set_xen_guest_handle(op.u.readconsole.buffer, buf);
	rc = hl_sysctl(hl, &op);
	if (rc >= 0) {
		rc = op.u.readconsole.count < size ? op.u.readconsole.count : size;
		memcpy(out, buf, rc);
		*index = op.u.readconsole.index;
	}
	hl_buffer_free(hl, buf);
	return rc;
}

int hl_default_leaves(struct hl *hl, xen_cpuid_leaf_t **leaf)
{
	struct xen_sysctl op = {
		.cmd = XEN_SYSCTL_get_cpu_policy,
		.u.cpu_policy = { .index = XEN_SYSCTL_cpu_policy_hvm_default },
	};
	struct xen_sysctl_cpu_policy *p = &op.u.cpu_policy;
	xen_cpuid_leaf_t *leaves = NULL;
	xen_msr_entry_t *msrs = NULL;
	int rc = hl_sysctl(hl, &op);

	if (rc < 0)
		return rc;
	leaves = hl_buffer(hl, (p->nr_leaves + 1) * sizeof(*leaves));
	msrs = hl_buffer(hl, (p->nr_msrs + 1) * sizeof(*msrs));
	rc = -ENOMEM;
	if (!leaves || !msrs)
		goto out;
	set_xen_guest_handle(p->leaves, leaves);
	set_xen_guest_handle(p->msrs, msrs);
	rc = hl_sysctl(hl, &op);
	if (rc < 0)
		goto out;
	*leaf = malloc((p->nr_leaves + 1) * sizeof(**leaf));
	rc = *leaf ? (int)p->nr_leaves : -ENOMEM;
	if (*leaf)
		memcpy(*leaf, leaves, p->nr_leaves * sizeof(**leaf));
out:
	hl_buffer_free(hl, leaves);
	hl_buffer_free(hl, msrs);
	return rc;
}
