/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copying between granted pages and one's own: each side is a grant reference of some domain or a
 * page of the caller, in use only for the moment of the copy.
 */
#include "guest/gnttab.h"

#define COPIES_PER_RUN 32

/* One side of a copy, and the domain looked up last: a batch is mostly about one. */
struct side {
	struct domain *d;
	mfn_t mfn;
	uint32_t ref;
	bool is_ref, readonly;
};

static int side_find_domain(struct domain *ld, struct side *s, domid_t id)
{
	if (id == DOMID_SELF)
		id = ld->id;
	if (s->d && s->d->id == id)
		return GNTST_okay;
	if (s->d)
		domain_put(s->d);
	s->d = domain_get(id);
	return s->d ? GNTST_okay : GNTST_bad_domain;
}

static __inlined int side_open(struct domain *ld, struct side *s, const struct gnttab_copy_ptr *p,
		     bool is_ref, bool readonly)
{
	struct p2m_entry e;
	int rc;

	s->is_ref = is_ref;
	s->readonly = readonly;
	if (is_ref) {
		rc = side_find_domain(ld, s, p->domid);
		s->ref = p->u.ref;
		return rc ? rc : gnttab_pin(s->d, ld->id, s->ref, readonly, &s->mfn);
	}
	if (p->domid != DOMID_SELF && p->domid != ld->id)
		return GNTST_permission_denied;
	if (p->u.gmfn > P2M_MAX_GFN ||
	    !p2m_get_page(&ld->p2m, GFN(p->u.gmfn), !readonly, &s->mfn, &e))
		return GNTST_bad_page;
	return GNTST_okay;
}

static void side_close(struct side *s)
{
	if (s->is_ref)
		gnttab_unpin(s->d, s->ref, s->readonly); /* before the page, which the pin names */
	page_put(s->mfn);
}

static void copy_open(const struct side *src, const struct side *dst, const struct gnttab_copy *op)
{
	const uint8_t *from = frame_map(src->mfn);
	uint8_t *to = frame_map(dst->mfn);

	memcpy(to + op->dest.offset, from + op->source.offset, op->len);
	frame_unmap(to);
	frame_unmap(from);
}

static int copy_one(struct domain *ld, struct side *src, struct side *dst,
		    const struct gnttab_copy *op)
{
	int rc;

	if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)
		return GNTST_bad_copy_arg;
	rc = side_open(ld, src, &op->source, op->flags & GNTCOPY_source_gref, true);
	if (rc)
		return rc;
	rc = side_open(ld, dst, &op->dest, op->flags & GNTCOPY_dest_gref, false);
	if (!rc) {
		copy_open(src, dst, op);
		side_close(dst);
	}
	side_close(src);
	return rc;
}

int64_t gnttab_op_copy(struct vcpu *v, guest_ptr_t ops, uint32_t count, uint32_t *done)
{
	struct side src = { 0 }, dst = { 0 };
	struct gnttab_copy op;
	int64_t rc = 0;

	for (*done = 0; !rc && *done < count; (*done)++) {
		if (*done == COPIES_PER_RUN) {
			rc = -ERESTART;
			break;
		}
		if (copy_from_guest_at(&op, ops, *done, sizeof(op))) {
			rc = -EFAULT;
			break;
		}
		op.status = (int16_t)copy_one(v->d, &src, &dst, &op);
		if (copy_to_guest_at(ops, *done, &op, sizeof(op)))
			rc = -EFAULT;
	}
	if (src.d)
		domain_put(src.d);
	if (dst.d)
		domain_put(dst.d);
	return rc;
}
