/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One gfn at a time: see physmap.h. No lock of its own; p2m calls are atomic and races show as
 * -EBUSY.
 */
#include "guest/physmap.h"
#include "lib/errno.h"

#define PLACE_TRIES 4

static bool is_ram(enum p2m_type type)
{
	return type == P2M_RAM || type == P2M_RAM_RO;
}

void physmap_put(struct domain *d, struct p2m_entry e)
{
	if (is_ram(e.type) && d->is_identity && READ_ONCE(d->state) == DOM_ALIVE)
		return; /* parked */
	if (e.type != P2M_NONE && e.type != P2M_MMIO)
		page_put(e.mfn);
}

int physmap_take(struct domain *d, gfn_t gfn, struct p2m_entry *e)
{
	int rc;

	if (gfn.n > P2M_MAX_GFN)
		return -EINVAL;
	*e = p2m_lookup(&d->p2m, gfn);
	if (e->type == P2M_NONE || e->type == P2M_MMIO)
		return -ENOENT;
	if (e->type == P2M_GRANT_RW || e->type == P2M_GRANT_RO)
		return -EBUSY; /* only its own unmap knows the pin behind it */
	rc = p2m_unmap(&d->p2m, gfn, *e);
	return rc == -ENOENT ? -EBUSY : rc;
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
	bool was_mmio = d->is_hwdom && p2m_lookup(&d->p2m, gfn).type == P2M_MMIO;
	int rc = p2m_map(&d->p2m, gfn, mfn, order, type);

	if (!rc && was_mmio)
		p2m_flush(&d->p2m);
	return rc;
}

int physmap_place(struct domain *d, gfn_t gfn, mfn_t mfn, enum p2m_type type)
{
	unsigned int i;
	int rc = -EINVAL;

	if (gfn.n > P2M_MAX_GFN)
		return rc;
	for (i = 0; i < PLACE_TRIES; i++) {
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
