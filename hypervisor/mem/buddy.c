/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Free frames, by the buddy system: a block of 2^n frames is aligned to its size, and two free
 * neighbours that make an aligned block of twice the size become one. There is a list of blocks per
 * order; a bit per order tells which lists have something.
 *
 * Nothing is kept outside the free memory but a word per frame: the links of the list lie in the
 * first frame of each block, its order in that frame's word. Links are wiped when a block leaves
 * its list, so that a clean frame is clean again. Lock: heap.
 */
#include "mem/buddy.h"
#include "lib/spinlock.h"
#include "mem/frame_word.h"

struct links {
	uint64_t next, prev; /* mfns; NO_FRAME before the first and after the last */
};

#define NO_FRAME (~0ULL)

static spinlock_t heap_lock = SPINLOCK_INIT(heap);
static uint64_t first_of[BUDDY_MAX_ORDER + 1];
static uint32_t orders_present; /* bit n: first_of[n] exists */
static uint64_t nr_free;

void buddy_init(void)
{
	for (unsigned int order = 0; order <= BUDDY_MAX_ORDER; order++)
		first_of[order] = NO_FRAME;
	orders_present = 0;
	nr_free = 0;
}

static struct links *links_of(uint64_t n)
{
	return frame_map(MFN(n));
}

static void list_push(uint64_t n, unsigned int order)
{
	struct links *l = links_of(n);

	*l = (struct links){ .next = first_of[order], .prev = NO_FRAME };
	if (l->next != NO_FRAME)
		links_of(l->next)->prev = n;
	first_of[order] = n;
	orders_present |= 1u << order;
	frame_table[n] = word_free(frame_table[n] & WORD_CLEAN) + (order + 1) * WORD_ONE_COUNT;
}

static void list_remove(uint64_t n, unsigned int order)
{
	struct links *l = links_of(n);

	if (l->prev != NO_FRAME)
		links_of(l->prev)->next = l->next;
	else
		first_of[order] = l->next;
	if (l->next != NO_FRAME)
		links_of(l->next)->prev = l->prev;
	if (first_of[order] == NO_FRAME)
		orders_present &= ~(1u << order);
	*l = (struct links){ 0 };
	frame_table[n] = word_free(frame_table[n] & WORD_CLEAN);
}

mfn_t buddy_alloc(unsigned int order)
{
	uint32_t fitting;
	unsigned int have;
	uint64_t n;

	if (order > BUDDY_MAX_ORDER)
		return INVALID_MFN;
	spin_lock(&heap_lock);
	fitting = orders_present >> order << order;
	if (!fitting) {
		spin_unlock(&heap_lock);
		return INVALID_MFN;
	}
	have = (unsigned int)__builtin_ctz(fitting);
	n = first_of[have];
	list_remove(n, have);
	while (have > order) { /* keep the lower half, free the upper */
		have--;
		list_push(n + (1ULL << have), have);
	}
	nr_free -= 1ULL << order;
	spin_unlock(&heap_lock);
	return MFN(n);
}

/* Is there a free block of exactly this order at n? */
static bool is_free_block(uint64_t n, unsigned int order)
{
	uint32_t w;

	if (n >= frame_table_nr)
		return false;
	w = READ_ONCE(frame_table[n]);
	return word_type(w) == PAGE_FREE && word_count(w) == order + 1;
}

void buddy_free(mfn_t mfn, unsigned int order)
{
	uint64_t n = mfn.n;

	BUG_ON(order > BUDDY_MAX_ORDER || n & ((1ULL << order) - 1));
	spin_lock(&heap_lock);
	nr_free += 1ULL << order;
	while (order < BUDDY_MAX_ORDER && is_free_block(n ^ 1ULL << order, order)) {
		list_remove(n ^ 1ULL << order, order);
		n &= ~(1ULL << order);
		order++;
	}
	list_push(n, order);
	spin_unlock(&heap_lock);
}

uint64_t frame_nr_free(void)
{
	return READ_ONCE(nr_free);
}

static bool block_is_sound(uint64_t n, unsigned int order)
{
	if (n & ((1ULL << order) - 1) || n + (1ULL << order) > frame_table_nr ||
	    !is_free_block(n, order))
		return false;
	if (order < BUDDY_MAX_ORDER && is_free_block(n ^ 1ULL << order, order))
		return false; /* they should be one */
	for (uint64_t i = 1; i < 1ULL << order; i++)
		if ((frame_table[n + i] & ~WORD_CLEAN) != word_free(0))
			return false;
	return true;
}

static bool list_is_sound(unsigned int order, uint64_t *nr)
{
	uint64_t n, prev = NO_FRAME;

	if ((first_of[order] != NO_FRAME) != (orders_present >> order & 1))
		return false;
	for (n = first_of[order]; n != NO_FRAME; n = links_of(n)->next) {
		if (!block_is_sound(n, order) || links_of(n)->prev != prev)
			return false;
		prev = n;
		*nr += 1ULL << order;
	}
	return true;
}

bool buddy_check(void)
{
	uint64_t nr_listed = 0, nr_words = 0, n;
	bool sound = true;

	spin_lock(&heap_lock);
	for (unsigned int order = 0; sound && order <= BUDDY_MAX_ORDER; order++)
		sound = list_is_sound(order, &nr_listed);
	for (n = 0; n < frame_table_nr; n++)
		nr_words += word_type(frame_table[n]) == PAGE_FREE;
	/* Frames may be on their way: freed and not handed in yet, or taken without owner yet. */
	sound = sound && nr_listed == nr_free && nr_words >= nr_free;
	spin_unlock(&heap_lock);
	return sound;
}
