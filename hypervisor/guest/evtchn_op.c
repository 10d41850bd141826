/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_channel_op (32): from the ABI's structs to evtchn.c and evtchn_fifo_op.c.
 */
#include "guest/evtchn_fifo.h"
#include "guest/hypercall.h"

static int64_t op_bind_interdomain(struct call *call, void *arg)
{
	struct evtchn_bind_interdomain *op = arg;
	domid_t remote = op->remote_dom == DOMID_SELF ? call->d->id : op->remote_dom;
	struct domain *rd = domain_get(remote); /* no privilege: the other side named us */
	int rc;

	if (!rd)
		return -ESRCH;
	rc = evtchn_bind_interdomain(call->d, rd, op->remote_port, &op->local_port);
	domain_put(rd);
	return rc;
}

static int64_t op_bind_virq(struct call *call, void *arg)
{
	struct evtchn_bind_virq *op = arg;

	return evtchn_bind_virq(call->d, op->virq, op->vcpu, &op->port);
}

static int64_t op_close(struct call *call, void *arg)
{
	return evtchn_close(call->d, ((struct evtchn_close *)arg)->port);
}

static int64_t op_send(struct call *call, void *arg)
{
	return evtchn_send(call->d, ((struct evtchn_send *)arg)->port);
}

static int64_t op_status(struct call *call, void *arg)
{
	return evtchn_status(call->d, ((struct evtchn_status *)arg)->port, arg);
}

static int64_t op_alloc_unbound(struct call *call, void *arg)
{
	struct evtchn_alloc_unbound *op = arg;
	domid_t remote = op->remote_dom == DOMID_SELF ? call->v->d->id : op->remote_dom;

	return evtchn_alloc_unbound(call->d, remote, &op->port);
}

static int64_t op_bind_ipi(struct call *call, void *arg)
{
	struct evtchn_bind_ipi *op = arg;

	return evtchn_bind_ipi(call->d, op->vcpu, &op->port);
}

static int64_t op_bind_vcpu(struct call *call, void *arg)
{
	struct evtchn_bind_vcpu *op = arg;

	return evtchn_bind_vcpu(call->d, op->port, op->vcpu);
}

static int64_t op_unmask(struct call *call, void *arg)
{
	return evtchn_unmask(call->d, ((struct evtchn_unmask *)arg)->port);
}

static int64_t op_reset(struct call *call, void *arg)
{
	return evtchn_reset(call->d);
}

static int64_t op_init_control(struct call *call, void *arg)
{
	return evtchn_fifo_init_control(call->d, arg);
}

static int64_t op_expand_array(struct call *call, void *arg)
{
	return evtchn_fifo_expand_array(call->d, ((struct evtchn_expand_array *)arg)->array_gfn);
}

static int64_t op_set_priority(struct call *call, void *arg)
{
	struct evtchn_set_priority *op = arg;

	return evtchn_fifo_set_priority(call->d, op->port, op->priority);
}

#define OP(name, flags) [EVTCHNOP_##name] = SUB_OP(op_##name, evtchn_##name, flags)
#define OP_BY_DOM(name, flags) \
	[EVTCHNOP_##name] = SUB_OP_ON(op_##name, evtchn_##name, dom, OP_ON | (flags))
static const struct sub_op ops[] = {
	OP(bind_interdomain, OP_BACK),
	OP(bind_virq, OP_BACK),
	OP(close, 0),
	OP(send, 0),
	OP_BY_DOM(status, OP_BACK),
	OP_BY_DOM(alloc_unbound, OP_BACK),
	OP(bind_ipi, OP_BACK),
	OP(bind_vcpu, 0),
	OP(unmask, 0),
	OP_BY_DOM(reset, 0),
	OP(init_control, OP_BACK),
	OP(expand_array, 0),
	OP(set_priority, 0),
};

int64_t hypercall_event_channel_op(struct vcpu *v, struct call *call)
{
	return SUB_OP_RUN(v, call, ops);
}
