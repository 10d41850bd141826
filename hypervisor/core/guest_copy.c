/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The door to guest memory: page by page, find the frame, map it, copy, make sure that it was the
 * right one.
 */
#include "core/guest_copy.h"

int guest_translate(struct vcpu *v, uint64_t va, uint32_t access, uint64_t *gpa, uint32_t *pf_error)
{
	struct hvm_mode mode;
	uint32_t ignored;

	hvm_ops->get_mode(&v->hvm, &mode);
	return guest_path_translate(&v->d->p2m, &mode, va, access, gpa,
				    pf_error ? pf_error : &ignored);
}

enum direction { FROM_GUEST, TO_GUEST };

static __inlined void move(void *page, void *ours, size_t len, enum direction dir)
{
	if (dir == FROM_GUEST)
		memcpy(ours, page, len);
	else if (ours)
		memcpy(page, ours, len);
	else
		memset(page, 0, len);
}

/*
 * Copy within one page. A read takes no reference: had the frame become another's meanwhile, the
 * version would tell, and what was read is thrown away. False: start over, the p2m has changed.
 */
static __inlined bool copy_spot(struct p2m *p2m, const struct p2m_spot *s, void *ours, size_t len,
				enum direction dir)
{
	mfn_t mfn = MFN(s->hpa >> PAGE_SHIFT);
	void *page = hpa_map(s->hpa);
	bool got, ok;

	if (dir == FROM_GUEST) {
		move(page, ours, len, dir);
		frame_unmap(page);
		return p2m_is_version(p2m, s->version);
	}
	got = page_get_mapped(mfn);
	ok = got && p2m_is_version(p2m, s->version);
	if (ok)
		move(page, ours, len, dir);
	frame_unmap(page);
	if (got)
		page_put(mfn);
	return ok;
}

/* Of a page that every reference is in use for, nothing can be said but that it is not there. */
static bool is_exhausted(const struct p2m_spot *s)
{
	return page_count(MFN(s->hpa >> PAGE_SHIFT)) == PAGE_COUNT_MAX;
}

static int copy_page(struct vcpu *v, const struct hvm_mode *mode, uint64_t va, uint32_t access,
		     void *ours, size_t len, enum direction dir)
{
	struct p2m_spot s;
	uint32_t pf_error;

	do {
		if (guest_path_find(v->paths, &v->d->p2m, mode, va, access, &s, &pf_error) < 0 ||
		    (dir == TO_GUEST && (!s.writable || is_exhausted(&s))))
			return -EFAULT;
	} while (!copy_spot(&v->d->p2m, &s, ours, len, dir));
	return 0;
}

static __outlined int copy_pages(struct vcpu *v, const struct hvm_mode *mode, uint64_t va,
				 void *ours, size_t len, enum direction dir)
{
	while (len > 0) {
		size_t chunk = min(len, PAGE_SIZE - (va & ~PAGE_MASK));

		if (copy_page(v, mode, va, dir == TO_GUEST ? PF_WRITE : 0, ours, chunk, dir) < 0)
			return -EFAULT;
		if (ours)
			ours = (char *)ours + chunk;
		va += chunk;
		len -= chunk;
	}
	return 0;
}

/* What nearly every copy is: within a page whose way is remembered. False: it is not. */
static __inlined bool copy_remembered(struct vcpu *v, const struct hvm_mode *mode, uint64_t va,
				      void *ours, size_t len, enum direction dir)
{
	uint32_t access = dir == TO_GUEST ? PF_WRITE : 0;
	struct guest_path *h = guest_path_place(v->paths, va, mode->cr3);
	struct p2m_spot s;

	if (va % PAGE_SIZE + len > PAGE_SIZE || !guest_path_is_good(h, &v->d->p2m, mode, va, access))
		return false;
	s = (struct p2m_spot){ h->version, h->hpa | va % PAGE_SIZE, h->writable };
	return (dir == FROM_GUEST || h->writable) && copy_spot(&v->d->p2m, &s, ours, len, dir);
}

static __inlined int copy_virtual(uint64_t va, void *ours, size_t len, enum direction dir)
{
	struct vcpu *v = current_vcpu();

	if (va + len < va)
		return -EFAULT;
	if (likely(copy_remembered(v, &v->mode, va, ours, len, dir)))
		return 0;
	return copy_pages(v, &v->mode, va, ours, len, dir);
}

int copy_from_guest(void *dst, guest_ptr_t src, size_t len)
{
	return copy_virtual(src.va, dst, len, FROM_GUEST);
}

int copy_to_guest(guest_ptr_t dst, const void *src, size_t len)
{
	return copy_virtual(dst.va, (void *)src, len, TO_GUEST);
}

int clear_guest(guest_ptr_t dst, size_t len)
{
	return copy_virtual(dst.va, NULL, len, TO_GUEST);
}

/* The address of element i, or false when it leaves the 64-bit space. */
static bool element(guest_ptr_t base, uint64_t i, size_t elem_size, guest_ptr_t *at)
{
	uint64_t offset;

	return !__builtin_mul_overflow(i, elem_size, &offset) &&
	       !__builtin_add_overflow(base.va, offset, &at->va);
}

int copy_from_guest_at(void *dst, guest_ptr_t base, uint64_t i, size_t elem_size)
{
	guest_ptr_t at;

	return element(base, i, elem_size, &at) ? copy_from_guest(dst, at, elem_size) : -EFAULT;
}

int copy_to_guest_at(guest_ptr_t base, uint64_t i, const void *src, size_t elem_size)
{
	guest_ptr_t at;

	return element(base, i, elem_size, &at) ? copy_to_guest(at, src, elem_size) : -EFAULT;
}

static int copy_physical(struct domain *d, uint64_t gpa, void *ours, size_t len, enum direction dir)
{
	struct p2m_spot s;

	if (gpa + len < gpa)
		return -EFAULT;
	while (len > 0) {
		size_t chunk = min(len, PAGE_SIZE - (gpa & ~PAGE_MASK));

		do {
			if (!p2m_locate(&d->p2m, gpa, &s) ||
			    (dir == TO_GUEST && (!s.writable || is_exhausted(&s))))
				return -EFAULT;
		} while (!copy_spot(&d->p2m, &s, ours, chunk, dir));
		if (ours)
			ours = (char *)ours + chunk;
		gpa += chunk;
		len -= chunk;
	}
	return 0;
}

int copy_from_gpa(struct domain *d, void *dst, uint64_t gpa, size_t len)
{
	return copy_physical(d, gpa, dst, len, FROM_GUEST);
}

int copy_to_gpa(struct domain *d, uint64_t gpa, const void *src, size_t len)
{
	return copy_physical(d, gpa, (void *)src, len, TO_GUEST);
}

unsigned int guest_fetch(struct vcpu *v, const struct hvm_mode *mode, uint8_t *buf, unsigned int max)
{
	uint64_t va = mode->long_cs ? v->hvm.rip : (uint32_t)(mode->cs_base + v->hvm.rip);
	unsigned int n = 0;

	while (n < max) {
		unsigned int chunk =
			(unsigned int)min((uint64_t)(max - n), PAGE_SIZE - (va & ~PAGE_MASK));
		uint32_t access = PF_FETCH | (mode->cpl == 3 ? PF_USER : 0);

		if (copy_page(v, mode, va, access, buf + n, chunk, FROM_GUEST) < 0)
			break;
		n += chunk;
		va += chunk;
	}
	return n;
}
