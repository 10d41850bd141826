/* SPDX-License-Identifier: GPL-2.0-only */
/* hvm_op (34): HVM parameters and the per-vCPU upcall vector. */
#include "guest/domctl.h"
#include "guest/hypercall.h"
#include "guest/shared_info.h"
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>

/* What a guest may do with its own parameters; the toolstack may get and set all that exist. */
enum { EXISTS = 1, GUEST_GET = 2, GUEST_SET = 4, ONCE = 8 };
#define G (EXISTS | GUEST_GET)
#define GS (EXISTS | GUEST_GET | GUEST_SET)

static const uint8_t param_rights[NR_HVM_PARAMS] = {
	[HVM_PARAM_CALLBACK_IRQ] = GS,
	[HVM_PARAM_STORE_PFN] = G,
	[HVM_PARAM_STORE_EVTCHN] = GS,
	[HVM_PARAM_IOREQ_PFN] = EXISTS,
	[HVM_PARAM_BUFIOREQ_PFN] = EXISTS,
	[HVM_PARAM_VIRIDIAN] = EXISTS | ONCE,
	[HVM_PARAM_TIMER_MODE] = EXISTS,
	[HVM_PARAM_HPET_ENABLED] = EXISTS,
	[HVM_PARAM_IDENT_PT] = EXISTS,
	[HVM_PARAM_ACPI_S_STATE] = EXISTS,
	[HVM_PARAM_VM86_TSS] = GS,
	[HVM_PARAM_VPT_ALIGN] = EXISTS,
	[HVM_PARAM_CONSOLE_PFN] = G,
	[HVM_PARAM_CONSOLE_EVTCHN] = GS,
	[HVM_PARAM_ACPI_IOPORTS_LOCATION] = GS,
	[HVM_PARAM_PAGING_RING_PFN] = EXISTS,
	[HVM_PARAM_MONITOR_RING_PFN] = EXISTS,
	[HVM_PARAM_SHARING_RING_PFN] = EXISTS,
	[HVM_PARAM_TRIPLE_FAULT_REASON] = EXISTS,
	[HVM_PARAM_IOREQ_SERVER_PFN] = EXISTS | ONCE,
	[HVM_PARAM_NR_IOREQ_SERVER_PAGES] = EXISTS | ONCE,
	[HVM_PARAM_VM_GENERATION_ID_ADDR] = GS,
	[HVM_PARAM_ALTP2M] = EXISTS | ONCE,
	[HVM_PARAM_X87_FIP_WIDTH] = G,
	[HVM_PARAM_VM86_TSS_SIZED] = GS,
	[HVM_PARAM_MCA_CAP] = EXISTS | ONCE,
};

/* 0, or why this domain's parameter may not be touched so. */
static int param_check(uint32_t index, bool by_guest, uint8_t right)
{
	uint8_t rights;

	if (index >= NR_HVM_PARAMS)
		return -EINVAL;
	rights = param_rights[index_nospec(index, NR_HVM_PARAMS)];
	if (!rights)
		return -EINVAL;
	return by_guest && !(rights & right) ? -EPERM : 0;
}

int hvm_param_set(struct domain *d, uint32_t index, uint64_t value, bool by_guest)
{
	int rc = param_check(index, by_guest, GUEST_SET);

	if (rc)
		return rc;
	index = index_nospec(index, NR_HVM_PARAMS);
	switch (index) {
	case HVM_PARAM_VIRIDIAN:
	case HVM_PARAM_HPET_ENABLED:
	case HVM_PARAM_ALTP2M:
	case HVM_PARAM_MCA_CAP:
		if (value)
			return -EINVAL; /* none of these devices exists */
		break;
	case HVM_PARAM_TRIPLE_FAULT_REASON:
		if (value > SHUTDOWN_MAX)
			return -EINVAL;
		break;
	}
	spin_lock(&d->lock);
	if ((param_rights[index] & ONCE) && d->params[index] && d->params[index] != value)
		rc = -EEXIST;
	else
		d->params[index] = value;
	spin_unlock(&d->lock);
	if (!rc && index == HVM_PARAM_CALLBACK_IRQ)
		guest_set_callback(d, value);
	return rc;
}

static int64_t op_set_param(struct call *call, void *arg)
{
	struct xen_hvm_param *op = arg;

	int rc = hvm_param_set(call->d, op->index, op->value, !call->v->d->is_privileged);

	if (!rc && op->index == HVM_PARAM_CALLBACK_IRQ && call->d == call->v->d)
		guest_latch_layout(call->v);
	return rc;
}

static int64_t op_get_param(struct call *call, void *arg)
{
	struct xen_hvm_param *op = arg;
	int rc = param_check(op->index, !call->v->d->is_privileged, GUEST_GET);

	if (!rc)
		op->value = READ_ONCE(call->d->params[index_nospec(op->index, NR_HVM_PARAMS)]);
	return rc;
}

/* For shadow paging only; success would make the guest call it for each address space that ends. */
static int64_t op_pagetable_dying(struct call *call, void *arg)
{
	return -EINVAL;
}

static int64_t op_set_upcall_vector(struct call *call, void *arg)
{
	struct xen_hvm_evtchn_upcall_vector *op = arg;
	struct vcpu *target = domain_vcpu(call->d, op->vcpu);

	return target ? guest_set_upcall_vector(target, op->vector) : -ENOENT;
}

static const struct sub_op ops[] = {
	[HVMOP_set_param] = SUB_OP_ON(op_set_param, xen_hvm_param, domid, OP_ON),
	[HVMOP_get_param] = SUB_OP_ON(op_get_param, xen_hvm_param, domid, OP_ON | OP_BACK),
	[HVMOP_pagetable_dying] = { op_pagetable_dying },
	[HVMOP_set_evtchn_upcall_vector] =
		SUB_OP(op_set_upcall_vector, xen_hvm_evtchn_upcall_vector, 0),
};

int64_t hypercall_hvm_op(struct vcpu *v, struct call *call)
{
	return SUB_OP_RUN(v, call, ops);
}
