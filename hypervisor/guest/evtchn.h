/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels: one-bit messages between domains, from the hypervisor (virqs), or between the
 * vCPUs of one domain (ipis). A port is free, unbound (waits for a named domain), or bound.
 *
 * d->evtchn->lock protects a domain's ports; an interdomain binding changes under both domains'
 * locks, so either lock keeps it in place, and each end holds a reference to the other's domain.
 * evtchn.c is the book-keeping; evtchn_2l.c and evtchn_fifo.c deliver, each by its ABI (evtchn_abi.h).
 */
#pragma once

#include "core/domain.h"
#include <xen/xen.h>
#include <xen/event_channel.h>

#define EVTCHN_2L_PORTS ((uint32_t)EVTCHN_2L_NR_CHANNELS)
#define EVTCHN_MAX_PORTS ((uint32_t)EVTCHN_FIFO_NR_CHANNELS) /* 32 bytes of ours for each in use */
#define EVTCHN_PER_BUCKET 128

struct evtchn {
	struct domain *remote;	/* INTERDOMAIN: referenced, unless the own domain */
	uint32_t remote_port;	/* INTERDOMAIN */
	union {
		domid_t remote_id; /* UNBOUND: who may bind */
		uint16_t vcpu_of_virq; /* VIRQ: bound for this one, whoever is notified now */
	};
	uint16_t vcpu;		/* whom it notifies; read without lock by the other end */
	uint8_t state;		/* EVTCHNSTAT_closed, _unbound, _interdomain, _virq, _ipi */
	uint8_t virq;		/* VIRQ */
	/* FIFO: */
	bool sent_early;	/* before there was a word for it; atomic */
	uint8_t priority;	/* read without lock by the other end */
	uint8_t last_priority;	/* the queue it was linked into last, here and by the last who had */
	uint16_t last_vcpu;	/* this port; lock of that vCPU's queues */
};

struct evtchn_bucket {
	struct evtchn port[EVTCHN_PER_BUCKET];
	uint32_t nr_used;	/* not closed; lock */
};

#define EVTCHN_WATCH_FIFO (1u << 31)

struct evtchn_table {
	spinlock_t lock;	/* level evtchn */
	bool dying;		/* no new ports; lock */
	uint32_t max_ports;	/* set at creation: that of createdomain, and port 0 */
	uint32_t limit;		/* ports are below this: max_ports, or what the ABI can do; lock */
	uint32_t nr_ports; /* slots that exist: a multiple of EVTCHN_PER_BUCKET; grows only; lock */
	uint32_t nr_used;	/* not closed; lock */
	uint32_t next_free;	/* no closed port below this; lock */
	uint32_t watch;		/* vCPUs in SCHEDOP_poll, EVTCHN_WATCH_FIFO; atomic */
	const struct evtchn_abi *abi; /* lock, read by senders */
	struct evtchn_fifo *fifo; /* NULL while 2-level; lock, read by senders */
	struct evtchn_bucket *bucket[]; /* as max_ports needs */
};

/*
 * A domain part. destroy closes all ports and says -ERESTART while there are more; free when all is
 * over.
 */
int evtchn_create(struct domain *d);
int evtchn_destroy(struct domain *d);
void evtchn_free(struct domain *d);
void evtchn_check(struct domain *d); /* BUG when an invariant is broken */

/* All return 0 or a negative errno; ports come out through pointers. No lock held. */
int evtchn_alloc_unbound(struct domain *d, domid_t remote, uint32_t *port);
/* It notifies vCPU 0 until told otherwise, whoever binds it: Linux counts on that. */
int evtchn_bind_interdomain(struct domain *d, struct domain *rd, uint32_t rport, uint32_t *port);
int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port);
int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port);
int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu);
int evtchn_close(struct domain *d, uint32_t port);
/* Close all, back to 2-level; -ERESTART: again; -EAGAIN: somebody opens ports meanwhile. */
int evtchn_reset(struct domain *d);
int evtchn_status(struct domain *d, uint32_t port, struct evtchn_status *st);
int evtchn_unmask(struct domain *d, uint32_t port);
int evtchn_send(struct domain *d, uint32_t port);
/* Raise a virq; nothing when the guest has not bound it. Any CPU, any lock below evtchn. */
void evtchn_send_virq(struct vcpu *v, unsigned int virq);
void evtchn_send_global_virq(struct domain *d, unsigned int virq); /* d may be NULL */

/* Is the port pending, masked or not? False when out of range. No lock held. */
bool evtchn_is_pending(struct domain *d, uint32_t port);
/* What its ABI knows of d's events, to the log. */
void evtchn_print(struct domain *d);

/* A slot that exists, or NULL; the index is clamped. Lock held, or the table does not shrink. */
static inline struct evtchn *evtchn_at(struct evtchn_table *t, uint32_t port)
{
	uint32_t nr = READ_ONCE(t->nr_ports);

	if (unlikely(port >= nr))
		return NULL;
	port = (uint32_t)index_nospec(port, nr);
	return &t->bucket[port / EVTCHN_PER_BUCKET]->port[port % EVTCHN_PER_BUCKET];
}

/*
 * SCHEDOP_poll: v waits for a port (0: several). Whoever makes such a port pending later ends it
 * and wakes v; v looks at its ports between begin and its block, so that none is missed.
 */
void evtchn_poll_begin(struct vcpu *v, uint32_t port);
void evtchn_poll_end(struct vcpu *v);
/* shared_info.c: v's upcall_pending went from 0 to 1. */
void guest_upcall(struct vcpu *v);
