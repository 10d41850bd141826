/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The 32-bit word of a frame, for frame.c and buddy.c alone.
 *
 *	31          18 17  15 14           0
 *	|   count     | type |    owner    |	a frame in use
 *	| order + 1   | FREE |       clean |	a free one; order + 1 in a block's first frame
 *
 * A free frame is clean when it is all zeros, apart from the list links in the first of a block.
 * Words of used frames change by compare-and-exchange, words of free frames under the heap lock.
 */
#pragma once

#include "mem/frame.h"

#define WORD_TYPE_SHIFT	 15
#define WORD_COUNT_SHIFT 18
#define WORD_ONE_COUNT	 (1u << WORD_COUNT_SHIFT)
#define WORD_CLEAN	 1u

extern uint32_t *frame_table;
extern uint64_t frame_table_nr;

static inline uint32_t word_make(domid_t owner, enum page_type type, unsigned int count)
{
	return owner | (uint32_t)type << WORD_TYPE_SHIFT | count << WORD_COUNT_SHIFT;
}

static inline domid_t word_owner(uint32_t w)
{
	return w & ((1u << WORD_TYPE_SHIFT) - 1);
}

static inline enum page_type word_type(uint32_t w)
{
	return w >> WORD_TYPE_SHIFT & 7;
}

static inline unsigned int word_count(uint32_t w)
{
	return w >> WORD_COUNT_SHIFT;
}

static inline uint32_t word_free(uint32_t clean)
{
	return word_make(0, PAGE_FREE, 0) | clean;
}
