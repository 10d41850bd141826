/* SPDX-License-Identifier: GPL-2.0-only */
/* What lies where in a domain: shared_info, grant frames, holes; and the memory map it is told. */
#include "guest/gnttab.h"
#include "guest/memory_op.h"
#include "guest/physmap.h"
#include "guest/shared_info.h"
#include "mem/kalloc.h"
#include <xen/memory.h>

/* Such a frame is at one gfn only: if it is still at its old place, it leaves that. */
static void leave_old_gfn(struct domain *d, uint64_t old, uint64_t gfn, mfn_t mfn)
{
	struct p2m_entry e;

	if (old == ~0ULL || old == gfn)
		return;
	e = p2m_lookup(&d->p2m, GFN(old));
	if (e.type == P2M_SHARED && mfn_eq(e.mfn, mfn))
		(void)physmap_remove(d, GFN(old)); /* lost a race: then somebody else removed it */
}

static int place_shared(struct domain *d, mfn_t mfn, uint64_t gfn)
{
	int rc;

	if (!page_get(mfn, d->id))
		return -EINVAL;
	rc = physmap_place(d, GFN(gfn), mfn, P2M_SHARED);
	if (rc)
		page_put(mfn);
	return rc;
}

static int add_shared_info(struct call *call, uint64_t gfn)
{
	struct domain *d = call->d;
	uint64_t old;
	int rc = place_shared(d, d->guest->shared_mfn, gfn);

	if (rc)
		return rc;
	spin_lock(&d->lock);
	old = d->guest->shared_gfn;
	d->guest->shared_gfn = gfn;
	spin_unlock(&d->lock);
	leave_old_gfn(d, old, gfn, d->guest->shared_mfn);
	if (d == call->v->d)
		guest_latch_layout(call->v);
	return 0;
}

static int add_grant_frame(struct domain *d, uint64_t idx, uint64_t gfn)
{
	uint64_t old;
	mfn_t mfn;
	int rc;

	if (idx > UINT32_MAX)
		return -EINVAL;
	rc = gnttab_get_frame(d, (uint32_t)idx, &mfn);
	if (!rc)
		rc = place_shared(d, mfn, gfn);
	if (rc)
		return rc;
	old = gnttab_move_frame(d, (uint32_t)idx, gfn);
	leave_old_gfn(d, old, gfn, mfn);
	return 0;
}

/* Move a page of its own RAM; the page at the target goes. */
static int move_page(struct domain *d, uint64_t from, uint64_t to)
{
	struct p2m_entry e;
	int rc;

	if (d->is_identity || from == to || from > P2M_MAX_GFN || to > P2M_MAX_GFN ||
	    p2m_lookup(&d->p2m, GFN(from)).type != P2M_RAM)
		return -EINVAL;
	rc = physmap_take(d, GFN(from), &e);
	if (rc)
		return rc;
	p2m_flush(&d->p2m);
	rc = physmap_place(d, GFN(to), e.mfn, e.type);
	if (rc && p2m_map(&d->p2m, GFN(from), e.mfn, 0, e.type))
		page_put(e.mfn); /* neither there nor back: the guest has lost it */
	return rc;
}

int64_t memory_add_to_physmap(struct call *call, void *arg)
{
	const struct xen_add_to_physmap *op = arg;

	if (op->gpfn > P2M_MAX_GFN)
		return -EINVAL;
	switch (op->space) {
	case XENMAPSPACE_shared_info:
		return op->idx ? -EINVAL : add_shared_info(call, op->gpfn);
	case XENMAPSPACE_grant_table:
		return add_grant_frame(call->d, op->idx, op->gpfn);
	case XENMAPSPACE_gmfn:
		return move_page(call->d, op->idx, op->gpfn);
	}
	return -ENOSYS;
}

int64_t memory_remove_from_physmap(struct call *call, void *arg)
{
	int rc = physmap_remove(call->d, GFN(((struct xen_remove_from_physmap *)arg)->gpfn));

	return rc == -ENOENT ? -EINVAL : rc; /* -ENOENT means "paged out, try again" to the tools */
}

int64_t memory_map_get(struct call *call, void *arg)
{
	const struct guest_info *g = call->d->guest;
	struct xen_memory_map *map = arg;
	struct e820_entry e = { 0 };
	uint32_t i = 0;
	bool more;

	for (;; i++) {
		spin_lock(&call->d->lock);
		more = i < g->nr_e820 && i < map->nr_entries;
		if (more)
			e = g->e820[i];
		spin_unlock(&call->d->lock);
		if (!more)
			break;
		if (copy_to_guest_at(HANDLE_PTR(map->buffer), i, &e, sizeof(e)))
			return -EFAULT;
	}
	map->nr_entries = i;
	return i || g->nr_e820 ? 0 : -ENOSYS;
}

int64_t memory_map_set(struct call *call, void *arg)
{
	const struct xen_memory_map *map = &((struct xen_foreign_memory_map *)arg)->map;
	size_t size = map->nr_entries * sizeof(struct e820_entry);
	struct e820_entry *e;

	if (!map->nr_entries || map->nr_entries > GUEST_E820_MAX)
		return -EINVAL;
	e = kalloc(size);
	if (!e)
		return -ENOMEM;
	if (copy_from_guest(e, HANDLE_PTR(map->buffer), size)) {
		kfree(e, size);
		return -EFAULT;
	}
	guest_set_memory_map(call->d, e, map->nr_entries);
	return 0;
}
