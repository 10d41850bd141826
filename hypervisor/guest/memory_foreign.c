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
#include "lib/errno.h"
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

static int64_t map_batch(struct domain *d, struct domain *fd,
			 const struct xen_add_to_physmap_batch *op, uint64_t *start)
{
	unsigned int budget = FOREIGN_PER_RUN;
	uint64_t i, idx, gfn;
	int err;

	for (i = *start; i < op->size; i++) {
		if (!budget--) {
			*start = i;
			return -ERESTART;
		}
		if (copy_from_guest_at(&idx, HANDLE_PTR(op->idxs), i, sizeof(idx)) ||
		    copy_from_guest_at(&gfn, HANDLE_PTR(op->gpfns), i, sizeof(gfn)))
			return -EFAULT;
		err = map_one(d, fd, idx, gfn);
		if (copy_to_guest_at(HANDLE_PTR(op->errs), i, &err, sizeof(err)))
			return -EFAULT;
	}
	return 0;
}

int64_t memory_add_to_physmap_batch(struct vcpu *v, guest_ptr_t arg, uint64_t *start)
{
	struct xen_add_to_physmap_batch op;
	struct domain *d, *fd;
	int64_t rc;
	int err;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.space != XENMAPSPACE_gmfn_foreign)
		return -ENOSYS;
	d = perms_get_domain(v, op.domid, &err);
	if (!d)
		return err;
	fd = perms_get_other(v, op.u.foreign_domid, &err);
	rc = fd ? map_batch(d, fd, &op, start) : err;
	if (fd)
		domain_put(fd);
	domain_put(d);
	return rc;
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

static int64_t map_grant_frames(struct domain *d, struct domain *fd,
				const struct xen_mem_acquire_resource *op, uint64_t *start)
{
	unsigned int budget = FOREIGN_PER_RUN;
	uint64_t i, gfn;
	int rc;

	if (op->frame + op->nr_frames < op->frame ||
	    op->frame + op->nr_frames > fd->max_grant_frames)
		return -EINVAL;
	for (i = *start; i < op->nr_frames; i++) {
		if (!budget--) {
			*start = i;
			return -ERESTART;
		}
		if (copy_from_guest_at(&gfn, HANDLE_PTR(op->frame_list), i, sizeof(gfn)))
			return -EFAULT;
		rc = map_grant_frame(d, fd, op->frame + i, gfn);
		if (rc)
			return rc;
	}
	return 0;
}

int64_t memory_acquire_resource(struct vcpu *v, guest_ptr_t arg, uint64_t *start)
{
	struct xen_mem_acquire_resource op;
	struct domain *d;
	int64_t rc;
	int err;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.pad)
		return -EINVAL;
	d = perms_get_other(v, op.domid, &err);
	if (!d)
		return err;
	if (op.type != XENMEM_resource_grant_table) {
		rc = -EOPNOTSUPP;
	} else if (op.id != XENMEM_resource_grant_table_id_shared) {
		rc = -EINVAL;
	} else if (op.nr_frames) {
		rc = map_grant_frames(v->d, d, &op, start);
	} else {
		op.nr_frames = d->max_grant_frames;
		rc = copy_to_guest(arg, &op, sizeof(op)) ? -EFAULT : 0;
	}
	domain_put(d);
	return rc;
}
