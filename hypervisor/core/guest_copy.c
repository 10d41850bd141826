/* SPDX-License-Identifier: GPL-2.0-only */
/* The door to guest memory: page by page, translate, reference, map, copy, let go. */
#include "core/guest_copy.h"
#include "core/guest_walk.h"
#include "lib/atomic.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "x86/cr.h"

/* Run fn on the bytes [gpa, gpa + len) of one page. */
static bool with_page(struct p2m *p2m, uint64_t gpa, bool write, void **va, mfn_t *mfn)
{
	if (!p2m_get_page(p2m, GFN(gpa >> PAGE_SHIFT), write, mfn, NULL))
		return false;
	*va = (char *)frame_map(*mfn) + (gpa & ~PAGE_MASK);
	return true;
}

static void done_with_page(void *va, mfn_t mfn)
{
	frame_unmap(va);
	page_put(mfn);
}

static bool walk_read(void *ctx, uint64_t gpa, void *dst, unsigned int size)
{
	return p2m_read(ctx, gpa, dst, size);
}

static bool walk_set_bits(void *ctx, uint64_t gpa, uint64_t old, uint64_t bits, unsigned int size)
{
	uint32_t old32 = (uint32_t)old;
	void *va;
	mfn_t mfn;

	if (!with_page(ctx, gpa, true, &va, &mfn))
		return false;
	/* Losing the race means that somebody changed the entry: the bits are then not ours to set. */
	if (size == 8)
		(void)atomic_cmpxchg((uint64_t *)va, &old, old | bits);
	else
		(void)atomic_cmpxchg((uint32_t *)va, &old32, old32 | (uint32_t)bits);
	done_with_page(va, mfn);
	return true;
}

static const struct walk_ops walk_ops = { .read = walk_read, .set_bits = walk_set_bits };

int guest_translate(struct vcpu *v, uint64_t va, uint32_t access, uint64_t *gpa, uint32_t *pf_error)
{
	struct hvm_mode mode;
	uint32_t ignored;

	hvm_ops->get_mode(&v->hvm, &mode);
	return guest_walk(&mode, va, access, &walk_ops, &v->d->p2m, gpa, pf_error ? pf_error : &ignored);
}

enum direction { FROM_GUEST, TO_GUEST };

static void move(void *page, void *ours, size_t len, enum direction dir)
{
	if (dir == FROM_GUEST)
		memcpy(ours, page, len);
	else if (ours)
		memcpy(page, ours, len);
	else
		memset(page, 0, len);
}

static int copy_virtual(uint64_t va, void *ours, size_t len, enum direction dir)
{
	struct vcpu *v = current_vcpu();
	struct hvm_mode mode;

	if (va + len < va)
		return -EFAULT;
	hvm_ops->get_mode(&v->hvm, &mode);
	while (len > 0) {
		size_t chunk = min(len, PAGE_SIZE - (va & ~PAGE_MASK));
		uint32_t pf_error;
		uint64_t gpa;
		void *page;
		mfn_t mfn;

		if (guest_walk(&mode, va, dir == TO_GUEST ? PF_WRITE : 0, &walk_ops, &v->d->p2m, &gpa,
			       &pf_error) < 0 ||
		    !with_page(&v->d->p2m, gpa, dir == TO_GUEST, &page, &mfn))
			return -EFAULT;
		move(page, ours, chunk, dir);
		done_with_page(page, mfn);
		if (ours)
			ours = (char *)ours + chunk;
		va += chunk;
		len -= chunk;
	}
	return 0;
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
	if (gpa + len < gpa)
		return -EFAULT;
	while (len > 0) {
		size_t chunk = min(len, PAGE_SIZE - (gpa & ~PAGE_MASK));
		void *page;
		mfn_t mfn;

		if (!with_page(&d->p2m, gpa, dir == TO_GUEST, &page, &mfn))
			return -EFAULT;
		move(page, ours, chunk, dir);
		done_with_page(page, mfn);
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

unsigned int guest_fetch(struct vcpu *v, uint8_t *buf, unsigned int max)
{
	struct hvm_mode mode;
	unsigned int n = 0;
	uint64_t va;

	hvm_ops->get_mode(&v->hvm, &mode);
	va = mode.long_cs ? v->hvm.rip : (uint32_t)(mode.cs_base + v->hvm.rip);
	while (n < max) {
		unsigned int chunk = (unsigned int)min((uint64_t)(max - n), PAGE_SIZE - (va & ~PAGE_MASK));
		uint32_t access = PF_FETCH | (mode.cpl == 3 ? PF_USER : 0), pf_error;
		uint64_t gpa;

		if (guest_walk(&mode, va, access, &walk_ops, &v->d->p2m, &gpa, &pf_error) < 0 ||
		    copy_physical(v->d, gpa, buf + n, chunk, FROM_GUEST) < 0)
			break;
		n += chunk;
		va += chunk;
	}
	return n;
}
