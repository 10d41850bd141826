/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing what lies at one gfn, with references, flushes and Dom0's identity rule in one place:
 * RAM of an identity domain stays its own when it is taken out ("parked": owned, referenced, mapped
 * nowhere), and can only come back at gfn == mfn.
 */
#pragma once

#include "core/domain.h"

/*
 * Put a frame at gfn, removing RAM, SHARED or FOREIGN that is there. The caller's reference to mfn
 * goes to the entry on success. -EBUSY: a grant mapping is there, or somebody else changes it too.
 */
int physmap_place(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type);
/* p2m_map(), and the flush it owes when it replaced a device's page; only Dom0 has those. */
int physmap_map(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type);
/* Empty gfn. -ENOENT: a hole, or MMIO; -EBUSY: a grant mapping. */
int physmap_remove(struct domain *d, gfn_t gfn);
/* The same without the end: after success the caller owes p2m_flush(), then physmap_put(d, *e). */
int physmap_take(struct domain *d, gfn_t gfn, struct p2m_entry *e);
/* What becomes of a removed entry's reference. */
void physmap_put(struct domain *d, struct p2m_entry e);

/*
 * 2^order zeroed frames at gfn. -ENOMEM, -EEXIST, -EINVAL. Identity domains: order 0, their parked
 * page.
 */
int physmap_populate(struct domain *d, gfn_t gfn, unsigned int order);
