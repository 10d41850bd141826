/* SPDX-License-Identifier: GPL-2.0-only */
/* sysctl (35): version and row. */
#include "guest/domctl.h"
#include "guest/hypercall.h"

#define OP(name) [XEN_SYSCTL_##name] = sysctl_##name
static sysctl_fn *const ops[] = {
	OP(readconsole),
	OP(physinfo),
	OP(sched_id),
	OP(getdomaininfolist),
	OP(debug_keys),
	OP(getcpuinfo),
	OP(availheap),
	OP(cputopoinfo),
	OP(numainfo),
	OP(cpupool_op),
	OP(scheduler_op),
	OP(get_cpu_featureset),
	OP(get_cpu_policy),
};

int64_t hypercall_sysctl(struct vcpu *v, struct call *call)
{
	guest_ptr_t arg = GUEST_PTR(call->arg[0]);
	struct xen_sysctl op;
	sysctl_fn *fn;
	int rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -EACCES;
	if (op.cmd != XEN_SYSCTL_hl_iommu && op.cmd >= ARRAY_SIZE(ops))
		return -ENOSYS;
	fn = op.cmd == XEN_SYSCTL_hl_iommu ? sysctl_hl_iommu : ops[index_nospec(op.cmd, ARRAY_SIZE(ops))];
	if (!fn)
		return -ENOSYS;
	rc = fn(v, &op);
	if ((!rc || rc == -ENOBUFS) && copy_to_guest(arg, &op, sizeof(op)))
		return -EFAULT;
	return rc;
}
