/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One loop for three formats: they differ in levels, index bits and entry size only. SMAP and SMEP are not
 * applied: we read on behalf of the guest's kernel, which has said so by calling us (docs/decisions.md).
 */
#include "core/guest_copy.h"
#include "core/guest_walk.h"

struct walk_format {
	uint8_t levels, index_bits, entry_size;
	uint8_t large_levels; /* bit n: level n may hold a large page */
	bool has_nx;
};

static const struct walk_format format_long = { 4, 9, 8, 1 << 2 | 1 << 3, true };
static const struct walk_format format_pae = { 3, 9, 8, 1 << 2, true };
static const struct walk_format format_legacy = { 2, 10, 4, 1 << 2, false };

static const struct walk_format *format_of(const struct hvm_mode *m)
{
	if (m->efer & EFER_LMA)
		return &format_long;
	return m->cr4 & X86_CR4_PAE ? &format_pae : &format_legacy;
}

static bool is_canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* May the access go through a path whose entries allow, all together, `rights`? */
static bool is_allowed(const struct hvm_mode *m, uint64_t rights, bool nx, uint32_t access)
{
	if ((access & PF_USER) && !(rights & PTE_U))
		return false;
	if ((access & PF_WRITE) && !(rights & PTE_W) && ((access & PF_USER) || (m->cr0 & X86_CR0_WP)))
		return false;
	return !((access & PF_FETCH) && nx && (m->efer & EFER_NXE));
}

/* A large page's frame: 4 MiB pages of 32-bit paging carry address bits 39:32 in 20:13 (PSE-36). */
static uint64_t large_base(const struct walk_format *f, uint64_t e, unsigned int shift)
{
	uint64_t base = e & PTE_ADDR & ~((1ULL << shift) - 1);

	if (f->entry_size == 4)
		base |= (e >> 13 & 0xff) << 32;
	return base;
}

int guest_walk(const struct hvm_mode *m, uint64_t va, uint32_t access, const struct walk_ops *ops, void *ctx,
	       uint64_t *gpa, uint32_t *pf_error)
{
	const struct walk_format *f;
	uint64_t rights = PTE_W | PTE_U, table = m->cr3 & PTE_ADDR, at = 0, e = 0;
	unsigned int level, shift = 0;
	bool nx = false;

	*pf_error = access;
	if (!(m->cr0 & X86_CR0_PG)) {
		*gpa = va & 0xffffffff;
		return 0;
	}
	f = format_of(m);
	if (f == &format_long ? !is_canonical(va) : va >> 32 != 0)
		return -EFAULT;
	if (f == &format_pae)
		table = m->cr3 & 0xffffffe0;
	for (level = f->levels; level > 0; level--) {
		shift = PAGE_SHIFT + (level - 1) * f->index_bits;
		at = table + ((va >> shift) & ((1u << f->index_bits) - 1)) * f->entry_size;
		e = 0;
		if (!ops->read(ctx, at, &e, f->entry_size) || !(e & PTE_P))
			return -EFAULT;
		if (f != &format_pae || level != 3) { /* a PAE PDPTE has no rights */
			rights &= e;
			nx |= f->has_nx && (e & PTE_NX);
		}
		if (level == 1 || ((e & PTE_PS) && (f->large_levels >> level & 1)))
			break;
		table = e & PTE_ADDR;
	}
	if (!is_allowed(m, rights, nx, access)) {
		*pf_error |= PF_PRESENT;
		return -EFAULT;
	}
	*gpa = (level == 1 ? e & PTE_ADDR : large_base(f, e, shift)) | (va & ((1ULL << shift) - 1));
	if ((access & PF_WRITE) && !(e & PTE_D) &&
	    !ops->set_bits(ctx, at, e, PTE_A | PTE_D, f->entry_size))
		return -EFAULT;
	return 0;
}
