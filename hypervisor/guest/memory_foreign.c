/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A privileged domain maps pages of others: their RAM one by one (add_to_physmap_batch, how Linux
 * serves the tools' foreign mappings), and their grant table frames (acquire_resource). Each entry
 * holds a reference, so the page outlives its owner if need be.
 */
#include "guest/gnttab.h"
#include "guest/memory_op.h"
#include "guest/perms.h"
#include "guest/physmap.h"
#include <xen/memory.h>

#define FOREIGN_PER_RUN 64

static int map_one(struct domain *d, struct domain *fd, uint64_t idx, uint64_t gfn)
{
	struct p2m_entry e;
	mfn_t mfn;
	int rc;

	if (idx > P2M_MAX_GFN || !p2m_get_page(&fd->p2m, GFN(idx), true, &mfn, &e))
		return -EINVAL;
	rc = e.type == P2M_RAM ? physmap_place(d, GFN(gfn), mfn, P2M_FOREIGN) : -EINVAL;
	if (rc)
		page_put(mfn);
	return rc;
}

int64_t memory_add_to_physmap_batch(struct call *call, void *arg)
{
	const struct xen_add_to_physmap_batch *op = arg;
	uint64_t i, idx, gfn, stop = memory_start(call) + FOREIGN_PER_RUN;
	struct domain *fd;
	int err;

	if (op->space != XENMAPSPACE_gmfn_foreign)
		return -ENOSYS;
	fd = perms_get_other(call->v, op->u.foreign_domid, &err);
	if (!fd)
		return err;
	for (i = memory_start(call); i < min(stop, (uint64_t)op->size); i++) {
		if (copy_from_guest_at(&idx, HANDLE_PTR(op->idxs), i, sizeof(idx)) ||
		    copy_from_guest_at(&gfn, HANDLE_PTR(op->gpfns), i, sizeof(gfn)))
			break;
		err = map_one(call->d, fd, idx, gfn);
		if (copy_to_guest_at(HANDLE_PTR(op->errs), i, &err, sizeof(err)))
			break;
	}
	domain_put(fd);
	if (i >= op->size)
		return 0;
	return i == stop ? memory_restart(call, i) : -EFAULT;
}

static int map_grant_frame(struct domain *d, struct domain *fd, uint64_t frame, uint64_t gfn)
{
	mfn_t mfn;
	int rc;

	if (frame > UINT32_MAX)
		return -EINVAL;
	rc = gnttab_get_frame(fd, (uint32_t)frame, &mfn);
	if (rc)
		return rc;
	if (!page_get(mfn, fd->id))
		return -EINVAL;
	rc = physmap_place(d, GFN(gfn), mfn, P2M_FOREIGN);
	if (rc)
		page_put(mfn);
	return rc;
}

static int64_t map_grant_frames(struct call *call, const struct xen_mem_acquire_resource *op)
{
	uint64_t i, gfn, stop = memory_start(call) + FOREIGN_PER_RUN;
	int rc;

	if (op->frame + op->nr_frames < op->frame ||
	    op->frame + op->nr_frames > call->d->limits.max_grant_frames)
		return -EINVAL;
	for (i = memory_start(call); i < op->nr_frames; i++) {
		if (i == stop)
			return memory_restart(call, i);
		if (copy_from_guest_at(&gfn, HANDLE_PTR(op->frame_list), i, sizeof(gfn)))
			return -EFAULT;
		rc = map_grant_frame(call->v->d, call->d, op->frame + i, gfn);
		if (rc)
			return rc;
	}
	return 0;
}

int64_t memory_acquire_resource(struct call *call, void *arg)
{
	struct xen_mem_acquire_resource *op = arg;

	if (op->pad)
		return -EINVAL;
	if (op->type != XENMEM_resource_grant_table)
		return -EOPNOTSUPP;
	if (op->id != XENMEM_resource_grant_table_id_shared)
		return -EINVAL;
	if (op->nr_frames)
		return map_grant_frames(call, op);
	op->nr_frames = call->d->limits.max_grant_frames;
	return copy_to_guest(GUEST_PTR(call->arg[1]), op, sizeof(*op)) ? -EFAULT : 0;
}
