/* SPDX-License-Identifier: GPL-2.0-only */
/* domctl: how much memory a domain may have, and what the builder puts into it. */
#include "guest/domctl.h"
#include "guest/gnttab.h"

#define LOAD_PAGES_PER_RUN 128

int domctl_max_mem(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	uint64_t pages = op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10);

	spin_lock(&d->lock);
	d->max_pages = (uint32_t)min(pages, (uint64_t)UINT32_MAX);
	WRITE_ONCE(d->p2m.max_tables, p2m_max_tables(d->max_pages));
	spin_unlock(&d->lock);
	return 0;
}

int domctl_get_mempool(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	return -EOPNOTSUPP;
}

/* Tables come from the hypervisor's heap as they are needed; there is no pool to be sized. */
int domctl_set_mempool(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	return 0;
}

static int load_page(struct domain *d, uint64_t gpa, guest_ptr_t src, size_t len)
{
	struct p2m_entry e;
	mfn_t mfn;
	char *va;
	int rc = 0;

	if (guest_ptr_null(src))
		return copy_to_gpa(d, gpa, NULL, len) ? -EINVAL : 0;
	if (!p2m_get_page(&d->p2m, GFN(gpa >> PAGE_SHIFT), true, &mfn, &e))
		return -EINVAL;
	va = frame_map(mfn);
	if (e.type == P2M_RAM)
		rc = copy_from_guest(va + (gpa & ~PAGE_MASK), src, len);
	else
		rc = -EINVAL;
	frame_unmap(va);
	page_put(mfn);
	return rc;
}

/* A page at a time; the struct says how far we are, in the middle as at the end. */
int domctl_hl_load(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_hl_load *l = &op->u.hl_load;
	unsigned int budget = LOAD_PAGES_PER_RUN;
	guest_ptr_t src = HANDLE_PTR(l->src);
	uint64_t n;
	int rc;

	if (l->gpa + l->size < l->gpa || (l->gpa + l->size) >> PAGE_SHIFT > P2M_MAX_GFN)
		return -EINVAL;
	while (l->size) {
		if (!budget--)
			return -ERESTART;
		n = min(l->size, PAGE_SIZE - (l->gpa & ~PAGE_MASK));
		rc = load_page(d, l->gpa, src, n);
		if (rc)
			return rc;
		if (!guest_ptr_null(src))
			src = guest_ptr_add(src, n);
		set_xen_guest_handle_raw(l->src, (void *)src.va);
		l->gpa += n;
		l->size -= n;
	}
	return 0;
}

int domctl_hl_grant_seed(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_hl_grant_seed *s = &op->u.hl_grant_seed;

	if (s->pad || (s->ref != GNTTAB_RESERVED_CONSOLE && s->ref != GNTTAB_RESERVED_XENSTORE))
		return -EINVAL;
	return gnttab_seed(d, s->ref, s->domid, s->gfn);
}

int domctl_hl_hvm_params(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_hl_hvm_params *h = &op->u.hl_hvm_params;
	uint32_t nr = h->nr, done;
	struct xen_domctl_hl_param p;
	int rc = 0;

	if (nr > XEN_DOMCTL_HL_MAX_PARAMS || h->pad)
		return -EINVAL;
	for (done = 0; !rc && done < nr; done++) {
		rc = copy_from_guest_at(&p, HANDLE_PTR(h->params), done, sizeof(p));
		if (!rc)
			rc = p.pad ? -EINVAL : hvm_param_set(d, p.index, p.value, false);
	}
	h->nr = rc ? done - 1 : done;
	return rc;
}
