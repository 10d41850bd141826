/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing what lies at one gfn, with references, flushes and Dom0's identity rule in one place:
 * RAM of an identity domain stays its own when it is taken out, and can only come back at gfn == mfn.
 */
#ifndef GUEST_PHYSMAP_H
#define GUEST_PHYSMAP_H

#include "core/domain.h"

/*
 * Put a frame at gfn, removing RAM, SHARED or FOREIGN that is there. The caller's reference to mfn goes
 * to the entry on success. -EBUSY: a grant mapping is there, or somebody else changes it too.
 */
int physmap_place(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type);
/* Empty gfn. -ENOENT: a hole, or MMIO; -EBUSY: a grant mapping. */
int physmap_remove(struct domain *d, gfn_t gfn);
/* Only if exactly that is there. */
void physmap_remove_if(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type);

/* 2^order fresh zeroed frames at gfn (order 0..9). -ENOMEM, -EEXIST, -EINVAL, -EDQUOT is not used. */
int physmap_populate(struct domain *d, gfn_t gfn, unsigned int order);

/* What the entry's reference becomes when it is gone from d's p2m; after the flush. */
void physmap_put(struct domain *d, struct p2m_entry e);

#endif
