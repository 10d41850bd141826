/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways through a guest's page tables: walked with guest_walk(), remembered while they stand
 * (guest_path.h).
 */
#include "core/guest_path.h"
#include "core/guest_walk.h"
#include "lib/atomic.h"
#include "lib/errno.h"
#include "x86/cr.h"
#include "x86/msr.h"

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

/* What else a walk depends on. Only long mode is remembered: 0 for the others. */
static uint64_t mode_of(const struct hvm_mode *m)
{
	if (!(m->efer & EFER_LMA))
		return 0;
	return (m->cr0 & (CR0_PG | CR0_WP)) | (m->efer & EFER_NXE) << 32;
}

static inline bool is_good(const struct guest_path *h, uint64_t version, const struct hvm_mode *m,
			   uint64_t page, uint32_t access)
{
	unsigned int i;

	if (h->va != page || h->version != version || h->cr3 != m->cr3 || h->mode != mode_of(m) ||
	    h->access != access)
		return false;
	for (i = 0; i < h->nr_entries; i++)
		if (load(h->entries[i].hpa, 8) != h->entries[i].value)
			return false;
	return true;
}

static int walk(struct guest_path *h, struct p2m *p, const struct hvm_mode *m, uint64_t va,
		uint32_t access, struct p2m_spot *s, uint32_t *pf_error)
{
	struct recorder r = { .p = p, .path.version = load_acquire(&p->version) };
	uint64_t gpa;

	if (guest_walk(m, va, access, &ops, &r, &gpa, pf_error) < 0 || !p2m_locate(p, gpa, s))
		return -EFAULT;
	if (s->version != r.path.version || !mode_of(m))
		return 0;
	r.path.va = va & PAGE_MASK;
	r.path.cr3 = m->cr3;
	r.path.mode = mode_of(m);
	r.path.hpa = s->hpa & PAGE_MASK;
	r.path.access = access;
	r.path.writable = s->writable;
	*h = r.path;
	return 0;
}

int guest_path_find(struct guest_path *paths, struct p2m *p, const struct hvm_mode *m, uint64_t va,
		    uint32_t access, struct p2m_spot *s, uint32_t *pf_error)
{
	/*
	 * The two kinds of access to a page have places of their own, and so have neighbouring
	 * pages.
	 */
	struct guest_path *h = &paths[((va >> PAGE_SHIFT) ^ (access >> 1)) % NR_GUEST_PATHS];
	uint64_t version = load_acquire(&p->version);

	if (likely(is_good(h, version, m, va & PAGE_MASK, access))) {
		*s = (struct p2m_spot){ version, h->hpa | va % PAGE_SIZE, h->writable };
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
