/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FIFO events: one 32-bit word per port in pages of the guest's, and per vCPU and priority a queue:
 * the control block names its head, each linked port's word the next one. The guest takes ports off
 * a queue's head by itself. We append, so the tail is what we must know, and it is ours alone.
 *
 * Pages are the guest's own RAM, referenced until the ABI is left. All that is in them may change at
 * any moment: words are changed by atomic operations, LINK is written and never followed.
 */
#pragma once

#include "guest/evtchn_abi.h"

#define FIFO_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define FIFO_BIT(name) (1u << EVTCHN_FIFO_##name)

/* The queues of one vCPU. */
struct fifo_queues {
	spinlock_t lock; /* level evtchnq */
	uint32_t nr_lost; /* events not linked, for the guest kept changing the tail's word; lock */
	struct evtchn_fifo_control_block *control; /* NULL until the guest registers it; lock */
	uint32_t tail[EVTCHN_FIFO_MAX_QUEUES]; /* port linked last, 0: the queue is empty; lock */
};

struct evtchn_fifo {
	uint32_t nr_pages, max_pages;	/* nr_pages grows only; evtchn lock, read by senders */
	event_word_t **page;		/* [max_pages] our mappings */
	struct fifo_queues queues[];	/* [d->max_vcpus] */
};

/* The word of a port, or NULL when the guest has not given its page yet; the index is clamped. */
static inline event_word_t *fifo_word(const struct evtchn_fifo *f, uint32_t port)
{
	uint32_t i = port / FIFO_PER_PAGE, nr = load_acquire(&f->nr_pages);

	return i < nr ? &f->page[index_nospec(i, nr)][port % FIFO_PER_PAGE] : NULL;
}

/*
 * The operations, on the current domain. init_control: -ENOENT no such vCPU, -EINVAL a bad place or a
 * second one; expand_array: -EOPNOTSUPP before init_control, -ENOSPC there is a word for each
 * port; -ENOMEM. set_priority: -ENOSYS while 2-level.
 */
int evtchn_fifo_init_control(struct domain *d, struct evtchn_init_control *op);
int evtchn_fifo_expand_array(struct domain *d, uint64_t gfn);
int evtchn_fifo_set_priority(struct domain *d, uint32_t port, uint32_t priority);
/* Back to 2-level, if no port is open; else -EAGAIN. No lock held; peers may be sending. */
int evtchn_fifo_leave(struct domain *d);
