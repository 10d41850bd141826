/* SPDX-License-Identifier: GPL-2.0-only */
/* Entering and leaving the FIFO ABI: control blocks, pages of event words, priorities. */
#include "guest/evtchn_fifo.h"
#include "mem/kalloc.h"

static size_t fifo_size(const struct domain *d)
{
	return sizeof(struct evtchn_fifo) + d->max_vcpus * sizeof(struct fifo_queues);
}

static struct evtchn_fifo *fifo_create(const struct domain *d)
{
	struct evtchn_fifo *f = kalloc(fifo_size(d));

	if (!f)
		return NULL;
	f->max_pages = (uint32_t)div_round_up(d->evtchn->max_ports, FIFO_PER_PAGE);
	f->page = kalloc(f->max_pages * sizeof(f->page[0]));
	if (!f->page) {
		kfree(f, fifo_size(d));
		return NULL;
	}
	for (uint32_t i = 0; i < d->max_vcpus; i++)
		spin_init(&f->queues[i].lock, LOCK_evtchnq);
	return f;
}

/* Nobody else knows it any more. */
static void fifo_free(const struct domain *d, struct evtchn_fifo *f)
{
	for (uint32_t i = 0; i < f->nr_pages; i++)
		guest_page_unpin(f->page[i]);
	for (uint32_t i = 0; i < d->max_vcpus; i++)
		if (f->queues[i].control)
			guest_page_unpin(f->queues[i].control);
	kfree(f->page, f->max_pages * sizeof(f->page[0]));
	kfree(f, fifo_size(d));
}

/*
 * From now on senders use FIFO. One that had looked before finds watch set after it has set its 2-level
 * bit, and sends once more; what was pending earlier is found by expand_array. Lock held.
 */
static int fifo_enter(struct domain *d)
{
	struct evtchn_table *t = d->evtchn;

	if (t->fifo)
		return 0;
	t->fifo = fifo_create(d);
	if (!t->fifo)
		return -ENOMEM;
	t->limit = t->max_ports;
	store_release(&t->abi, &evtchn_fifo);
	atomic_or(&t->watch, EVTCHN_WATCH_FIFO);
	return 0;
}

static int set_control(struct fifo_queues *q, struct evtchn_fifo_control_block *control)
{
	int rc = -EINVAL;

	spin_lock(&q->lock);
	if (!q->control) {
		q->control = control;
		rc = 0;
	}
	spin_unlock(&q->lock);
	return rc;
}

int evtchn_fifo_init_control(struct domain *d, struct evtchn_init_control *op)
{
	struct vcpu *v = domain_vcpu(d, op->vcpu);
	char *page;
	int rc;

	if (!v)
		return -ENOENT;
	if (op->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || op->offset % 8)
		return -EINVAL;
	page = guest_page_pin(d, op->control_gfn);
	if (!page)
		return -EINVAL;
	spin_lock(&d->evtchn->lock);
	rc = fifo_enter(d);
	if (!rc)
		rc = set_control(&d->evtchn->fifo->queues[v->id], (void *)(page + op->offset));
	spin_unlock(&d->evtchn->lock);
	if (rc)
		guest_page_unpin(page);
	op->link_bits = EVTCHN_FIFO_LINK_BITS;
	return rc;
}

/* What was sent to a port before it had a word, by the ABI before or by this one. */
static bool take_early(struct domain *d, uint32_t port, struct evtchn *e)
{
	bool early = atomic_xchg(&e->sent_early, false);

	if (port < EVTCHN_2L_PORTS)
		early |= atomic_test_and_clear_bit(port, d->guest->shared->evtchn_pending);
	return early;
}

/* Lock held. */
static int add_page(struct domain *d, event_word_t *page)
{
	struct evtchn_fifo *f = d->evtchn->fifo;
	uint32_t port, end;
	struct evtchn *e;

	if (!f)
		return -EOPNOTSUPP;
	if (f->nr_pages == f->max_pages)
		return -ENOSPC;
	port = f->nr_pages * FIFO_PER_PAGE;
	end = port + FIFO_PER_PAGE;
	f->page[f->nr_pages] = page;
	store_release(&f->nr_pages, f->nr_pages + 1);
	smp_mb(); /* pairs with no_word(): the sender sees the page, or we see what it left */
	for (; port < end; port++) {
		e = evtchn_at(d->evtchn, port);
		if (e && e->state != EVTCHNSTAT_closed && take_early(d, port, e))
			evtchn_fifo.set_pending(d, port, e);
	}
	return 0;
}

int evtchn_fifo_expand_array(struct domain *d, uint64_t gfn)
{
	void *page;
	int rc;

	if (!READ_ONCE(d->evtchn->fifo))
		return -EOPNOTSUPP;
	page = guest_page_pin(d, gfn);
	if (!page)
		return -EINVAL;
	spin_lock(&d->evtchn->lock);
	rc = add_page(d, page);
	spin_unlock(&d->evtchn->lock);
	if (rc)
		guest_page_unpin(page);
	return rc;
}

/* For the next time that it is linked; where it is now it stays. */
int evtchn_fifo_set_priority(struct domain *d, uint32_t port, uint32_t priority)
{
	struct evtchn_table *t = d->evtchn;
	struct evtchn *e;
	int rc = 0;

	spin_lock(&t->lock);
	e = evtchn_at(t, port);
	if (!t->fifo)
		rc = -ENOSYS;
	else if (!e || priority > EVTCHN_FIFO_PRIORITY_MIN)
		rc = -EINVAL;
	else
		WRITE_ONCE(e->priority, (uint8_t)priority);
	spin_unlock(&t->lock);
	return rc;
}

int evtchn_fifo_leave(struct domain *d)
{
	struct evtchn_table *t = d->evtchn;
	struct evtchn_fifo *f = NULL;
	int rc = 0;

	spin_lock(&t->lock);
	if (t->nr_used) {
		rc = -EAGAIN; /* another vCPU opens ports while we close them */
	} else if (t->fifo) {
		f = t->fifo;
		t->fifo = NULL;
		t->abi = &evtchn_2l;
		t->limit = min(t->max_ports, (uint32_t)EVTCHN_2L_PORTS);
		atomic_and(&t->watch, ~EVTCHN_WATCH_FIFO);
	}
	spin_unlock(&t->lock);
	if (f)
		fifo_free(d, f);
	return rc;
}
