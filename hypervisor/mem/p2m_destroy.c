/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking a dying domain's tree apart, a bounded piece at a time. An entry leaves the tree before
 * its frames are put: lookups by others may run until the last reference to the domain has gone.
 * For the same reason empty tables only retire here; p2m_free() gives them back to the heap.
 */
#include "mem/kalloc.h"
#include "mem/p2m_entry.h"

struct work {
	struct p2m *p;
	void (*put)(struct p2m *p, struct p2m_entry e);
	unsigned int left;
};

/* Put what remains of the entry removed last. True when nothing does. */
static bool put_frames(struct work *w)
{
	struct p2m *p = w->p;

	while (p->dying.nr) {
		if (!w->left)
			return false;
		w->left--;
		w->put(p, (struct p2m_entry){ .mfn = p->dying.mfn, .type = p->dying.type });
		p->dying.mfn.n++;
		p->dying.nr--;
	}
	return true;
}

static void remove_leaf(struct p2m *p, uint64_t *slot, unsigned int level)
{
	uint64_t e = *slot;

	store_release(slot, 0);
	p2m_new_version(p, ANY_GFN);
	if (!p2m_holds_reference(entry_type(e)))
		return;
	p->dying.mfn = entry_mfn(e);
	p->dying.type = entry_type(e);
	p->dying.nr = 1u << level_order(level);
}

/* Empty a table, depth first. True when nothing is left below it. */
static bool empty_table(struct work *w, mfn_t table, unsigned int level)
{
	uint64_t *slot = table_map(table), e;

	for (unsigned int i = 0; i < P2M_SLOTS; i++) {
		e = slot[i];
		if (!e)
			continue;
		if (!w->left)
			return false;
		if (entry_is_leaf(e)) {
			w->left -= !p2m_holds_reference(entry_type(e));
			remove_leaf(w->p, &slot[i], level);
			if (!put_frames(w))
				return false;
			continue;
		}
		if (!empty_table(w, entry_mfn(e), level - 1))
			return false;
		store_release(&slot[i], 0);
		p2m_retire_table(w->p, entry_mfn(e));
		w->left -= w->left > 0;
	}
	return true;
}

int p2m_destroy(struct p2m *p, unsigned int max_entries,
		void (*put)(struct p2m *p, struct p2m_entry e))
{
	struct work w = { .p = p, .put = put, .left = max_entries };

	spin_lock(&p->lock);
	p->is_dying = true; /* who held the lock before is done, nobody changes the tree after */
	spin_unlock(&p->lock);
	if (!put_frames(&w) || !empty_table(&w, p->root, P2M_LEVELS))
		return -ERESTART;
	return 0;
}

void p2m_free(struct p2m *p)
{
	uint64_t next;

	while (!mfn_eq(p->retired, INVALID_MFN)) {
		next = *table_map(p->retired);
		page_free(table_map(p->retired));
		p->retired = next ? entry_mfn(next) : INVALID_MFN;
		p->nr_tables--;
	}
	BUG_ON(p->nr_tables != 1);
	page_free(table_map(p->root));
	p->root = INVALID_MFN;
}
