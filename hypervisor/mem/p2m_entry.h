/* SPDX-License-Identifier: GPL-2.0-only */
/* Entries of the tree in words common to NPT and EPT, for the p2m_*.c files alone. */
#pragma once

#include "mem/p2m.h"

#define P2M_LEVELS	4
#define P2M_SLOTS	512
#define P2M_TYPE_LOW	(3ULL << 59)
#define P2M_TYPE_HIGH	(1ULL << 63)
#define P2M_MFN_MASK	0x000ffffffffff000ULL

static inline enum p2m_type entry_type(uint64_t e)
{
	return (e & P2M_TYPE_LOW) >> 59 | (e & P2M_TYPE_HIGH) >> 61;
}

/* The inverse. */
static inline uint64_t entry_type_bits(enum p2m_type type)
{
	return ((uint64_t)type << 59 & P2M_TYPE_LOW) | ((uint64_t)type << 61 & P2M_TYPE_HIGH);
}

static inline mfn_t entry_mfn(uint64_t e)
{
	return MFN((e & P2M_MFN_MASK) >> PAGE_SHIFT);
}

static inline bool entry_is_leaf(uint64_t e)
{
	return e & (P2M_TYPE_LOW | P2M_TYPE_HIGH);
}

static inline bool entry_is_table(uint64_t e)
{
	return e && !entry_is_leaf(e);
}

/* Level 1 has 4 KiB leaves, 2 has 2 MiB, 3 has 1 GiB; 4 has tables only. */
static inline unsigned int level_order(unsigned int level)
{
	return 9 * (level - 1);
}

/* What to add to a leaf of this order for the one i places further. */
static inline uint64_t entry_distance(unsigned int i, unsigned int order)
{
	return (uint64_t)i << (PAGE_SHIFT + order);
}

static inline unsigned int slot_index(uint64_t gfn, unsigned int level)
{
	return gfn >> level_order(level) & (P2M_SLOTS - 1);
}

static inline uint64_t *table_map(mfn_t mfn)
{
	return frame_map(mfn);
}

static inline uint64_t entry_of_leaf(const struct p2m *p, mfn_t mfn, enum p2m_type type, unsigned int order)
{
	return p->format->leaf(mfn, type, order) | p2m_iommu_bits.read |
	       (p2m_is_read_only(type) ? 0 : p2m_iommu_bits.write);
}

/* The table is of `level`. */
static inline uint64_t entry_of_table(const struct p2m *p, mfn_t mfn, unsigned int level)
{
	return p->format->table(mfn) | p2m_iommu_bits.read | p2m_iommu_bits.write | p2m_iommu_bits.level * level;
}

struct p2m_place {
	uint64_t *slot;
	uint64_t entry;	    /* what it held: a leaf or a hole */
	unsigned int level;
};

/* Unrolled: this is on the path of every hypercall argument. */
static inline struct p2m_place p2m_walk(mfn_t root, uint64_t gfn)
{
	struct p2m_place w;
	mfn_t table = root;

#pragma GCC unroll 4
	for (w.level = P2M_LEVELS; w.level; w.level--) {
		w.slot = table_map(table) + slot_index(gfn, w.level);
		w.entry = READ_ONCE(*w.slot);
		if (!entry_is_table(w.entry) || w.level == 1)
			break;
		table = entry_mfn(w.entry);
	}
	return w;
}

/* The frame behind exactly gfn, if the place holds a leaf. */
static inline mfn_t place_mfn(const struct p2m_place *w, uint64_t gfn)
{
	return mfn_add(entry_mfn(w->entry), gfn & ((1ULL << level_order(w->level)) - 1));
}

static inline struct p2m_entry place_entry(const struct p2m_place *w, uint64_t gfn)
{
	return (struct p2m_entry){
		.mfn = entry_is_leaf(w->entry) ? place_mfn(w, gfn) : INVALID_MFN,
		.type = entry_type(w->entry),
		.order = (uint8_t)level_order(w->level),
	};
}

#define ANY_GFN (~0ULL)

/* Pairs with the look at version after each lookup. p2m lock, or p2m_destroy(). */
static inline void p2m_new_version(struct p2m *p, uint64_t gfn)
{
	uint64_t version = p->version + 1;

	WRITE_ONCE(p->changed[version % P2M_CHANGES], gfn);
	__atomic_store_n(&p->version, version, __ATOMIC_SEQ_CST);
}

/*
 * Take a table out of use: its slot in the tree is already something else, and flushed. p2m lock.
 */
void p2m_retire_table(struct p2m *p, mfn_t table);
