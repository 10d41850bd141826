/* SPDX-License-Identifier: GPL-2.0-only */
/* vCPUs that wait for ports in SCHEDOP_poll; and what the events of a domain look like, for people. */
#include "guest/evtchn_fifo.h"

#define PRINT_PORTS 32

void evtchn_poll_begin(struct vcpu *v, uint32_t port)
{
	WRITE_ONCE(v->guest->poll_port, port);
	if (!atomic_xchg(&v->guest->is_polling, true))
		atomic_inc(&v->d->evtchn->watch);
}

void evtchn_poll_end(struct vcpu *v)
{
	if (!atomic_xchg(&v->guest->is_polling, false))
		return;
	atomic_dec(&v->d->evtchn->watch);
	vcpu_kick(v, TODO_WAKE);
}

__outlined void evtchn_wake_pollers(struct domain *d, uint32_t port)
{
	for_each_vcpu(d, v) {
		struct vcpu_guest *g = v->guest;

		if (READ_ONCE(g->is_polling) && (!g->poll_port || g->poll_port == port))
			evtchn_poll_end(v);
	}
}

static void print_queues(const struct vcpu *v, struct fifo_queues *q)
{
	const struct evtchn_fifo_control_block *c;

	spin_lock(&q->lock);
	c = q->control;
	log_info("d%uv%u: upcall %u, ready %#x, %u lost%s\n", v->d->id, v->id,
		 v->guest->vi->evtchn_upcall_pending, c ? c->ready : 0, q->nr_lost,
		 c ? "" : ", no control block");
	for (unsigned int i = 0; c && i < EVTCHN_FIFO_MAX_QUEUES; i++)
		if (q->tail[i])
			log_info("d%uv%u: queue %u, head was port %u, tail %u\n", v->d->id, v->id, i,
				 c->head[i], q->tail[i]);
	spin_unlock(&q->lock);
}

static void print_port(struct domain *d, uint32_t port, const struct evtchn *e)
{
	const event_word_t *word = d->evtchn->fifo ? fifo_word(d->evtchn->fifo, port) : NULL;

	log_info("d%u port %u: state %u, vcpu %u, priority %u, pending%s, word %#x\n", d->id, port,
		 e->state, e->vcpu, e->priority, d->evtchn->abi->is_masked(d, port) ? ", masked" : "",
		 word ? *word : 0);
}

void evtchn_print(struct domain *d)
{
	struct evtchn_table *t = d->evtchn;
	unsigned int nr = 0;

	spin_lock(&t->lock);
	log_info("d%u: %s events, %u ports of %u open, %u pages of words\n", d->id, t->abi->name,
		 t->nr_used, t->limit - 1, t->fifo ? t->fifo->nr_pages : 0);
	if (t->fifo)
		for_each_vcpu(d, v)
			print_queues(v, &t->fifo->queues[v->id]);
	for (uint32_t port = 1; port < min(t->nr_ports, t->limit) && nr < PRINT_PORTS; port++) {
		const struct evtchn *e = evtchn_at(t, port);

		if (e->state == EVTCHNSTAT_closed || !t->abi->is_pending(d, port))
			continue;
		print_port(d, port, e);
		nr++;
	}
	spin_unlock(&t->lock);
}
