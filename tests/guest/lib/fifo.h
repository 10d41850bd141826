/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FIFO event channels, as a kernel uses them. fifo_start() changes the domain over for good; from then
 * on events.h's counts, event_wait() and the calls still hold, its masks and pending bits do not.
 */
#pragma once

#include "lib/events.h"

#define FIFO_PAGES    2
#define FIFO_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define FIFO_PORTS    (FIFO_PAGES * FIFO_PER_PAGE)
#define FIFO_BIT(name) (1u << EVTCHN_FIFO_##name)
#define FIFO_LOG      2048

extern event_word_t fifo_words[FIFO_PORTS];

/* What was delivered to this vCPU, in order; restart at 0 by setting nr. */
struct fifo_log {
	unsigned int nr;
	uint16_t port[FIFO_LOG];
	uint8_t priority[FIFO_LOG];
};
extern struct fifo_log fifo_log[];

/* Control block of a vCPU at its place; the next page of words, all masked. 0 or a negative error. */
long fifo_init_control(uint32_t vcpu);
long fifo_expand_array(void);
void fifo_handle_upcalls(void); /* set the upcall vector's handler, on all vCPUs */
/* All of it, for the first nr_vcpus vCPUs and all pages. */
long fifo_start(unsigned int nr_vcpus);
/* Forget all: the guest's half of EVTCHNOP_reset. */
void fifo_forget(void);
void fifo_ready_forget(void); /* this vCPU's queues are empty */
/* The upcall's work, without its EOI. */
void fifo_deliver(void);

long fifo_set_priority(evtchn_port_t port, uint32_t priority);
void fifo_mask(evtchn_port_t port);
/* As Linux: by itself while it is not pending, else by hypercall. */
void fifo_unmask(evtchn_port_t port);
bool fifo_is_pending(evtchn_port_t port);
