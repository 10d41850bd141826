/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two delivery ABIs do differently. A domain starts with the 2-level one and changes to
 * FIFO with its first EVTCHNOP_init_control; EVTCHNOP_reset leads back.
 *
 * A sender to another domain holds its own domain's lock only. What keeps the receiver's structures
 * in place is the bound port: an ABI is left when no port is open.
 */
#pragma once

#include "guest/evtchn.h"
#include "guest/shared_info.h"

struct evtchn_abi {
	const char *name;
	/* Make port pending and tell its vCPU. Evtchn lock of d held, or the other end's. */
	void (*set_pending)(struct domain *d, uint32_t port, struct evtchn *e);
	/* The rest: lock of d held. */
	void (*unmask)(struct domain *d, uint32_t port, struct evtchn *e);
	void (*clear)(struct domain *d, uint32_t port); /* a port is opened: what was before is void */
	bool (*is_pending)(const struct domain *d, uint32_t port);
	bool (*is_masked)(const struct domain *d, uint32_t port);
};

extern const struct evtchn_abi evtchn_2l, evtchn_fifo;

/*
 * A port became pending, and evtchn_table.watch counts vCPUs that poll. It was set pending with a full
 * barrier: pairs with evtchn_poll_begin(), whose caller then looks at the ports.
 */
void evtchn_wake_pollers(struct domain *d, uint32_t port);

/* v has a new event in what its ABI looks at first. */
static inline void evtchn_upcall(struct vcpu *v, struct vcpu_info *vi)
{
	if (!atomic_xchg(&vi->evtchn_upcall_pending, 1))
		guest_upcall(v);
}
