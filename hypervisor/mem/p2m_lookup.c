/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lookups, without a lock. The walk reads one word per level. Meanwhile a writer may take an
 * entry or a table out of the tree and use the table elsewhere in it: it then raises `version`,
 * and we start over. A table is never given back to the heap while the domain lives, so every
 * word read is one of this tree's.
 *
 * The same number makes a cache safe: each CPU remembers the entries it met last, large and small
 * ones apart, with the version they were read at. Versions are unique among all p2ms, so one
 * comparison tells whether a memory still holds.
 */
#include "mem/p2m_entry.h"
#include "x86/cpu.h"

struct hint {
	uint64_t version;
	uint64_t tag;	/* gfn; of large ones gfn >> 9 */
	uint64_t entry;	/* of 4 KiB or 2 MiB; the part in question of a 1 GiB entry */
};

#define NR_LARGE 8
#define NR_SMALL 16
static DEFINE_PERCPU(struct hint, large_hints[NR_LARGE]);
static DEFINE_PERCPU(struct hint, small_hints[NR_SMALL]);

static struct p2m_place walk_steadily(const struct p2m *p, uint64_t gfn, uint64_t *version)
{
	struct p2m_place w;

	do {
		*version = load_acquire(&p->version);
		w = p2m_walk(p->root, gfn);
	} while (!p2m_is_version(p, *version));
	return w;
}

struct p2m_entry p2m_lookup(const struct p2m *p, gfn_t gfn)
{
	struct p2m_place w;
	uint64_t version;

	if (gfn.n > P2M_MAX_GFN)
		return (struct p2m_entry){ .mfn = INVALID_MFN, .type = P2M_NONE };
	w = walk_steadily(p, gfn.n, &version);
	return place_entry(&w, gfn.n);
}

/* What was found, good while `version` stands. */
struct found {
	uint64_t version;
	uint64_t entry; /* a leaf or 0 */
	mfn_t mfn;
	unsigned int order;
};

static inline struct hint *large_hint(uint64_t gfn)
{
	return &this_cpu(large_hints[(gfn >> PAGE_ORDER_2M) % NR_LARGE]);
}

static inline struct hint *small_hint(uint64_t gfn)
{
	return &this_cpu(small_hints[gfn % NR_SMALL]);
}

static struct found find_by_walk(const struct p2m *p, uint64_t gfn)
{
	struct found f = { 0 };
	struct p2m_place w;

	if (gfn > P2M_MAX_GFN)
		return f;
	w = walk_steadily(p, gfn, &f.version);
	f.entry = w.entry;
	f.mfn = place_mfn(&w, gfn);
	f.order = level_order(w.level);
	if (!w.entry)
		return f; /* not to be remembered: filling a hole makes no new version */
	if (w.level == 1)
		*small_hint(gfn) = (struct hint){ f.version, gfn, f.entry };
	else
		*large_hint(gfn) = (struct hint){ f.version, gfn >> PAGE_ORDER_2M, f.entry +
			((f.mfn.n & ~511ULL) - entry_mfn(f.entry).n) * PAGE_SIZE };
	return f;
}

static inline bool is_good(const struct p2m *p, struct hint *h, uint64_t tag, uint64_t gfn)
{
	return likely(h->tag == tag) && (likely(h->version == load_acquire(&p->version)) ||
					 p2m_renew(p, &h->version, p2m_bit(gfn)));
}

static inline struct found find(const struct p2m *p, uint64_t gfn)
{
	struct hint *h = large_hint(gfn);

	if (is_good(p, h, gfn >> PAGE_ORDER_2M, gfn))
		return (struct found){ h->version, h->entry,
				       mfn_add(entry_mfn(h->entry), gfn % P2M_SLOTS), 9 };
	h = small_hint(gfn);
	if (is_good(p, h, gfn, gfn))
		return (struct found){ h->version, h->entry, entry_mfn(h->entry), 0 };
	return find_by_walk(p, gfn);
}

/* What a guest's own access reaches. */
#define BIT(type) (1u << (type))
#define WRITABLE  (BIT(P2M_RAM) | BIT(P2M_SHARED) | BIT(P2M_FOREIGN) | BIT(P2M_GRANT_RW))
#define READABLE  (WRITABLE | BIT(P2M_GRANT_RO))

static inline bool is_among(unsigned int types, uint64_t entry)
{
	return types >> entry_type(entry) & 1;
}

bool p2m_get_page(struct p2m *p, gfn_t gfn, bool write, mfn_t *mfn, struct p2m_entry *entry)
{
	unsigned int allowed = write ? WRITABLE : READABLE;
	struct found f;
	bool got;

	for (;;) {
		f = find(p, gfn.n);
		if (!is_among(allowed, f.entry))
			return false;
		got = page_get_mapped(f.mfn);
		/*
		 * Nothing left the tree? Then the entry's own reference was there all along, and
		 * ours is right.
		 */
		if (p2m_is_version(p, f.version))
			break;
		if (got)
			page_put(f.mfn);
	}
	if (!got)
		return false; /* PAGE_COUNT_MAX */
	*mfn = f.mfn;
	if (entry)
		*entry = (struct p2m_entry){ f.mfn, entry_type(f.entry), (uint8_t)f.order };
	return true;
}

bool p2m_locate(const struct p2m *p, uint64_t gpa, struct p2m_spot *s)
{
	struct found f = find(p, gpa >> PAGE_SHIFT);

	*s = (struct p2m_spot){ f.version, f.mfn.n << PAGE_SHIFT | gpa % PAGE_SIZE,
				is_among(WRITABLE, f.entry) };
	return is_among(READABLE, f.entry);
}

bool p2m_renew(const struct p2m *p, uint64_t *version, uint64_t gfns)
{
	uint64_t last = load_acquire(&p->version), nr = last - *version, gfn;

	if (nr >= P2M_CHANGES)
		return false;
	for (; nr; nr--) {
		gfn = READ_ONCE(p->changed[(*version + nr) % P2M_CHANGES]);
		if (gfn == ANY_GFN || gfns & p2m_bit(gfn))
			return false;
	}
	/* A change is noted before its version counts: was a place that we read taken anew? */
	if (load_acquire(&p->version) - *version >= P2M_CHANGES)
		return false;
	*version = last;
	return true;
}
