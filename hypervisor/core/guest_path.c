/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways through a guest's page tables: walked with guest_walk(), remembered while they stand
 * (guest_path.h).
 */
#include "core/guest_path.h"
#include "core/guest_walk.h"

struct recorder {
	struct p2m *p;
	struct guest_path path;
};

static uint64_t load(uint64_t hpa, unsigned int size)
{
	const void *va = hpa_map(hpa);
	uint64_t value;

	if (size == 8)
		value = READ_ONCE(*(const uint64_t *)va);
	else
		value = READ_ONCE(*(const uint32_t *)va);
	frame_unmap(va);
	return value;
}

static bool read_entry(void *ctx, uint64_t gpa, void *dst, unsigned int size)
{
	struct recorder *r = ctx;
	struct p2m_spot s;
	uint64_t value;

	do {
		if (!p2m_locate(r->p, gpa, &s))
			return false;
		value = load(s.hpa, size);
	} while (!p2m_is_version(r->p, s.version));
	if (size == 8)
		*(uint64_t *)dst = value;
	else
		*(uint32_t *)dst = (uint32_t)value;
	if (s.version != r->path.version)
		r->path.version = 0; /* the p2m changed on the way: nothing to remember */
	r->path.gfns |= p2m_bit(gpa >> PAGE_SHIFT);
	r->path.entries[r->path.nr_entries].hpa = s.hpa;
	r->path.entries[r->path.nr_entries].value = value;
	r->path.nr_entries++;
	return true;
}

static bool set_bits(void *ctx, uint64_t gpa, uint64_t old, uint64_t bits, unsigned int size)
{
	struct recorder *r = ctx;
	uint32_t old32 = (uint32_t)old;
	void *va;
	mfn_t mfn;

	if (!p2m_get_page(r->p, GFN(gpa >> PAGE_SHIFT), true, &mfn, NULL))
		return false;
	va = (char *)frame_map(mfn) + gpa % PAGE_SIZE;
	/*
	 * Losing the race means that somebody changed the entry: the bits are then not ours to
	 * set.
	 */
	if (size == 8)
		(void)atomic_cmpxchg((uint64_t *)va, &old, old | bits);
	else
		(void)atomic_cmpxchg((uint32_t *)va, &old32, old32 | (uint32_t)bits);
	frame_unmap(va);
	page_put(mfn);
	r->path.entries[r->path.nr_entries - 1].value |= bits;
	return true;
}

static const struct walk_ops ops = { .read = read_entry, .set_bits = set_bits };

static int walk(struct guest_path *h, struct p2m *p, const struct hvm_mode *m, uint64_t va,
		uint32_t access, struct p2m_spot *s, uint32_t *pf_error)
{
	struct recorder r = { .p = p, .path.version = load_acquire(&p->version) };
	uint64_t gpa;

	if (guest_walk(m, va, access, &ops, &r, &gpa, pf_error) < 0 || !p2m_locate(p, gpa, s))
		return -EFAULT;
	if (s->version != r.path.version || !(m->efer & EFER_LMA) || !r.path.nr_entries)
		return 0; /* only long mode's ways are remembered, and those that lead over tables */
	for (; r.path.nr_entries < NR_PATH_ENTRIES; r.path.nr_entries++)
		r.path.entries[r.path.nr_entries] = r.path.entries[r.path.nr_entries - 1];
	r.path.va = va & PAGE_MASK;
	r.path.cr0 = m->cr0;
	r.path.cr3 = m->cr3;
	r.path.efer = m->efer;
	r.path.gfns |= p2m_bit(gpa >> PAGE_SHIFT);
	r.path.hpa = s->hpa & PAGE_MASK;
	r.path.access = access;
	r.path.writable = s->writable;
	*h = r.path;
	return 0;
}

int guest_path_find(struct guest_path *paths, struct p2m *p, const struct hvm_mode *m, uint64_t va,
		    uint32_t access, struct p2m_spot *s, uint32_t *pf_error)
{
	struct guest_path *h = guest_path_place(paths, va, m->cr3);

	if (likely(guest_path_is_good(h, p, m, va, access))) {
		*s = (struct p2m_spot){ h->version, h->hpa | va % PAGE_SIZE, h->writable };
		return 0;
	}
	return walk(h, p, m, va, access, s, pf_error);
}

int guest_path_translate(struct p2m *p, const struct hvm_mode *m, uint64_t va, uint32_t access,
			 uint64_t *gpa, uint32_t *pf_error)
{
	struct recorder r = { .p = p };

	return guest_walk(m, va, access, &ops, &r, gpa, pf_error);
}
