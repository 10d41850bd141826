/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who owns each frame, how often it is referenced, what it is used for: one 32-bit word per frame
 * (frame_word.h), changed by compare-and-exchange. A count can rise only from 1 or more, so nobody
 * revives a frame whose last reference has gone.
 *
 * A frame that a domain has used is cleared when its last reference goes, before anybody else can
 * get it. Free frames remember that they are clean, so a domain's new memory is cleared once only.
 */
#include "mem/frame.h"
#include "lib/page.h"
#include "mem/buddy.h"
#include "mem/frame_word.h"

uint32_t *frame_table;
uint64_t frame_table_nr;
void (*frame_freed_hook)(domid_t owner, enum page_type type);
static uint64_t nr_total; /* boot only */

void frame_init(uint32_t *table, uint64_t nr_frames)
{
	_Static_assert(PAGE_NONE == 0, "a cleared word is nobody's frame");
	memset(table, 0, nr_frames * sizeof(*table));
	frame_table = table;
	frame_table_nr = nr_frames;
	nr_total = 0;
	buddy_init();
}

bool frame_valid(mfn_t mfn)
{
	return mfn.n < frame_table_nr;
}

static void check_unused(uint64_t n, uint64_t nr)
{
	BUG_ON(n + nr > frame_table_nr || n + nr < n);
	for (; nr; n++, nr--)
		BUG_ON(frame_table[n] != 0);
}

void frame_give_heap(mfn_t mfn, uint64_t nr)
{
	uint64_t n = mfn.n, end = n + nr;
	unsigned int order;

	check_unused(n, nr);
	nr_total += nr;
	for (; n < end; n++)
		frame_table[n] = word_free(0);
	for (n = mfn.n; n < end; n += 1ULL << order) {
		order = n ? (unsigned int)__builtin_ctzll(n) : BUDDY_MAX_ORDER;
		order = min(order, (unsigned int)BUDDY_MAX_ORDER);
		while (n + (1ULL << order) > end)
			order--;
		buddy_free(MFN(n), order);
	}
}

static void set_owner(mfn_t mfn, uint64_t nr, domid_t owner, enum page_type type)
{
	for (uint64_t n = mfn.n; n < mfn.n + nr; n++)
		WRITE_ONCE(frame_table[n], word_make(owner, type, 1));
}

void frame_give_owner(mfn_t mfn, uint64_t nr, domid_t owner, enum page_type type)
{
	check_unused(mfn.n, nr);
	nr_total += nr;
	set_owner(mfn, nr, owner, type);
}

static uint32_t word_of(mfn_t mfn)
{
	return frame_valid(mfn) ? READ_ONCE(frame_table[mfn.n]) : 0;
}

static bool word_is_used(uint32_t w)
{
	return word_type(w) > PAGE_FREE;
}

domid_t page_owner(mfn_t mfn)
{
	uint32_t w = word_of(mfn);

	return word_is_used(w) ? word_owner(w) : OWNER_NONE;
}

enum page_type page_type(mfn_t mfn)
{
	return word_type(word_of(mfn));
}

unsigned int page_count(mfn_t mfn)
{
	uint32_t w = word_of(mfn);

	return word_is_used(w) ? word_count(w) : 0;
}

bool page_get(mfn_t mfn, domid_t owner)
{
	uint32_t w;

	if (!frame_valid(mfn))
		return false;
	w = READ_ONCE(frame_table[mfn.n]);
	do {
		if (!word_is_used(w) || word_owner(w) != owner || word_count(w) == PAGE_COUNT_MAX)
			return false;
	} while (!atomic_cmpxchg(&frame_table[mfn.n], &w, w + WORD_ONE_COUNT));
	return true;
}

inline bool page_get_mapped(mfn_t mfn)
{
	uint32_t w;

	if (!frame_valid(mfn))
		return false;
	w = READ_ONCE(frame_table[mfn.n]);
	do {
		if (word_type(w) < PAGE_RAM || word_count(w) == PAGE_COUNT_MAX)
			return false;
	} while (!atomic_cmpxchg(&frame_table[mfn.n], &w, w + WORD_ONE_COUNT));
	return true;
}

/* The last reference is ours, and page_get() refuses a count of 0: the frame is nobody else's. */
static __outlined void free_last(mfn_t mfn, uint32_t w)
{
	void *va = frame_map(mfn);

	page_clear(va);
	frame_unmap(va);
	WRITE_ONCE(frame_table[mfn.n], word_free(WORD_CLEAN));
	buddy_free(mfn, 0);
	if (word_owner(w) != OWNER_HV && frame_freed_hook)
		frame_freed_hook(word_owner(w), word_type(w));
}

void page_put(mfn_t mfn)
{
	uint32_t w, new;

	BUG_ON(!frame_valid(mfn));
	w = READ_ONCE(frame_table[mfn.n]);
	do {
		BUG_ON(!word_is_used(w) || word_count(w) == 0);
		/* FREE but in no block between the last reference and the heap: no get, no merge. */
		new = word_count(w) > 1 ? w - WORD_ONE_COUNT : word_free(0);
	} while (!atomic_cmpxchg(&frame_table[mfn.n], &w, new));
	if (word_count(w) == 1)
		free_last(mfn, w);
}

mfn_t frame_alloc(unsigned int order)
{
	mfn_t mfn = buddy_alloc(order);

	if (!mfn_eq(mfn, INVALID_MFN))
		set_owner(mfn, 1ULL << order, OWNER_HV, PAGE_HV);
	return mfn;
}

void frame_free(mfn_t mfn, unsigned int order)
{
	for (uint64_t n = mfn.n; n < mfn.n + (1ULL << order); n++) {
		BUG_ON(word_of(MFN(n)) != word_make(OWNER_HV, PAGE_HV, 1));
		WRITE_ONCE(frame_table[n], word_free(0));
	}
	buddy_free(mfn, order);
}

static void clear_dirty(mfn_t mfn, uint64_t nr)
{
	void *va;

	for (; nr; mfn.n++, nr--) {
		if (frame_table[mfn.n] & WORD_CLEAN)
			continue;
		va = frame_map(mfn);
		page_clear(va);
		frame_unmap(va);
	}
}

mfn_t frame_alloc_domain(domid_t owner, unsigned int order, enum page_type type)
{
	mfn_t mfn = buddy_alloc(order);

	ASSERT(type >= PAGE_RAM && owner < OWNER_HV);
	if (mfn_eq(mfn, INVALID_MFN))
		return mfn;
	clear_dirty(mfn, 1ULL << order);
	set_owner(mfn, 1ULL << order, owner, type);
	return mfn;
}

uint64_t frame_nr_total(void)
{
	return nr_total;
}

uint64_t frame_nr_table(void)
{
	return frame_table_nr;
}
