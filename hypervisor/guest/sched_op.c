/* SPDX-License-Identifier: GPL-2.0-only */
/* sched_op (29): a vCPU gives up its CPU, waits, or ends its domain. */
#include "guest/evtchn.h"
#include "guest/hypercall.h"
#include "guest/shared_info.h"
#include "x86/time.h"
#include <xen/sched.h>

#define POLL_MAX_PORTS 128

static int64_t op_yield(struct call *call, void *arg)
{
	sched_yield();
	return 0;
}

static int64_t op_block(struct call *call, void *arg)
{
	if (!guest_event_pending(call->v))
		vcpu_block(call->v);
	return 0;
}

static int64_t op_shutdown(struct call *call, void *arg)
{
	struct sched_shutdown *op = arg;

	if (op->reason > SHUTDOWN_MAX)
		return -EINVAL;
	domain_shutdown(call->d, op->reason);
	return 0;
}

/* 1 when one of the ports is pending, masked or not; 0; or a negative errno. */
static int any_pending(struct vcpu *v, const struct sched_poll *op)
{
	evtchn_port_t port;

	for (unsigned int i = 0; i < op->nr_ports; i++) {
		if (copy_from_guest_at(&port, HANDLE_PTR(op->ports), i, sizeof(port)))
			return -EFAULT;
		if (!port || port >= v->d->evtchn->limit)
			return -EINVAL;
		if (evtchn_is_pending(v->d, port))
			return 1;
	}
	return 0;
}

static int64_t op_poll(struct call *call, void *arg)
{
	struct sched_poll *op = arg;
	struct vcpu *v = call->v;
	evtchn_port_t port = 0;
	int rc;

	if (op->nr_ports > POLL_MAX_PORTS)
		return -EINVAL;
	if (op->nr_ports == 1 && copy_from_guest(&port, HANDLE_PTR(op->ports), sizeof(port)))
		return -EFAULT;
	timer_stop(&v->poll_timer); /* may be left from a poll that an event ended */
	evtchn_poll_begin(v, port);
	rc = any_pending(v, op);
	if (rc || (op->timeout && op->timeout <= now())) {
		evtchn_poll_end(v);
		return rc < 0 ? rc : 0;
	}
	if (op->timeout)
		timer_set(&v->poll_timer, op->timeout);
	vcpu_block(v);
	return 0;
}

static int64_t op_remote_shutdown(struct call *call, void *arg)
{
	struct sched_remote_shutdown *op = arg;

	if (op->reason > SHUTDOWN_MAX)
		return -EINVAL;
	domain_shutdown(call->d, op->reason);
	return 0;
}

static const struct sub_op ops[] = {
	[SCHEDOP_yield] = { op_yield },
	[SCHEDOP_block] = { op_block },
	[SCHEDOP_shutdown] = SUB_OP(op_shutdown, sched_shutdown, 0),
	[SCHEDOP_poll] = SUB_OP(op_poll, sched_poll, 0),
	[SCHEDOP_remote_shutdown] =
		SUB_OP_ON(op_remote_shutdown, sched_remote_shutdown, domain_id, OP_ON_OTHER),
};

int64_t hypercall_sched_op(struct vcpu *v, struct call *call)
{
	return SUB_OP_RUN(v, call, ops);
}

int64_t hypercall_set_timer_op(struct vcpu *v, struct call *call)
{
	if (call->arg[0])
		timer_set(&v->singleshot, call->arg[0]);
	else
		timer_stop(&v->singleshot);
	return 0;
}

int64_t hypercall_vm_assist(struct vcpu *v, struct call *call)
{
	uint64_t cmd = call->arg[0], type = call->arg[1];

	if (type != VMASST_TYPE_runstate_update_flag || cmd > VMASST_CMD_disable)
		return -EINVAL;
	if (cmd == VMASST_CMD_enable)
		atomic_or(&v->d->guest->vm_assist, 1u << type);
	else
		atomic_and(&v->d->guest->vm_assist, ~(1u << type));
	return 0;
}
