/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small objects of the hypervisor: power-of-two size classes from 32 bytes up to whole pages and
 * beyond.
 */
#pragma once

#include "mem/frame.h"

/*
 * Zeroed memory aligned to min(size rounded up to a power of two, 4096); NULL when there is none.
 */
void *kalloc(size_t size);
void kfree(void *p, size_t size); /* the size given to kalloc(); NULL is ignored */

/* One zeroed page of the hypervisor's; its mfn where hardware or a guest needs it. */
void *page_alloc(void);
void page_free(void *va);
mfn_t page_mfn(const void *va);
