/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's half of FIFO events, as a kernel does it: take ports off the queues of one vCPU, handle
 * those that are pending and not masked, unmask by itself or by hypercall. Domain 0 of guest_setup.h;
 * gfns: event words first, then one control block per vCPU.
 */
#pragma once

#include "guest_setup.h"
#include "guest/evtchn_fifo.h"
#include "lib/errno.h"

#define WORD_PAGES 2
#define NR_WORDS   (WORD_PAGES * FIFO_PER_PAGE)

struct fifo_guest_vcpu {
	uint32_t ready;		/* queues it has seen to be not empty */
	uint32_t head[EVTCHN_FIFO_MAX_QUEUES];
};

static struct fifo_guest_vcpu fifo_guest[NR_VCPUS];

static inline event_word_t *guest_word(uint32_t port)
{
	return (event_word_t *)fake_guest_page[port / FIFO_PER_PAGE] + port % FIFO_PER_PAGE;
}

static inline struct evtchn_fifo_control_block *guest_control(unsigned int vcpu)
{
	return (void *)(fake_guest_page[WORD_PAGES + vcpu] + 64 * vcpu);
}

static inline int fifo_init_control(unsigned int vcpu)
{
	struct evtchn_init_control op = { .control_gfn = WORD_PAGES + vcpu, .offset = 64 * vcpu,
					  .vcpu = vcpu };
	int rc = evtchn_fifo_init_control(&doms[0], &op);

	if (!rc)
		assert_int_equal(op.link_bits, EVTCHN_FIFO_LINK_BITS);
	return rc;
}

/* All words masked, as Linux starts. */
static inline void fifo_guest_setup(void)
{
	for (unsigned int d = 0; d < NR_DOMS; d++)
		guest_set_layout(&infos[d], &shared_layout_64);
	fake_guest_pages_init();
	memset(fifo_guest, 0, sizeof(fifo_guest));
	for (uint32_t port = 0; port < NR_WORDS; port++)
		*guest_word(port) = FIFO_BIT(MASKED);
}

static inline void fifo_guest_start(void)
{
	for (unsigned int v = 0; v < NR_VCPUS; v++)
		assert_int_equal(fifo_init_control(v), 0);
	for (unsigned int i = 0; i < WORD_PAGES; i++)
		assert_int_equal(evtchn_fifo_expand_array(&doms[0], i), 0);
}

/* Look at what the hypervisor says is ready; the lowest number is the highest priority. False: nothing. */
static inline bool fifo_guest_look(unsigned int vcpu)
{
	struct fifo_guest_vcpu *g = &fifo_guest[vcpu];

	if (!g->ready && !atomic_xchg(&vcpus[0][vcpu].guest->vi->evtchn_upcall_pending, 0))
		return false;
	g->ready |= atomic_xchg(&guest_control(vcpu)->ready, 0);
	return g->ready;
}

/* Take the first port off the first queue; 0: there was none. */
static inline uint32_t fifo_guest_take(unsigned int vcpu, unsigned int *queue)
{
	struct fifo_guest_vcpu *g = &fifo_guest[vcpu];
	uint32_t port, w, link;
	unsigned int q;

	if (!fifo_guest_look(vcpu))
		return 0;
	q = (unsigned int)__builtin_ctz(g->ready);
	port = g->head[q] ? g->head[q] : READ_ONCE(guest_control(vcpu)->head[q]);
	w = READ_ONCE(*guest_word(port));
	while (!atomic_cmpxchg(guest_word(port), &w,
			       w & ~(FIFO_BIT(LINKED) | EVTCHN_FIFO_LINK_MASK)))
		;
	link = w & EVTCHN_FIFO_LINK_MASK;
	g->head[q] = link;
	if (!link)
		g->ready &= ~(1u << q);
	*queue = q;
	return port;
}

/* True when it was pending and not masked. */
static inline bool fifo_guest_handle(uint32_t port)
{
	uint32_t w = READ_ONCE(*guest_word(port));

	if ((w & (FIFO_BIT(PENDING) | FIFO_BIT(MASKED))) != FIFO_BIT(PENDING))
		return false;
	atomic_and(guest_word(port), ~FIFO_BIT(PENDING));
	return true;
}

static inline void fifo_guest_unmask(uint32_t port)
{
	uint32_t w = READ_ONCE(*guest_word(port));

	while (w & FIFO_BIT(MASKED)) {
		if (w & FIFO_BIT(PENDING)) {
			assert_int_equal(evtchn_unmask(&doms[0], port), 0);
			return;
		}
		w &= ~FIFO_BIT(BUSY); /* not while the hypervisor is at it */
		if (atomic_cmpxchg(guest_word(port), &w, w & ~FIFO_BIT(MASKED)))
			return;
	}
}
