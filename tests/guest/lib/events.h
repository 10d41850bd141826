/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared info, event channels (2-level) and time. events_init_cpu() sets the per-vCPU upcall
 * vector; each delivered event is counted, so tests wait for counts instead of writing handlers.
 */
#pragma once

#include "lib/hypercall.h"

#define NR_PORTS 4096

/* A page of its own: the hypervisor puts its frame there, in place of our RAM. */
extern union shared_info_page {
	struct shared_info info;
	uint8_t page[PAGE_SIZE];
} shared_info_page;
#define shared (shared_info_page.info)

/* Map the shared info page over our own; CPU 0, once. Returns the hypercall's result. */
long shared_info_init(void);
long events_init_cpu(void);

/* How often each port was delivered to a vCPU, and on which the last time. */
unsigned int event_count(evtchn_port_t port);
unsigned int event_last_cpu(evtchn_port_t port);
void event_note(evtchn_port_t port); /* it was delivered, here */
void event_mask(evtchn_port_t port);
/* Unmask by hypercall: it delivers what is pending. */
void event_unmask(evtchn_port_t port);
bool event_is_pending(evtchn_port_t port);
/* Clear the pending bit; returns what it was. */
bool event_take(evtchn_port_t port);
/* Wait with interrupts enabled until the count reaches `count`, or the timeout passes. */
bool event_wait(evtchn_port_t port, unsigned int count, uint64_t timeout_ns);

/* The calls themselves: 0 or a negative error; new ports are returned as positive numbers. */
long evtchn_send(evtchn_port_t port);
long evtchn_close(evtchn_port_t port);
long evtchn_alloc_unbound(domid_t dom, domid_t remote);
long evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port);
long evtchn_bind_virq(uint32_t virq, uint32_t vcpu);
long evtchn_bind_ipi(uint32_t vcpu);
long evtchn_bind_vcpu(evtchn_port_t port, uint32_t vcpu);
long evtchn_status(domid_t dom, evtchn_port_t port, struct evtchn_status *out);

/* System time of this vCPU in ns, and a spin of that long. */
uint64_t now_ns(void);
void spin_ns(uint64_t ns);
/* How far clocks of different CPUs may disagree: nothing where TSC_STABLE is promised. */
uint64_t clock_skew_ns(void);
/* Sleep in the hypervisor until then (absolute), by SCHEDOP_poll. */
void sleep_until(uint64_t deadline_ns);
