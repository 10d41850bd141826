/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One gfn at a time: see physmap.h. No lock of its own; p2m calls are atomic and races show as
 * -EBUSY.
 */
#include "guest/physmap.h"

#define PLACE_TRIES 4

void physmap_put(struct domain *d, struct p2m_entry e)
{
	if (e.type == P2M_RAM && d->is_identity && READ_ONCE(d->state) == DOM_ALIVE)
		return; /* parked */
	if (p2m_holds_reference(e.type))
		page_put(e.mfn);
}

int physmap_take(struct domain *d, gfn_t gfn, struct p2m_entry *e)
{
	unsigned int types = 1u << P2M_RAM | 1u << P2M_SHARED | 1u << P2M_FOREIGN;
	int rc = p2m_take(&d->p2m, gfn, types, INVALID_MFN, e);

	/* only a grant's own unmap knows the pin behind it */
	return rc == -ENOENT && e->type > P2M_FOREIGN ? -EBUSY : rc;
}

int physmap_remove(struct domain *d, gfn_t gfn)
{
	struct p2m_entry e;
	int rc = physmap_take(d, gfn, &e);

	if (rc)
		return rc;
	p2m_flush(&d->p2m);
	physmap_put(d, e);
	return 0;
}

int physmap_map(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type)
{
	uint64_t version = load_acquire(&d->p2m.version); /* filling a hole makes no new one */
	int rc = p2m_map(&d->p2m, gfn, mfn, order, type);

	if (!rc && !p2m_is_version(&d->p2m, version))
		p2m_flush(&d->p2m);
	return rc;
}

int physmap_place(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type)
{
	int rc = -EINVAL;

	if (gfn.n > P2M_MAX_GFN)
		return rc;
	for (unsigned int i = 0; i < PLACE_TRIES; i++) {
		rc = physmap_map(d, gfn, mfn, 0, type);
		if (rc != -EEXIST)
			return rc;
		rc = physmap_remove(d, gfn);
		if (rc && rc != -ENOENT)
			return rc;
	}
	return -EBUSY;
}

/* The frame is its own and parked exactly when nothing is mapped at gfn == mfn. */
static int unpark(struct domain *d, gfn_t gfn)
{
	mfn_t mfn = MFN(gfn.n);

	if (!frame_valid(mfn) || page_owner(mfn) != d->id || page_type(mfn) != PAGE_RAM)
		return -ENOMEM;
	return physmap_map(d, gfn, mfn, 0, P2M_RAM);
}

int physmap_populate(struct domain *d, gfn_t gfn, unsigned int order)
{
	uint64_t i, nr = 1ULL << order;
	mfn_t mfn;
	int rc;

	if (order > PAGE_ORDER_2M || gfn.n & (nr - 1) || gfn.n > P2M_MAX_GFN ||
	    READ_ONCE(d->state) == DOM_DYING)
		return -EINVAL;
	if (d->is_identity)
		return order ? -EINVAL : unpark(d, gfn);
	if (!domain_charge_pages(d, (uint32_t)nr))
		return -ENOMEM;
	mfn = frame_alloc_domain(d->id, order, PAGE_RAM);
	if (mfn_eq(mfn, INVALID_MFN)) {
		domain_uncharge_pages(d, (uint32_t)nr);
		return -ENOMEM;
	}
	rc = physmap_map(d, gfn, mfn, order, P2M_RAM);
	for (i = 0; rc && i < nr; i++)
		page_put(mfn_add(mfn, i)); /* the last reference: uncharges too */
	return rc;
}
