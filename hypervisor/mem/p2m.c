/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing the map from gfn to mfn: mapping, removing, splitting and merging.
 *
 *	level 4   3      2      1
 *	root -> table -> table -> table -> 4 KiB frame		each table is one page of 512 slots
 *	           |        +-> 2 MiB frame
 *	           +-> 1 GiB frame
 *
 * Invariant: a leaf is aligned to its size on both sides. Lock: p2m.
 */
#include "mem/p2m.h"
#include "lib/page.h"
#include "mem/kalloc.h"
#include "mem/p2m_entry.h"

#define MAX_MFN (1ULL << 40)

/* Each p2m counts its versions from a point that no other will reach. */
static uint64_t next_version;
#define VERSIONS_PER_P2M (1ULL << 40)

struct p2m_iommu_bits p2m_iommu_bits;

int p2m_init(struct p2m *p, const struct p2m_format *format, domid_t domid, bool use_1g)
{
	void *root = page_alloc();

	if (!root)
		return -ENOMEM;
	*p = (struct p2m){
		.format = format,
		.root = page_mfn(root),
		.domid = domid,
		.use_1g = use_1g,
		.tlb_gen = 1,
		.version = atomic_add_return(&next_version, VERSIONS_PER_P2M),
		.nr_tables = 1,
		.max_tables = P2M_MIN_TABLES,
		.retired = INVALID_MFN,
		.dying.mfn = INVALID_MFN,
	};
	spin_init(&p->lock, LOCK_p2m);
	return 0;
}

/* For an IOMMU: a new table's content is in memory before the pointer to it. */
static void write_back(const struct p2m *p, const void *at, size_t size)
{
	if (unlikely(p->is_incoherent))
		cache_write_back(at, size);
}

static void slot_set(struct p2m *p, uint64_t *slot, uint64_t e)
{
	store_release(slot, e); /* a table's content before the pointer to it */
	write_back(p, slot, sizeof(*slot));
}

/* For a slot that held an entry: what was looked up before at gfn no longer holds. */
static void slot_change(struct p2m *p, uint64_t *slot, uint64_t e, uint64_t gfn)
{
	slot_set(p, slot, e);
	p2m_new_version(p, gfn);
}

/* --- tables --- */

/* An empty table; NULL when there is none. */
static uint64_t *table_alloc(struct p2m *p)
{
	uint64_t *table = NULL, next;

	if (!mfn_eq(p->retired, INVALID_MFN)) {
		table = table_map(p->retired);
		next = *table;
		p->retired = next ? entry_mfn(next) : INVALID_MFN;
		page_clear(table);
	} else if (p->nr_tables < p->max_tables && (table = page_alloc())) {
		p->nr_tables++;
	}
	if (table)
		write_back(p, table, PAGE_SIZE);
	return table;
}

/*
 * The list runs through each table's first word, in the form of a table entry: a lookup that is
 * still inside follows it to another table of this p2m, finds a hole there, and sees the new
 * version.
 */
void p2m_retire_table(struct p2m *p, mfn_t table)
{
	p2m_new_version(p, ANY_GFN);
	page_clear(table_map(table));
	if (!mfn_eq(p->retired, INVALID_MFN))
		WRITE_ONCE(*table_map(table), p->retired.n << PAGE_SHIFT | 1);
	p->retired = table;
}

static void retire_below(struct p2m *p, uint64_t e, unsigned int level)
{
	uint64_t *slot = table_map(entry_mfn(e));

	for (unsigned int i = 0; level > 2 && i < P2M_SLOTS; i++)
		if (entry_is_table(slot[i]))
			retire_below(p, slot[i], level - 1);
	p2m_retire_table(p, entry_mfn(e));
}

/* Put a leaf where a table was, then wait until no CPU walks through the table any more. */
static void table_replace(struct p2m *p, uint64_t *slot, uint64_t leaf, unsigned int level)
{
	uint64_t old = *slot;

	slot_set(p, slot, leaf);
	p2m_flush(p);
	retire_below(p, old, level);
}

/* --- split and merge --- */

/*
 * Replace a leaf by a table of 512 leaves that say the same. No flush: nothing translates
 * differently.
 */
static int leaf_split(struct p2m *p, uint64_t *slot, unsigned int level)
{
	unsigned int order = level_order(level - 1), i;
	uint64_t first = entry_of_leaf(p, entry_mfn(*slot), entry_type(*slot), order);
	uint64_t *t = table_alloc(p);

	if (!t)
		return -ENOMEM;
	for (i = 0; i < P2M_SLOTS; i++)
		t[i] = first + entry_distance(i, order);
	write_back(p, t, PAGE_SIZE);
	slot_set(p, slot, entry_of_table(p, frame_of(t), level - 1));
	return 0;
}

static bool is_mergeable(const uint64_t *t, unsigned int level)
{
	unsigned int order = level_order(level), i;
	enum p2m_type type = entry_type(t[0]);

	if ((type != P2M_RAM && type != P2M_MMIO) ||
	    entry_mfn(t[0]).n & ((1ULL << (order + 9)) - 1))
		return false;
	for (i = P2M_SLOTS - 1; i > 0; i--)
		if (t[i] != t[0] + entry_distance(i, order))
			return false;
	return true;
}

/*
 * If the table of `level` that holds gfn says nothing that one leaf above would not, make it that
 * leaf. Only the first and the last slot ask.
 */
static void try_merge(struct p2m *p, uint64_t gfn, unsigned int level)
{
	unsigned int top = p->use_1g ? 3 : 2, l;
	uint64_t *slot, *t, leaf;

	for (; level < top; level++) {
		if ((slot_index(gfn, level) + 1) % P2M_SLOTS > 1)
			return;
		slot = table_map(p->root) + slot_index(gfn, P2M_LEVELS);
		for (l = P2M_LEVELS - 1; l > level; l--)
			slot = table_map(entry_mfn(*slot)) + slot_index(gfn, l);
		t = table_map(entry_mfn(*slot));
		if (!is_mergeable(t, level))
			return;
		leaf = entry_of_leaf(p, entry_mfn(t[0]), entry_type(t[0]), level_order(level + 1));
		table_replace(p, slot, leaf, level + 1);
	}
}

/* --- map --- */

static bool is_replaceable(uint64_t e, unsigned int level)
{
	const uint64_t *t;

	if (!entry_is_table(e))
		return !e || entry_type(e) == P2M_MMIO;
	t = table_map(entry_mfn(e));
	for (unsigned int i = 0; i < P2M_SLOTS; i++)
		if (!is_replaceable(t[i], level - 1))
			return false;
	return true;
}

/* The slot of gfn at `level`, with tables made on the way. */
static int slot_make(struct p2m *p, uint64_t gfn, unsigned int level, uint64_t **out)
{
	uint64_t *slot = table_map(p->root) + slot_index(gfn, P2M_LEVELS);
	uint64_t *table;
	int rc;

	for (unsigned int l = P2M_LEVELS; l > level; l--) {
		if (!*slot) {
			table = table_alloc(p);
			if (!table)
				return -ENOMEM;
			slot_set(p, slot, entry_of_table(p, frame_of(table), l - 1));
		} else if (entry_is_leaf(*slot)) {
			if (entry_type(*slot) != P2M_MMIO)
				return -EEXIST;
			rc = leaf_split(p, slot, l);
			if (rc)
				return rc;
		}
		slot = table_map(entry_mfn(*slot)) + slot_index(gfn, l - 1);
	}
	*out = slot;
	return 0;
}

static void slot_put_leaf(struct p2m *p, uint64_t *slot, uint64_t leaf, unsigned int level)
{
	if (entry_is_table(*slot))
		table_replace(p, slot, leaf, level);
	else if (*slot)
		slot_change(p, slot, leaf, ANY_GFN);
	else
		slot_set(p, slot, leaf);
}

static void note_ram(struct p2m *p, uint64_t gfn, unsigned int order, enum p2m_type type)
{
	if (type == P2M_RAM)
		p->max_gfn = max(p->max_gfn, gfn + (1ULL << order) - 1);
}

static int map_locked(struct p2m *p, uint64_t gfn, mfn_t mfn, unsigned int order,
		      enum p2m_type type)
{
	unsigned int level = order / 9 + 1;
	uint64_t *slot;
	int rc = slot_make(p, gfn, level, &slot);

	if (rc)
		return rc;
	if (!is_replaceable(*slot, level))
		return -EEXIST;
	slot_put_leaf(p, slot, entry_of_leaf(p, mfn, type, order), level);
	note_ram(p, gfn, order, type);
	try_merge(p, gfn, level);
	return 0;
}

/* 1 GiB on a CPU without such entries, as 512 of 2 MiB: looked at first, then nothing can fail. */
static int map_1g_in_pieces(struct p2m *p, uint64_t gfn, mfn_t mfn, enum p2m_type type)
{
	uint64_t *slot, leaf;
	int rc = slot_make(p, gfn, 2, &slot);

	if (rc)
		return rc;
	for (unsigned int i = 0; i < P2M_SLOTS; i++)
		if (!is_replaceable(slot[i], 2))
			return -EEXIST;
	for (unsigned int i = 0; i < P2M_SLOTS; i++) {
		leaf = entry_of_leaf(p, mfn_add(mfn, (uint64_t)i << PAGE_ORDER_2M), type,
				       PAGE_ORDER_2M);
		slot_put_leaf(p, &slot[i], leaf, 2);
	}
	note_ram(p, gfn, PAGE_ORDER_1G, type);
	return 0;
}

static bool is_sane(gfn_t gfn, mfn_t mfn, uint64_t nr, enum p2m_type type)
{
	return gfn.n <= P2M_MAX_GFN && mfn.n < MAX_MFN && nr - 1 <= P2M_MAX_GFN - gfn.n &&
	       nr <= MAX_MFN - mfn.n && type > P2M_NONE && type <= P2M_GRANT_RO;
}

int p2m_map(struct p2m *p, gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type)
{
	int rc;

	if (order != PAGE_ORDER_4K && order != PAGE_ORDER_2M && order != PAGE_ORDER_1G)
		return -EINVAL;
	if (!is_sane(gfn, mfn, 1ULL << order, type) || (gfn.n | mfn.n) & ((1ULL << order) - 1))
		return -EINVAL;
	spin_lock(&p->lock);
	if (p->is_dying)
		rc = -ESRCH;
	else if (order == PAGE_ORDER_1G && !p->use_1g)
		rc = map_1g_in_pieces(p, gfn.n, mfn, type);
	else
		rc = map_locked(p, gfn.n, mfn, order, type);
	spin_unlock(&p->lock);
	if (p->flush_filled && !rc)
		p->iommu_flush();
	return rc;
}

int p2m_map_range(struct p2m *p, gfn_t gfn, mfn_t mfn, uint64_t nr, enum p2m_type type)
{
	unsigned int order;
	int rc;

	if (nr && !is_sane(gfn, mfn, nr, type))
		return -EINVAL;
	for (; nr; gfn.n += 1ULL << order, mfn.n += 1ULL << order, nr -= 1ULL << order) {
		order = p->use_1g ? PAGE_ORDER_1G : PAGE_ORDER_2M;
		while ((gfn.n | mfn.n) & ((1ULL << order) - 1) || nr < 1ULL << order)
			order -= 9;
		rc = p2m_map(p, gfn, mfn, order, type);
		if (rc)
			return rc;
	}
	return 0;
}

/* --- unmap --- */

int p2m_take(struct p2m *p, gfn_t gfn, unsigned int types, mfn_t mfn, struct p2m_entry *e)
{
	struct p2m_place w;
	int rc = 0;

	if (gfn.n > P2M_MAX_GFN)
		return -EINVAL;
	spin_lock(&p->lock);
	w = p2m_walk(p->root, gfn.n);
	*e = place_entry(&w, gfn.n);
	/* p2m_destroy() takes every entry, without the lock */
	if (p->is_dying || e->type == P2M_NONE || !(types >> e->type & 1) ||
	    !(mfn_eq(mfn, INVALID_MFN) || mfn_eq(mfn, e->mfn)))
		rc = -ENOENT;
	for (; !rc && w.level > 1; w.level--) {
		rc = leaf_split(p, w.slot, w.level);
		if (!rc)
			w.slot = table_map(entry_mfn(*w.slot)) + slot_index(gfn.n, w.level - 1);
	}
	if (!rc)
		slot_change(p, w.slot, 0, gfn.n);
	spin_unlock(&p->lock);
	return rc;
}

int p2m_unmap(struct p2m *p, gfn_t gfn, struct p2m_entry expect)
{
	struct p2m_entry e;

	return p2m_take(p, gfn, 1u << expect.type, expect.mfn, &e);
}
