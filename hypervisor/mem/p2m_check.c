/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a tree sound? For tests, debug builds and a debug key: walks everything, under the p2m's
 * lock.
 */
#include "mem/p2m_entry.h"

struct census {
	const struct p2m *p;
	uint64_t nr[P2M_GRANT_RO + 1]; /* frames by type */
	uint32_t nr_tables;
	bool sound;
};

static bool frames_are_sound(const struct p2m *p, mfn_t first, unsigned int order,
			     enum p2m_type type)
{
	bool own = type == P2M_RAM || type == P2M_SHARED;

	if (!p2m_holds_reference(type))
		return true;
	for (uint64_t i = 0; i < 1ULL << order; i++) {
		mfn_t mfn = mfn_add(first, i);
		enum page_type is = page_type(mfn);

		if (page_count(mfn) == 0 || (is != PAGE_RAM && is != PAGE_SHARED))
			return false;
		if (own &&
		    (page_owner(mfn) != p->domid || (is == PAGE_SHARED) != (type == P2M_SHARED)))
			return false;
	}
	return true;
}

static void count_table(struct census *c, mfn_t table, unsigned int level)
{
	const uint64_t *slot = table_map(table);
	unsigned int i, order = level_order(level);

	c->nr_tables++;
	c->sound &= page_owner(table) == OWNER_HV;
	for (i = 0; i < P2M_SLOTS; i++) {
		enum p2m_type type = entry_type(slot[i]);
		mfn_t mfn = entry_mfn(slot[i]);

		if (entry_is_table(slot[i]) && level > 1) {
			count_table(c, mfn, level - 1);
		} else if (slot[i]) {
			c->nr[type] += 1ULL << order;
			c->sound &= type != P2M_NONE && level < P2M_LEVELS &&
				    !(mfn.n & ((1ULL << order) - 1)) &&
				    slot[i] == entry_of_leaf(c->p, mfn, type, order);
			c->sound = c->sound && frames_are_sound(c->p, mfn, order, type);
		}
	}
}

static void count_retired(struct census *c)
{
	mfn_t m = c->p->retired;

	for (; !mfn_eq(m, INVALID_MFN) && c->sound; c->nr_tables++) {
		uint64_t next = *table_map(m);

		c->sound = page_owner(m) == OWNER_HV;
		m = next ? entry_mfn(next) : INVALID_MFN;
	}
}

bool p2m_check(struct p2m *p)
{
	struct census c = { .p = p, .sound = true };

	spin_lock(&p->lock);
	if (!p->is_dying) { /* p2m_destroy() works without the lock, perhaps right now */
		count_table(&c, p->root, P2M_LEVELS);
		count_retired(&c);
		c.sound = c.sound && c.nr_tables == p->nr_tables;
	}
	spin_unlock(&p->lock);
	return c.sound;
}

uint64_t p2m_count_type(struct p2m *p, enum p2m_type type)
{
	struct census c = { .p = p, .sound = false }; /* so that no frame is looked at */

	spin_lock(&p->lock);
	count_table(&c, p->root, P2M_LEVELS);
	spin_unlock(&p->lock);
	return c.nr[type];
}
