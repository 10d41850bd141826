/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Delivery of FIFO events; see evtchn_fifo.h. A port is linked into the queue of its vCPU and
 * priority when it is pending, neither masked nor linked. It may be moved to another vCPU or priority
 * while it is the tail that we remember of its last queue; that queue then has no tail: nothing may be
 * appended behind a port that is elsewhere.
 *
 * A port's last queue (last_vcpu, last_priority) changes under the locks of both, the old one and
 * the new.
 */
#include "guest/evtchn_fifo.h"

/*
 * An honest guest can get in the way of an append by setting MASKED, clearing PENDING and clearing
 * LINKED, and a sender by setting PENDING: once each or twice.
 */
#define LINK_TRIES 8

/*
 * Let the word of the last port in a queue name the next. False: the guest has taken it off, so that
 * the queue is empty.
 */
static bool append(struct fifo_queues *q, event_word_t *tail, uint32_t port)
{
	event_word_t w = READ_ONCE(*tail), new;

	for (unsigned int i = 0; i < LINK_TRIES && w & FIFO_BIT(LINKED); i++) {
		new = (w & ~(FIFO_BIT(BUSY) | EVTCHN_FIFO_LINK_MASK)) | port;
		if (atomic_cmpxchg(tail, &w, new))
			return true;
		if (!i) /* from now on the guest may not unmask it: that ends the race */
			w = atomic_or(tail, FIFO_BIT(BUSY)) | FIFO_BIT(BUSY);
	}
	if (w & FIFO_BIT(BUSY))
		atomic_and(tail, ~FIFO_BIT(BUSY));
	if (!(w & FIFO_BIT(LINKED)))
		return false;
	q->nr_lost++; /* its queue is as it likes it */
	return true;
}

/* The queues where port was last and where it goes to, locked; the same one as a rule. */
static struct fifo_queues *lock_queues(struct evtchn_fifo *f, struct evtchn *e,
				       struct fifo_queues **to) __acquires(&f->queues[0].lock)
{
	struct fifo_queues *last;
	uint16_t vcpu;

	/*
	 * Two CPUs at most are here for one port, one from each end; who finds that the other has
	 * just linked it tries again.
	 */
	for (;;) {
		vcpu = READ_ONCE(e->last_vcpu);
		last = &f->queues[vcpu];
		spin_lock_pair(&last->lock, &(*to)->lock);
		if (likely(vcpu == e->last_vcpu))
			return last;
		spin_unlock_pair(&last->lock, &(*to)->lock);
	}
}

/* Put a pending port at the end of its queue. True: it is its head, too, and the vCPU must look. */
static bool link_locked(struct evtchn_fifo *f, uint32_t port, struct evtchn *e,
			struct fifo_queues *last, struct fifo_queues *to, uint8_t priority)
{
	uint32_t tail;

	/* Until it has a control block the guest may not unmask events for this vCPU. */
	if (!to->control || atomic_test_and_set_bit(EVTCHN_FIFO_LINKED, fifo_word(f, port)))
		return false;
	if (last->tail[e->last_priority] == port)
		last->tail[e->last_priority] = 0;
	WRITE_ONCE(e->last_vcpu, (uint16_t)(to - f->queues));
	e->last_priority = priority;
	tail = to->tail[priority];
	to->tail[priority] = port;
	if (tail && append(to, fifo_word(f, tail), port))
		return false;
	WRITE_ONCE(to->control->head[priority], port);
	return true;
}

static void link_port(struct domain *d, uint32_t port, struct evtchn *e)
{
	struct evtchn_fifo *f = d->evtchn->fifo;
	struct vcpu *v = d->vcpus[READ_ONCE(e->vcpu)];
	struct fifo_queues *to = &f->queues[v->id], *last = lock_queues(f, e, &to);
	uint8_t priority = READ_ONCE(e->priority);
	bool is_head = link_locked(f, port, e, last, to, priority);

	spin_unlock_pair(&last->lock, &to->lock);
	if (is_head && !atomic_test_and_set_bit(priority, &to->control->ready))
		evtchn_upcall(v, READ_ONCE(v->guest->vi));
}

/* Its word is not there yet: remember the event, unless expand_array came between. */
static __outlined event_word_t *no_word(const struct evtchn_fifo *f, uint32_t port, struct evtchn *e)
{
	WRITE_ONCE(e->sent_early, true);
	smp_mb();
	return fifo_word(f, port);
}

static void set_pending_fifo(struct domain *d, uint32_t port, struct evtchn *e)
{
	event_word_t *word = fifo_word(d->evtchn->fifo, port);
	bool was_pending;

	if (unlikely(!word))
		word = no_word(d->evtchn->fifo, port, e);
	if (!word)
		return;
	was_pending = atomic_test_and_set_bit(EVTCHN_FIFO_PENDING, word);
	if (!(READ_ONCE(*word) & (FIFO_BIT(MASKED) | FIFO_BIT(LINKED))))
		link_port(d, port, e);
	if (!was_pending && unlikely(READ_ONCE(d->evtchn->watch) != EVTCHN_WATCH_FIFO))
		evtchn_wake_pollers(d, port);
}

static void unmask_fifo(struct domain *d, uint32_t port, struct evtchn *e)
{
	event_word_t *word = fifo_word(d->evtchn->fifo, port);

	if (word && atomic_and(word, ~FIFO_BIT(MASKED)) & FIFO_BIT(PENDING))
		set_pending_fifo(d, port, e);
}

static void clear_fifo(struct domain *d, uint32_t port)
{
	event_word_t *word = fifo_word(d->evtchn->fifo, port);

	if (word)
		atomic_clear_bit(EVTCHN_FIFO_PENDING, word);
}

static bool is_pending_fifo(const struct domain *d, uint32_t port)
{
	const event_word_t *word = fifo_word(d->evtchn->fifo, port);

	return word && READ_ONCE(*word) & FIFO_BIT(PENDING);
}

static bool is_masked_fifo(const struct domain *d, uint32_t port)
{
	const event_word_t *word = fifo_word(d->evtchn->fifo, port);

	return !word || READ_ONCE(*word) & FIFO_BIT(MASKED);
}

const struct evtchn_abi evtchn_fifo = {
	"FIFO", set_pending_fifo, unmask_fifo, clear_fifo, is_pending_fifo, is_masked_fifo,
};
