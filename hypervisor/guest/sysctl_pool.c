/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysctl: schedulers and CPU pools. There is one scheduler, which the tools know by the parameters
 * it shares with credit2, and one pool with all domains and the CPUs that
 * run them.
 */
#include "guest/domctl.h"

int sysctl_sched_id(struct vcpu *v, struct xen_sysctl *op)
{
	op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
	return 0;
}

/* There is no rate limit to be set; the answer is "off". */
int sysctl_scheduler_op(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;

	if (s->cpupool_id || s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -EINVAL;
	if (s->cmd == XEN_SYSCTL_SCHEDOP_getinfo) {
		s->u.sched_credit2.ratelimit_us = 0;
		return 0;
	}
	if (s->cmd != XEN_SYSCTL_SCHEDOP_putinfo || s->u.sched_credit2.ratelimit_us)
		return -EINVAL;
	return 0;
}

static uint32_t count_domains(void)
{
	uint32_t nr = 0;

	for_each_domain(d)
		nr++;
	return nr;
}

int sysctl_cpupool_op(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;

	switch (p->op) {
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		if (p->cpupool_id)
			return -ENOENT;
		p->sched_id = XEN_SCHEDULER_CREDIT2;
		p->n_dom = count_domains();
		return xenctl_bitmap_write(&p->cpumap, sched_pool);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return xenctl_bitmap_write(&p->cpumap, 0);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return p->cpupool_id ? -ENOENT : 0;
	}
	return -EOPNOTSUPP;
}
