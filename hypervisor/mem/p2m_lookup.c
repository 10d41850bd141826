/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lookups, without a lock. The walk reads one word per level. Meanwhile a writer may take a table out of
 * the tree and use it elsewhere in it: it then raises retire_seq first, and we start over. A table is
 * never given back to the heap while the domain lives, so every word read is one of this tree's.
 */
#include "lib/bug.h"
#include "mem/p2m_entry.h"

static inline struct p2m_place walk_steadily(const struct p2m *p, uint64_t gfn)
{
	struct p2m_place w;
	uint32_t seq;

	do {
		seq = load_acquire(&p->retire_seq);
		w = p2m_walk(p->root, gfn);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (unlikely(READ_ONCE(p->retire_seq) != seq));
	return w;
}

struct p2m_entry p2m_lookup(const struct p2m *p, gfn_t gfn)
{
	struct p2m_place w;

	if (gfn.n > P2M_MAX_GFN)
		return (struct p2m_entry){ .mfn = INVALID_MFN, .type = P2M_NONE };
	w = walk_steadily(p, gfn.n);
	return place_entry(&w, gfn.n);
}

#define BIT(type) (1u << (type))
#define WRITABLE  (BIT(P2M_RAM) | BIT(P2M_SHARED) | BIT(P2M_FOREIGN) | BIT(P2M_GRANT_RW))
#define READABLE  (WRITABLE | BIT(P2M_RAM_RO) | BIT(P2M_GRANT_RO))

bool p2m_get_page(struct p2m *p, gfn_t gfn, bool write, mfn_t *mfn, struct p2m_entry *entry)
{
	unsigned int allowed = write ? WRITABLE : READABLE;
	struct p2m_place w;
	bool got;
	mfn_t m;

	if (gfn.n > P2M_MAX_GFN)
		return false;
	for (;;) {
		w = walk_steadily(p, gfn.n);
		if (!(allowed >> entry_type(w.entry) & 1))
			return false;
		m = place_mfn(&w, gfn.n);
		got = page_get_mapped(m);
		/* Still the same place and entry? Then its reference was there all along, and ours is right. */
		if (likely(READ_ONCE(*w.slot) == w.entry))
			break;
		if (got)
			page_put(m);
	}
	if (!got)
		return false; /* PAGE_COUNT_MAX */
	*mfn = m;
	if (entry)
		*entry = place_entry(&w, gfn.n);
	return true;
}

static uint64_t count_below(mfn_t table, unsigned int level, enum p2m_type type)
{
	const uint64_t *slot = table_map(table);
	uint64_t nr = 0;
	unsigned int i;

	for (i = 0; i < P2M_SLOTS; i++) {
		if (entry_is_table(slot[i]))
			nr += count_below(entry_mfn(slot[i]), level - 1, type);
		else if (entry_type(slot[i]) == type)
			nr += 1ULL << level_order(level);
	}
	return nr;
}

uint64_t p2m_count_type(const struct p2m *p, enum p2m_type type)
{
	return count_below(p->root, P2M_LEVELS, type);
}
