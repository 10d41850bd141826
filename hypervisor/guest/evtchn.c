/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channel ports: the table, the states, the bindings. See evtchn.h for the locks.
 *
 *	closed --alloc_unbound--> unbound(remote id) --peer's bind_interdomain--> interdomain
 *	closed --bind_virq / bind_ipi / bind_interdomain--> bound;   any --close--> closed
 *
 * Invariant (evtchn_check): the peer of an interdomain port is an interdomain port that points
 * back, and each virq slot of a vCPU names a port that names it.
 */
#include "guest/evtchn_abi.h"
#include "guest/evtchn_fifo.h"
#include "mem/kalloc.h"

#define DESTROY_BOUND 128 /* ports closed per step */

static size_t table_size(uint32_t max_ports)
{
	return sizeof(struct evtchn_table) +
	       div_round_up(max_ports, EVTCHN_PER_BUCKET) * sizeof(struct evtchn_bucket *);
}

int evtchn_create(struct domain *d)
{
	uint32_t max_ports = min(d->limits.max_evtchn_port, EVTCHN_MAX_PORTS - 1) + 1;
	struct evtchn_table *t = kalloc(table_size(max_ports));

	if (!t)
		return -ENOMEM;
	spin_init(&t->lock, LOCK_evtchn);
	t->max_ports = max_ports;
	t->limit = min(max_ports, EVTCHN_2L_PORTS);
	t->abi = &evtchn_2l;
	t->next_free = 1; /* port 0 is never valid */
	d->evtchn = t;
	return 0;
}

static struct evtchn_bucket *bucket_of(struct evtchn_table *t, uint32_t port)
{
	return t->bucket[port / EVTCHN_PER_BUCKET];
}

/* The port after this one, or after its bucket when that need not be looked at. */
static uint32_t port_next(uint32_t port, bool skip_bucket)
{
	return skip_bucket ? round_down(port, EVTCHN_PER_BUCKET) + EVTCHN_PER_BUCKET : port + 1;
}

/* A closed port. Lock held. */
static int port_find_free(struct evtchn_table *t, uint32_t *port)
{
	unsigned int b = t->nr_ports / EVTCHN_PER_BUCKET;
	uint32_t p;

	if (t->dying)
		return -EINVAL;
	for (p = t->next_free; p < min(t->nr_ports, t->limit);
	     p = port_next(p, bucket_of(t, p)->nr_used == EVTCHN_PER_BUCKET))
		if (evtchn_at(t, p)->state == EVTCHNSTAT_closed)
			goto found;
	if (p >= t->limit)
		return -ENOSPC;
	t->bucket[b] = kalloc(sizeof(struct evtchn_bucket));
	if (!t->bucket[b])
		return -ENOMEM;
	store_release(&t->nr_ports, t->nr_ports + EVTCHN_PER_BUCKET);
found:
	t->next_free = p;
	*port = p;
	return 0;
}

/* What it says of its place in a queue outlives its state: the guest may not have looked there yet. */
static void port_set(struct evtchn *e, uint8_t state, uint32_t vcpu)
{
	*e = (struct evtchn){
		.state = state,
		.vcpu = (uint16_t)vcpu,
		.priority = EVTCHN_FIFO_PRIORITY_DEFAULT,
		.last_priority = e->last_priority,
		.last_vcpu = e->last_vcpu,
	};
}

/* Turn a closed port into something. Lock held. */
static struct evtchn *port_open(struct domain *d, uint32_t port, uint8_t state, uint32_t vcpu)
{
	struct evtchn *e = evtchn_at(d->evtchn, port);

	port_set(e, state, vcpu);
	d->evtchn->nr_used++;
	bucket_of(d->evtchn, port)->nr_used++;
	d->evtchn->abi->clear(d, port);
	return e;
}

static void port_close(struct evtchn_table *t, struct evtchn *e, uint32_t port)
{
	port_set(e, EVTCHNSTAT_closed, 0);
	t->nr_used--;
	bucket_of(t, port)->nr_used--;
	t->next_free = min(t->next_free, port);
}

/* remote: of an unbound one, who may bind it. */
static int port_make(struct domain *d, uint8_t state, uint32_t vcpu, domid_t remote, uint32_t *port)
{
	int rc;

	spin_lock(&d->evtchn->lock);
	rc = port_find_free(d->evtchn, port);
	if (!rc)
		port_open(d, *port, state, vcpu)->remote_id = remote;
	spin_unlock(&d->evtchn->lock);
	return rc;
}

int evtchn_alloc_unbound(struct domain *d, domid_t remote, uint32_t *port)
{
	if (!domain_vcpu(d, 0))
		return -ENOENT; /* nobody to notify */
	return port_make(d, EVTCHNSTAT_unbound, 0, remote, port);
}

static int bind_locked(struct domain *d, struct domain *rd, uint32_t rport, uint32_t *port)
{
	struct evtchn *l, *r = evtchn_at(rd->evtchn, rport);
	int rc;

	if (!r || r->state != EVTCHNSTAT_unbound || r->remote_id != d->id || rd->evtchn->dying)
		return -EINVAL;
	rc = port_find_free(d->evtchn, port);
	if (rc)
		return rc;
	l = port_open(d, *port, EVTCHNSTAT_interdomain, 0);
	l->remote = rd;
	l->remote_port = rport;
	r->state = EVTCHNSTAT_interdomain;
	r->remote = d;
	r->remote_port = *port;
	if (d != rd) {
		domain_ref(rd);
		domain_ref(d);
	}
	/* What the peer sent before there was a peer must not be lost. */
	d->evtchn->abi->set_pending(d, *port, l);
	return 0;
}

int evtchn_bind_interdomain(struct domain *d, struct domain *rd, uint32_t rport, uint32_t *port)
{
	int rc;

	spin_lock_pair(&d->evtchn->lock, &rd->evtchn->lock);
	rc = bind_locked(d, rd, rport, port);
	spin_unlock_pair(&d->evtchn->lock, &rd->evtchn->lock);
	return rc;
}

static bool virq_is_per_vcpu(uint32_t virq)
{
	return virq == VIRQ_TIMER || virq == VIRQ_DEBUG || virq == VIRQ_XENOPROF ||
	       virq == VIRQ_XENPMU;
}

int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port)
{
	struct vcpu *v = domain_vcpu(d, vcpu);
	struct evtchn *e;
	int rc;

	if (virq >= NR_VIRQS || (vcpu && !virq_is_per_vcpu(virq)))
		return -EINVAL;
	if (!v)
		return -ENOENT;
	virq = index_nospec(virq, NR_VIRQS);

	spin_lock(&d->evtchn->lock);
	rc = v->guest->virq_port[virq] ? -EEXIST : port_find_free(d->evtchn, port);
	if (!rc) {
		e = port_open(d, *port, EVTCHNSTAT_virq, vcpu);
		e->virq = virq;
		e->vcpu_of_virq = vcpu;
		v->guest->virq_port[virq] = *port;
	}
	spin_unlock(&d->evtchn->lock);
	return rc;
}

int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port)
{
	return domain_vcpu(d, vcpu) ? port_make(d, EVTCHNSTAT_ipi, vcpu, 0, port) : -ENOENT;
}

int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	struct evtchn *e;
	int rc = -EINVAL;

	if (!domain_vcpu(d, vcpu))
		return -ENOENT;
	spin_lock(&d->evtchn->lock);
	e = evtchn_at(d->evtchn, port);
	if (e && (e->state == EVTCHNSTAT_unbound || e->state == EVTCHNSTAT_interdomain ||
		  (e->state == EVTCHNSTAT_virq && !virq_is_per_vcpu(e->virq)))) {
		WRITE_ONCE(e->vcpu, vcpu);
		rc = 0;
	}
	spin_unlock(&d->evtchn->lock);
	return rc;
}

/* Close a port whose peer is not in another domain, or is and both are locked. */
static void close_locked(struct domain *d, struct evtchn *e, uint32_t port)
{
	struct evtchn *r;

	if (e->state == EVTCHNSTAT_virq)
		d->vcpus[e->vcpu_of_virq]->guest->virq_port[e->virq] = 0;
	if (e->state == EVTCHNSTAT_interdomain) {
		r = evtchn_at(e->remote->evtchn, e->remote_port);
		r->state = EVTCHNSTAT_unbound;
		r->remote = NULL;
		r->remote_port = 0;
		r->remote_id = d->id;
	}
	port_close(d->evtchn, e, port);
}

/*
 * d's end of a port that leads to rd, with both locked: still so? Then close it and drop both
 * references.
 */
static bool close_pair(struct domain *d, struct domain *rd, uint32_t port)
{
	struct evtchn *e;
	bool done;

	spin_lock_pair(&d->evtchn->lock, &rd->evtchn->lock);
	e = evtchn_at(d->evtchn, port);
	done = e->state == EVTCHNSTAT_interdomain && e->remote == rd;
	if (done)
		close_locked(d, e, port);
	spin_unlock_pair(&d->evtchn->lock, &rd->evtchn->lock);
	if (done) {
		domain_put(rd);
		domain_put(d);
	}
	return done;
}

int evtchn_close(struct domain *d, uint32_t port)
{
	struct evtchn_table *t = d->evtchn;
	struct domain *rd;
	struct evtchn *e;
	bool done;

	do {
		spin_lock(&t->lock);
		e = evtchn_at(t, port);
		if (!e || !port || e->state == EVTCHNSTAT_closed) {
			spin_unlock(&t->lock);
			return -EINVAL;
		}
		rd = e->state == EVTCHNSTAT_interdomain && e->remote != d ? e->remote : NULL;
		if (rd)
			domain_ref(rd);
		else
			close_locked(d, e, port);
		spin_unlock(&t->lock);
		if (!rd)
			return 0;
		/* Another vCPU may have closed and bound it again meanwhile; then look afresh. */
		done = close_pair(d, rd, port);
		domain_put(rd);
	} while (!done);
	return 0;
}

int evtchn_reset(struct domain *d)
{
	struct evtchn_table *t = d->evtchn;
	unsigned int budget = DESTROY_BOUND;

	for (uint32_t port = 1; READ_ONCE(t->nr_used) && port < READ_ONCE(t->nr_ports);
	     port = port_next(port, !READ_ONCE(bucket_of(t, port)->nr_used))) {
		if (READ_ONCE(evtchn_at(t, port)->state) == EVTCHNSTAT_closed)
			continue;
		if (!budget--)
			return -ERESTART;
		(void)evtchn_close(d, port); /* closed by its owner meanwhile: as good */
	}
	return evtchn_fifo_leave(d);
}

int evtchn_destroy(struct domain *d)
{
	if (!d->evtchn)
		return 0;
	spin_lock(&d->evtchn->lock);
	d->evtchn->dying = true;
	spin_unlock(&d->evtchn->lock);
	return evtchn_reset(d);
}

void evtchn_free(struct domain *d)
{
	if (!d->evtchn)
		return;
	for (uint32_t b = 0; b < d->evtchn->nr_ports / EVTCHN_PER_BUCKET; b++)
		kfree(d->evtchn->bucket[b], sizeof(struct evtchn_bucket));
	kfree(d->evtchn, table_size(d->evtchn->max_ports));
	d->evtchn = NULL;
}

int evtchn_status(struct domain *d, uint32_t port, struct evtchn_status *st)
{
	struct evtchn *e;

	spin_lock(&d->evtchn->lock);
	e = evtchn_at(d->evtchn, port);
	if (e) {
		st->status = e->state;
		st->vcpu = e->vcpu;
		switch (e->state) {
		case EVTCHNSTAT_unbound:
			st->u.unbound.dom = e->remote_id;
			break;
		case EVTCHNSTAT_interdomain:
			st->u.interdomain.dom = e->remote->id;
			st->u.interdomain.port = e->remote_port;
			break;
		case EVTCHNSTAT_virq:
			st->u.virq = e->virq;
			break;
		}
	}
	spin_unlock(&d->evtchn->lock);
	return e ? 0 : -EINVAL;
}

int evtchn_unmask(struct domain *d, uint32_t port)
{
	struct evtchn_table *t = d->evtchn;
	struct evtchn *e;

	spin_lock(&t->lock);
	e = evtchn_at(t, port);
	if (e)
		t->abi->unmask(d, port, e);
	spin_unlock(&t->lock);
	return e ? 0 : -EINVAL;
}

bool evtchn_is_pending(struct domain *d, uint32_t port)
{
	struct evtchn_table *t = d->evtchn;
	bool pending;

	spin_lock(&t->lock); /* the ABI may change */
	pending = port < t->limit && t->abi->is_pending(d, port);
	spin_unlock(&t->lock);
	return pending;
}

int evtchn_send(struct domain *d, uint32_t port)
{
	struct evtchn_table *t = d->evtchn;
	struct evtchn *e, *r;
	int rc = 0;

	spin_lock(&t->lock);
	e = evtchn_at(t, port);
	if (unlikely(!e)) {
		rc = -EINVAL;
	} else if (e->state == EVTCHNSTAT_interdomain) {
		/*
		 * Our lock keeps the peer bound; its vCPU may change under us, to another good one.
		 */
		r = evtchn_at(e->remote->evtchn, e->remote_port);
		READ_ONCE(e->remote->evtchn->abi)->set_pending(e->remote, e->remote_port, r);
	} else if (e->state == EVTCHNSTAT_ipi) {
		t->abi->set_pending(d, port, e);
	} else if (e->state != EVTCHNSTAT_unbound) {
		rc = -EINVAL;
	}
	spin_unlock(&t->lock);
	return rc;
}

void evtchn_send_virq(struct vcpu *v, unsigned int virq)
{
	struct evtchn_table *t = v->d->evtchn;
	uint32_t port;

	spin_lock(&t->lock);
	port = v->guest->virq_port[virq];
	if (port)
		t->abi->set_pending(v->d, port, evtchn_at(t, port));
	spin_unlock(&t->lock);
}

void evtchn_send_global_virq(struct domain *d, unsigned int virq)
{
	if (d && d->max_vcpus && d->vcpus[0])
		evtchn_send_virq(d->vcpus[0], virq);
}

static void check_port(struct domain *d, uint32_t port, const struct evtchn *e)
{
	const struct evtchn *r;

	switch (e->state) {
	case EVTCHNSTAT_interdomain:
		r = evtchn_at(e->remote->evtchn, e->remote_port);
		BUG_ON(!r || r->state != EVTCHNSTAT_interdomain);
		BUG_ON(r->remote != d || r->remote_port != port);
		break;
	case EVTCHNSTAT_virq:
		BUG_ON(d->vcpus[e->vcpu_of_virq]->guest->virq_port[e->virq] != port);
		break;
	}
	BUG_ON(e->state != EVTCHNSTAT_closed && !d->vcpus[e->vcpu] && d->max_vcpus);
}

void evtchn_check(struct domain *d)
{
	struct evtchn_table *t = d->evtchn;
	uint32_t port, used = 0, counted = 0;

	spin_lock(&t->lock); /* keeps the peers of bound ports too */
	for (port = 0; port < t->nr_ports; port++) {
		const struct evtchn *e = evtchn_at(t, port);

		check_port(d, port, e);
		used += e->state != EVTCHNSTAT_closed;
		if (port % EVTCHN_PER_BUCKET == 0)
			counted += bucket_of(t, port)->nr_used;
		BUG_ON(port && port < t->next_free && e->state == EVTCHNSTAT_closed);
	}
	BUG_ON(used != t->nr_used || counted != used);
	BUG_ON(t->nr_ports && evtchn_at(t, 0)->state != EVTCHNSTAT_closed);
	spin_unlock(&t->lock);
}
