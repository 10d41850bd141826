/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu_op (24): areas, timers and state of the caller's own domain's vCPUs; call->v is the one that
 * is meant.
 */
#include "guest/hypercall.h"
#include "guest/shared_info.h"
#include "x86/time.h"

/* Timers are set and stopped by their own vCPU only. */
static bool is_self(const struct call *call)
{
	return call->v == current_vcpu();
}

static int64_t op_up(struct call *call, void *arg)
{
	if (READ_ONCE(call->v->wait_sipi)) /* it has no registers to start with */
		return -EINVAL;
	vcpu_up(call->v);
	return 0;
}

static int64_t op_down(struct call *call, void *arg)
{
	vcpu_down(call->v);
	return 0;
}

static int64_t op_is_up(struct call *call, void *arg)
{
	return vcpu_is_up(call->v);
}

static int64_t op_get_runstate_info(struct call *call, void *arg)
{
	struct vcpu_runstate_info *op = arg;
	enum runstate state;

	memset(op, 0, sizeof(*op)); /* the padding goes out, too */
	sched_runstate(call->v, &state, &op->state_entry_time, op->time);
	op->state = state;
	return 0;
}

static int64_t op_register_runstate(struct call *call, void *arg)
{
	struct vcpu_register_runstate_memory_area *op = arg;

	return guest_register_runstate(call->v, GUEST_PTR(op->addr.p));
}

static int64_t op_register_time(struct call *call, void *arg)
{
	struct vcpu_register_time_memory_area *op = arg;

	return guest_register_time(call->v, GUEST_PTR(op->addr.p));
}

static int64_t op_register_vcpu_info(struct call *call, void *arg)
{
	struct vcpu_register_vcpu_info *op = arg;

	return guest_register_vcpu_info(call->v, op->mfn, op->offset);
}

/* There is no periodic timer to stop; Linux asks all the same and wants to hear success. */
static int64_t op_stop_periodic(struct call *call, void *arg)
{
	return 0;
}

/* A deadline that has passed fires at once, unless the guest asked to be told. */
static int64_t op_set_singleshot(struct call *call, void *arg)
{
	struct vcpu_set_singleshot_timer *op = arg;

	if (!is_self(call))
		return -EINVAL;
	if ((op->flags & VCPU_SSHOTTMR_future) && op->timeout_abs_ns < now())
		return -ETIME;
	timer_set(&call->v->singleshot, op->timeout_abs_ns);
	return 0;
}

static int64_t op_stop_singleshot(struct call *call, void *arg)
{
	if (!is_self(call))
		return -EINVAL;
	timer_stop(&call->v->singleshot);
	return 0;
}

static int64_t op_send_nmi(struct call *call, void *arg)
{
	vcpu_send_nmi(call->v);
	return 0;
}

static const struct sub_op ops[] = {
	[VCPUOP_up] = { op_up },
	[VCPUOP_down] = { op_down },
	[VCPUOP_is_up] = { op_is_up },
	[VCPUOP_get_runstate_info] = SUB_OP(op_get_runstate_info, vcpu_runstate_info, OP_BACK),
	[VCPUOP_register_runstate_memory_area] =
		SUB_OP(op_register_runstate, vcpu_register_runstate_memory_area, 0),
	[VCPUOP_stop_periodic_timer] = { op_stop_periodic },
	[VCPUOP_set_singleshot_timer] = SUB_OP(op_set_singleshot, vcpu_set_singleshot_timer, 0),
	[VCPUOP_stop_singleshot_timer] = { op_stop_singleshot },
	[VCPUOP_register_vcpu_info] = SUB_OP(op_register_vcpu_info, vcpu_register_vcpu_info, 0),
	[VCPUOP_send_nmi] = { op_send_nmi },
	[VCPUOP_register_vcpu_time_memory_area] =
		SUB_OP(op_register_time, vcpu_register_time_memory_area, 0),
};

int64_t hypercall_vcpu_op(struct vcpu *v, struct call *call)
{
	struct vcpu *target = domain_vcpu(v->d, (uint32_t)call->arg[1]);

	return target ? sub_op_run(target, call, ops, ARRAY_SIZE(ops), (uint32_t)call->arg[0],
				   GUEST_PTR(call->arg[2]))
		      : -ENOENT;
}
