/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The heap of free frames in blocks of 2^order, order 0 to 18. Used by frame.c; takes the heap
 * lock.
 */
#pragma once

#include "mem/frame.h"

#define BUDDY_MAX_ORDER PAGE_ORDER_1G

void buddy_init(void);
/*
 * A block; its frames' words stay PAGE_FREE and tell which are clean. INVALID_MFN: none so large.
 */
mfn_t buddy_alloc(unsigned int order);
/* The frames' words are PAGE_FREE, count 0, clean or not; the block joins its free buddies. */
void buddy_free(mfn_t mfn, unsigned int order);
/* Walks all lists and words: every free frame in exactly one block, blocks aligned, links sound. */
bool buddy_check(void);
