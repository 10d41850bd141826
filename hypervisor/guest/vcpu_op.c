/* SPDX-License-Identifier: GPL-2.0-only */
/* vcpu_op (24): areas, timers and state of the caller's own domain's vCPUs. */
#include "guest/hypercall.h"
#include "guest/shared_info.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "x86/time.h"

/* fn gets the vCPU that is meant. */
struct vcpu_sub_op {
	uint16_t size;
	bool self_only, copy_back;
	int64_t (*fn)(struct vcpu *v, void *arg);
};

static int64_t op_up(struct vcpu *v, void *arg)
{
	vcpu_up(v);
	return 0;
}

static int64_t op_down(struct vcpu *v, void *arg)
{
	vcpu_down(v);
	return 0;
}

static int64_t op_is_up(struct vcpu *v, void *arg)
{
	return vcpu_is_up(v);
}

static int64_t op_get_runstate_info(struct vcpu *v, void *arg)
{
	struct vcpu_runstate_info *op = arg;
	enum runstate state;

	memset(op, 0, sizeof(*op)); /* the padding goes out, too */
	sched_runstate(v, &state, &op->state_entry_time, op->time);
	op->state = state;
	return 0;
}

static int64_t op_register_runstate(struct vcpu *v, void *arg)
{
	struct vcpu_register_runstate_memory_area *op = arg;

	return guest_register_runstate(v, GUEST_PTR(op->addr.p));
}

static int64_t op_register_time(struct vcpu *v, void *arg)
{
	struct vcpu_register_time_memory_area *op = arg;

	return guest_register_time(v, GUEST_PTR(op->addr.p));
}

static int64_t op_register_vcpu_info(struct vcpu *v, void *arg)
{
	struct vcpu_register_vcpu_info *op = arg;

	return guest_register_vcpu_info(v, op->mfn, op->offset);
}

/* There is no periodic timer to stop; Linux asks all the same and wants to hear success. */
static int64_t op_stop_periodic(struct vcpu *v, void *arg)
{
	return 0;
}

/* A deadline that has passed fires at once, unless the guest asked to be told. */
static int64_t op_set_singleshot(struct vcpu *v, void *arg)
{
	struct vcpu_set_singleshot_timer *op = arg;

	if ((op->flags & VCPU_SSHOTTMR_future) && op->timeout_abs_ns < now())
		return -ETIME;
	timer_set(&v->singleshot, op->timeout_abs_ns);
	return 0;
}

static int64_t op_stop_singleshot(struct vcpu *v, void *arg)
{
	timer_stop(&v->singleshot);
	return 0;
}

static int64_t op_send_nmi(struct vcpu *v, void *arg)
{
	vcpu_send_nmi(v);
	return 0;
}

static const struct vcpu_sub_op ops[] = {
	[VCPUOP_up] = { 0, false, false, op_up },
	[VCPUOP_down] = { 0, false, false, op_down },
	[VCPUOP_is_up] = { 0, false, false, op_is_up },
	[VCPUOP_get_runstate_info] = { sizeof(struct vcpu_runstate_info), false, true,
				       op_get_runstate_info },
	[VCPUOP_register_runstate_memory_area] = {
		sizeof(struct vcpu_register_runstate_memory_area), false, false,
		op_register_runstate,
	},
	[VCPUOP_stop_periodic_timer] = { 0, false, false, op_stop_periodic },
	[VCPUOP_set_singleshot_timer] = { sizeof(struct vcpu_set_singleshot_timer), true, false,
					  op_set_singleshot },
	[VCPUOP_stop_singleshot_timer] = { 0, true, false, op_stop_singleshot },
	[VCPUOP_register_vcpu_info] = { sizeof(struct vcpu_register_vcpu_info), false, false,
					op_register_vcpu_info },
	[VCPUOP_send_nmi] = { 0, false, false, op_send_nmi },
	[VCPUOP_register_vcpu_time_memory_area] = { sizeof(struct vcpu_register_time_memory_area),
						    false, false, op_register_time },
};

int64_t hypercall_vcpu_op(struct vcpu *v, struct call *call)
{
	const struct vcpu_sub_op *op;
	struct vcpu *target = domain_vcpu(v->d, (uint32_t)call->arg[1]);
	guest_ptr_t arg = GUEST_PTR(call->arg[2]);
	uint32_t cmd = (uint32_t)call->arg[0];
	uint64_t buf[SUB_OP_MAX_SIZE / 8];
	int64_t rc;

	if (!target)
		return -ENOENT;
	if (cmd >= ARRAY_SIZE(ops))
		return -ENOSYS;
	op = &ops[index_nospec(cmd, ARRAY_SIZE(ops))];
	if (!op->fn)
		return -ENOSYS;
	if (op->self_only && target != v)
		return -EINVAL;
	if (op->size && !op->copy_back && copy_from_guest(buf, arg, op->size))
		return -EFAULT;
	rc = op->fn(target, buf);
	if (rc >= 0 && op->copy_back && copy_to_guest(arg, buf, op->size))
		return -EFAULT;
	return rc;
}
