/* SPDX-License-Identifier: GPL-2.0-only */
/* domctl: the vCPUs of a domain: how many, where they may run, how much, how they start. */
#include "guest/domctl.h"
#include "guest/shared_info.h"

int domctl_max_vcpus(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	if (op->u.max_vcpus.max != d->guest->nr_vcpus_wanted)
		return -EINVAL;
	return d->max_vcpus ? 0 : domain_set_max_vcpus(d, op->u.max_vcpus.max);
}

int domctl_getvcpuinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
	struct vcpu *target = domain_vcpu(d, info->vcpu);

	if (!target)
		return -EINVAL;
	info->online = vcpu_is_up(target);
	info->blocked = !!(READ_ONCE(target->wait) & WAIT_BLOCKED);
	info->running = READ_ONCE(target->sched.running_on) >= 0;
	info->cpu_time = sched_cpu_time_ns(target);
	info->cpu = target->sched.cpu;
	return 0;
}

/* Soft affinity does not exist here: any is accepted, and the answer is that it has no effect. */
int domctl_setvcpuaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *target = domain_vcpu(d, a->vcpu);
	uint64_t hard, soft = sched_pool;
	int rc = 0;

	if (!target)
		return -EINVAL;
	if (!(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)) ||
	    a->flags & XEN_VCPUAFFINITY_FORCE)
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD) {
		rc = xenctl_bitmap_read(&hard, &a->cpumap_hard, ~0ULL);
		if (!rc)
			rc = sched_set_affinity(target, hard);
		if (!rc)
			rc = xenctl_bitmap_write(&a->cpumap_hard, target->sched.affinity);
	}
	if (!rc && a->flags & XEN_VCPUAFFINITY_SOFT)
		rc = xenctl_bitmap_write(&a->cpumap_soft, target->sched.affinity & soft);
	return rc;
}

int domctl_getvcpuaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *target = domain_vcpu(d, a->vcpu);
	int rc = 0;

	if (!target)
		return -EINVAL;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		rc = xenctl_bitmap_write(&a->cpumap_hard, target->sched.affinity);
	if (!rc && a->flags & XEN_VCPUAFFINITY_SOFT)
		rc = xenctl_bitmap_write(&a->cpumap_soft, sched_pool);
	return rc;
}

/* One node, number 0. */
int domctl_setnodeaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	uint64_t nodes;
	int rc = xenctl_bitmap_read(&nodes, &op->u.nodeaffinity.nodemap, 0);

	return rc ? rc : nodes & 1 ? 0 : -EINVAL;
}

int domctl_getnodeaffinity(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	return xenctl_bitmap_write(&op->u.nodeaffinity.nodemap, 1);
}

int domctl_scheduler_op(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

	if (s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -EINVAL;
	switch (s->cmd) {
	case XEN_DOMCTL_SCHEDOP_putinfo:
		if (!s->u.credit2.weight)
			s->u.credit2.weight = d->sched.weight;
		return sched_set_weight_cap(d, s->u.credit2.weight, s->u.credit2.cap);
	case XEN_DOMCTL_SCHEDOP_getinfo:
		s->u.credit2.weight = d->sched.weight;
		s->u.credit2.cap = d->sched.cap;
		return 0;
	}
	return -EINVAL;
}

int domctl_sendtrigger(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct vcpu *target = domain_vcpu(d, op->u.sendtrigger.vcpu);

	if (!target)
		return -ESRCH;
	if (op->u.sendtrigger.trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
		return -EINVAL; /* buttons need an ACPI device that PVH guests do not have */
	vcpu_send_nmi(target);
	return 0;
}

int domctl_hl_pvh_start(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_hl_pvh_start *s = &op->u.hl_pvh_start;
	struct vcpu *first = domain_vcpu(d, 0);

	if (!first)
		return -ESRCH;
	if (READ_ONCE(d->guest->was_unpaused) || vcpu_is_up(first))
		return -EBUSY;
	vcpu_set_pvh_start(first, s->entry_eip, s->start_info_gpa);
	vcpu_up(first);
	return 0;
}
