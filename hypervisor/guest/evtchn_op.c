/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_channel_op (32): from the ABI's structs to evtchn.c. FIFO operations have no row: 2-level
 * only.
 */
#include "guest/evtchn.h"
#include "guest/hypercall.h"
#include "guest/perms.h"
#include "lib/errno.h"

static int64_t op_bind_interdomain(struct vcpu *v, void *arg)
{
	struct evtchn_bind_interdomain *op = arg;
	struct domain *rd;
	int rc;

	/* Binding needs no privilege: the other side named us. */
	if (op->remote_dom == DOMID_SELF || op->remote_dom == v->d->id) {
		domain_ref(v->d);
		rd = v->d;
	} else {
		rd = domain_get(op->remote_dom);
	}
	if (!rd)
		return -ESRCH;
	rc = evtchn_bind_interdomain(v->d, rd, op->remote_port, &op->local_port);
	domain_put(rd);
	return rc;
}

static int64_t op_bind_virq(struct vcpu *v, void *arg)
{
	struct evtchn_bind_virq *op = arg;

	return evtchn_bind_virq(v->d, op->virq, op->vcpu, &op->port);
}

static int64_t op_close(struct vcpu *v, void *arg)
{
	return evtchn_close(v->d, ((struct evtchn_close *)arg)->port);
}

static int64_t op_send(struct vcpu *v, void *arg)
{
	return evtchn_send(v->d, ((struct evtchn_send *)arg)->port);
}

static int64_t op_status(struct vcpu *v, void *arg)
{
	struct evtchn_status *op = arg;
	int rc;
	struct domain *d = perms_get_domain(v, op->dom, &rc);

	if (!d)
		return rc;
	rc = evtchn_status(d, op->port, op);
	domain_put(d);
	return rc;
}

static int64_t op_alloc_unbound(struct vcpu *v, void *arg)
{
	struct evtchn_alloc_unbound *op = arg;
	int rc;
	struct domain *d = perms_get_domain(v, op->dom, &rc);

	if (!d)
		return rc;
	rc = evtchn_alloc_unbound(d, op->remote_dom == DOMID_SELF ? v->d->id : op->remote_dom,
				  &op->port);
	domain_put(d);
	return rc;
}

static int64_t op_bind_ipi(struct vcpu *v, void *arg)
{
	struct evtchn_bind_ipi *op = arg;

	return evtchn_bind_ipi(v->d, op->vcpu, &op->port);
}

static int64_t op_bind_vcpu(struct vcpu *v, void *arg)
{
	struct evtchn_bind_vcpu *op = arg;

	return evtchn_bind_vcpu(v->d, op->port, op->vcpu);
}

static int64_t op_unmask(struct vcpu *v, void *arg)
{
	return evtchn_unmask(v->d, ((struct evtchn_unmask *)arg)->port);
}

static int64_t op_reset(struct vcpu *v, void *arg)
{
	struct evtchn_reset *op = arg;
	int rc;
	struct domain *d = perms_get_domain(v, op->dom, &rc);

	if (!d)
		return rc;
	rc = evtchn_reset(d);
	domain_put(d);
	return rc;
}

#define OP(name, type, back) [EVTCHNOP_##name] = { sizeof(struct type), back, op_##name }
static const struct sub_op ops[] = {
	OP(bind_interdomain, evtchn_bind_interdomain, true),
	OP(bind_virq, evtchn_bind_virq, true),
	OP(close, evtchn_close, false),
	OP(send, evtchn_send, false),
	OP(status, evtchn_status, true),
	OP(alloc_unbound, evtchn_alloc_unbound, true),
	OP(bind_ipi, evtchn_bind_ipi, true),
	OP(bind_vcpu, evtchn_bind_vcpu, false),
	OP(unmask, evtchn_unmask, false),
	OP(reset, evtchn_reset, false),
};

int64_t hypercall_event_channel_op(struct vcpu *v, struct call *call)
{
	return sub_op_run(v, ops, ARRAY_SIZE(ops), (uint32_t)call->arg[0], GUEST_PTR(call->arg[1]));
}
