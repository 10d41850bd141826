/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mapping granted pages: pin in the owner's table, handle in the mapper's, entry in its p2m;
 * unmapping goes back the same way, with one TLB flush for a batch between the p2m and everything
 * else. Mapping needs none where there was nothing, and one for a batch where it replaced entries of
 * devices, which keep no reference that would have to wait for it.
 */
#include "guest/gnttab.h"

#define OPS_PER_RUN 64
#define DESTROY_PER_RUN 64
#define HANDLES_PER_RUN 1024 /* looked at by destroy */

static enum p2m_type map_type(bool readonly)
{
	return readonly ? P2M_GRANT_RO : P2M_GRANT_RW;
}

/* m->rd and m->ref are pinned and referenced; on failure all of that is still the caller's. */
static int map_pinned(struct domain *ld, const struct maptrack *m, grant_handle_t *handle)
{
	int64_t h = gnttab_track_new(ld, m);
	int rc;

	if (h < 0)
		return GNTST_no_space;
	rc = p2m_map(&ld->p2m, GFN(m->gfn), m->mfn, 0, map_type(m->readonly));
	if (rc) {
		gnttab_track_free(ld, (uint32_t)h);
		return rc == -ENOMEM ? GNTST_no_space : GNTST_bad_virt_addr;
	}
	gnttab_track_ready(ld, (uint32_t)h);
	*handle = (uint32_t)h;
	return GNTST_okay;
}

static int map_from(struct domain *ld, struct domain *rd, struct gnttab_map_grant_ref *op)
{
	struct maptrack m = {
		.rd = rd,
		.gfn = op->host_addr >> PAGE_SHIFT,
		.ref = op->ref,
		.readonly = op->flags & GNTMAP_readonly,
	};
	int rc = gnttab_pin(rd, ld->id, op->ref, m.readonly, &m.mfn);

	if (rc)
		return rc;
	rc = map_pinned(ld, &m, &op->handle);
	if (rc) {
		gnttab_unpin(rd, op->ref, m.readonly);
		page_put(m.mfn);
		return rc;
	}
	op->dev_bus_addr = m.mfn.n << PAGE_SHIFT;
	return GNTST_okay;
}

static int map_one(struct domain *ld, struct gnttab_map_grant_ref *op)
{
	struct domain *rd;
	int rc;

	/* With an IOMMU devices reach whatever is mapped; without one they cannot be given this one page. */
	if ((op->flags & GNTMAP_device_map) && !ld->p2m.iommu_flush)
		return GNTST_no_device_space;
	if (!(op->flags & GNTMAP_host_map) ||
	    (op->flags & (GNTMAP_application_map | GNTMAP_contains_pte)))
		return GNTST_bad_gntref;
	if (op->host_addr >> PAGE_SHIFT > P2M_MAX_GFN)
		return GNTST_bad_virt_addr;
	rd = domain_get(op->dom);
	if (!rd)
		return GNTST_bad_domain;
	rc = map_from(ld, rd, op);
	if (rc)
		domain_put(rd); /* else the handle keeps it */
	return rc;
}

static int64_t map_some(struct domain *d, guest_ptr_t ops, uint32_t count, uint32_t *done)
{
	struct gnttab_map_grant_ref op;

	for (*done = 0; *done < count; (*done)++) {
		if (*done == OPS_PER_RUN)
			return -ERESTART;
		if (copy_from_guest_at(&op, ops, *done, sizeof(op)))
			return -EFAULT;
		op.status = (int16_t)map_one(d, &op);
		if (copy_to_guest_at(ops, *done, &op, sizeof(op)))
			return -EFAULT;
	}
	return 0;
}

int64_t gnttab_op_map(struct vcpu *v, guest_ptr_t ops, uint32_t count, uint32_t *done)
{
	struct p2m *p = &v->d->p2m;
	uint64_t version = load_acquire(&p->version); /* filling a hole makes no new one */
	int64_t rc = map_some(v->d, ops, count, done);

	if (!p2m_is_version(p, version))
		p2m_flush(p);
	return rc;
}

/* A mapping on its way out: its p2m entry is gone, the flush is still owed. */
struct leaving {
	struct maptrack m;
	uint32_t handle;
	bool had_entry;
};

/* -ENOMEM: no table to split a large entry; nothing has changed. */
static int leave_begin(struct domain *ld, struct leaving *l)
{
	struct p2m_entry e = { l->m.mfn, map_type(l->m.readonly), 0 };
	int rc = p2m_unmap(&ld->p2m, GFN(l->m.gfn), e);

	l->had_entry = rc == 0;
	return rc == -ENOMEM ? rc : 0;
}

/* The pin goes first: as long as it names the frame, the frame must not become another one's. */
static void leave_end(struct domain *ld, const struct leaving *l)
{
	gnttab_unpin(l->m.rd, l->m.ref, l->m.readonly);
	if (l->had_entry)
		page_put(l->m.mfn);
	gnttab_track_free(ld, l->handle);
	domain_put(l->m.rd);
}

static void leave_all(struct domain *ld, struct leaving *list, unsigned int nr)
{
	if (nr)
		p2m_flush(&ld->p2m);
	for (unsigned int i = 0; i < nr; i++)
		leave_end(ld, &list[i]);
}

static int unmap_one(struct domain *ld, const struct gnttab_unmap_grant_ref *op, struct leaving *l)
{
	int rc = gnttab_track_take(ld, op->handle, op->host_addr >> PAGE_SHIFT, &l->m);

	if (rc)
		return rc;
	l->handle = op->handle;
	if (leave_begin(ld, l)) {
		gnttab_track_ready(ld, op->handle);
		return GNTST_no_space;
	}
	return GNTST_okay;
}

int64_t gnttab_op_unmap(struct vcpu *v, guest_ptr_t ops, uint32_t count, uint32_t *done)
{
	struct leaving list[OPS_PER_RUN];
	struct gnttab_unmap_grant_ref op;
	unsigned int nr = 0;
	int64_t rc = 0;

	for (*done = 0; !rc && *done < count; (*done)++) {
		if (*done == OPS_PER_RUN) {
			rc = -ERESTART;
			break;
		}
		if (copy_from_guest_at(&op, ops, *done, sizeof(op))) {
			rc = -EFAULT;
			break;
		}
		op.status = (int16_t)unmap_one(v->d, &op, &list[nr]);
		nr += op.status == GNTST_okay;
		if (copy_to_guest_at(ops, *done, &op, sizeof(op)))
			rc = -EFAULT;
	}
	leave_all(v->d, list, nr);
	return rc;
}

int gnttab_destroy(struct domain *d)
{
	struct gnttab *t = d->gnttab;
	struct leaving list[DESTROY_PER_RUN];
	unsigned int nr = 0, looked_at = 0;
	struct leaving *l;
	uint32_t end;

	if (!t)
		return 0;
	end = t->nr_track_pages * MAPTRACK_PER_PAGE;
	while (t->nr_handles && t->destroy_handle < end && nr < DESTROY_PER_RUN &&
	       looked_at++ < HANDLES_PER_RUN) {
		l = &list[nr];
		l->handle = t->destroy_handle++;
		if (gnttab_track_take(d, l->handle, ~0ULL, &l->m))
			continue;
		(void)leave_begin(d, l); /* an entry that stays goes with the p2m */
		nr++;
	}
	leave_all(d, list, nr);
	return t->nr_handles && t->destroy_handle < end ? -ERESTART : 0;
}
