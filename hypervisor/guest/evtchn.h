/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels: one-bit messages between domains, from the hypervisor (virqs), or between the
 * vCPUs of one domain (ipis). A port is free, unbound (waits for a named domain), or bound.
 *
 * d->evtchn->lock protects a domain's ports; an interdomain binding changes under both domains'
 * locks, so either lock keeps it in place, and each end holds a reference to the other's domain.
 * evtchn.c is the book-keeping, evtchn_2l.c the delivery through shared_info.
 */
#pragma once

#include "core/domain.h"
#include <xen/xen.h>
#include <xen/event_channel.h>

#define EVTCHN_MAX_PORTS 4096 /* of the 2-level ABI */
#define EVTCHN_PER_BUCKET 128
#define EVTCHN_NR_BUCKETS (EVTCHN_MAX_PORTS / EVTCHN_PER_BUCKET)

struct evtchn {
	struct domain *remote;	/* INTERDOMAIN: referenced, unless the own domain */
	uint32_t remote_port;	/* INTERDOMAIN */
	domid_t remote_id;	/* UNBOUND: who may bind */
	uint16_t vcpu;		/* whom it notifies; read without lock by the other end */
	uint8_t state;		/* EVTCHNSTAT_closed, _unbound, _interdomain, _virq, _ipi */
	uint8_t virq;		/* VIRQ */
	uint16_t vcpu_of_virq;	/* VIRQ: bound for this one, whoever is notified now */
};

struct evtchn_table {
	spinlock_t lock;	/* level evtchn */
	bool dying;		/* no new ports; lock */
	uint32_t limit;		/* ports are below this; set at creation */
	uint32_t nr_ports; /* slots that exist: a multiple of EVTCHN_PER_BUCKET; grows only; lock */
	uint32_t nr_used;	/* not closed; lock */
	uint32_t next_free;	/* no closed port below this; lock */
	uint32_t nr_polling;	/* vCPUs in SCHEDOP_poll; atomic */
	struct evtchn *bucket[EVTCHN_NR_BUCKETS];
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
int evtchn_reset(struct domain *d); /* close all; -ERESTART: again */
int evtchn_status(struct domain *d, uint32_t port, struct evtchn_status *st);
int evtchn_unmask(struct domain *d, uint32_t port);
int evtchn_send(struct domain *d, uint32_t port);
/* Raise a virq; nothing when the guest has not bound it. Any CPU, any lock below evtchn. */
void evtchn_send_virq(struct vcpu *v, unsigned int virq);
void evtchn_send_global_virq(struct domain *d, unsigned int virq); /* d may be NULL */

/* Is the port pending in shared_info, masked or not? False when out of range. */
bool evtchn_is_pending(const struct domain *d, uint32_t port);

/* A slot that exists, or NULL; the index is clamped. Lock held, or the table does not shrink. */
static inline struct evtchn *evtchn_at(struct evtchn_table *t, uint32_t port)
{
	if (unlikely(port >= READ_ONCE(t->nr_ports)))
		return NULL;
	port = index_nospec(port, EVTCHN_MAX_PORTS);
	return &t->bucket[port / EVTCHN_PER_BUCKET][port % EVTCHN_PER_BUCKET];
}

/* evtchn_2l.c: make port pending and tell the vCPU. Evtchn lock held, or the other end's. */
void evtchn_2l_set_pending(struct domain *d, uint32_t port, unsigned int vcpu);
void evtchn_2l_clear(struct domain *d, uint32_t port);
/*
 * SCHEDOP_poll: v waits for a port (0: several). Whoever makes such a port pending later ends it
 * and wakes v; v looks at its ports between begin and its block, so that none is missed.
 */
void evtchn_poll_begin(struct vcpu *v, uint32_t port);
void evtchn_poll_end(struct vcpu *v);
/* shared_info.c: v's upcall_pending went from 0 to 1. */
void guest_upcall(struct vcpu *v);
