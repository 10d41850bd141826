/* SPDX-License-Identifier: GPL-2.0-only */
/* A network frontend's side of its rings, as raw as can be: any slot, any index. */
#pragma once

#include "lib/events.h"
#include "lib/grants.h"
#include "lib/test.h"

#include <xen/io/netif.h>

#define TX_ENTRIES 256	/* of 12 bytes and 8 in a page, as a power of two */
#define RX_ENTRIES 256

/* Which grants there are; those of rings follow DATA_REF and its kind. */
enum {
	DATA_REF = 8,	/* the first that is not reserved: a page of ours */
	READONLY_REF,	/* the same, not to be written */
	FOREIGN_REF,	/* the same, for another domain than Dom0 */
	HOLE_REF,	/* where we have no memory */
	RING_REF,
	NO_REF = 400,	/* in the table, offered to nobody */
};

struct vif {
	struct netif_tx_sring *tx;
	struct netif_rx_sring *rx;
	evtchn_port_t port;
	uint32_t produced;	/* slots put into tx */
	uint32_t shown;		/* of those, seen by the backend */
};

/* Both kinds of slot have 12 and 8 bytes: what is put in says which it is. */
union slot {
	struct netif_tx_request req;
	struct netif_extra_info extra;
};

/* What came back for some slots. */
struct answers {
	unsigned int okay, error, null;
	bool is_all;	/* as many as there were slots */
};

extern uint8_t *netif_data;	/* the page behind DATA_REF */

void vif_init(struct vif *f, grant_ref_t ref);
bool vif_is_connected(const struct vif *f);
/* Wait for a word to reach a value. */
bool wait_word(const volatile uint32_t *word, uint32_t value, uint64_t timeout_ns);

/* Put a slot into tx, not to be seen yet. */
void tx_put(struct vif *f, union slot s);
/* Show what was put in, and wait for its answers. */
struct answers tx_show(struct vif *f, uint64_t timeout_ns);
union slot tx_slot(grant_ref_t ref, unsigned int offset, unsigned int size, unsigned int flags);
union slot tx_gso(unsigned int type, unsigned int size);

/* The lies that a backend has to answer with the interface's end. */
#define NR_FATAL 9
extern const struct fatal_lie {
	const char *log; /* what Linux' backend says */
	void (*tell)(struct vif *f);
} fatal_lies[NR_FATAL];

/* What comes out of a seed: slots, grants and indices without sense. */
void wild_seed(uint64_t seed);
unsigned int wild_below(unsigned int n);
void wild_round(struct vif *f, bool harmless);
