/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The window: 2 MiB of virtual addresses at WINDOW_VA, mapped page by page, for pointers that are
 * unmapped, read-only, not present in the second half of a buffer, or to an unpopulated frame.
 */
#pragma once

#include "lib/asm.h"

#define WINDOW_PAGES 512
#define PTE_P	     1UL
#define PTE_W	     2UL
#define PTE_U	     4UL
#define PTE_RW	     (PTE_P | PTE_W | PTE_U)
#define PTE_RO	     (PTE_P | PTE_U)

/* Make page 0 absent, so that NULL is a bad pointer like any other. Once, before SMP. */
void mem_init(void);

/* An address that no page table maps, and one that no page table can. */
#define UNMAPPED_PTR	 ((void *)0x10000000000UL)
#define NONCANONICAL_PTR ((void *)0x8000000000000000UL)

/* Map a guest-physical page at window page `slot`; flags 0 unmaps. Returns its address. */
void *window_map(unsigned int slot, uint64_t gpa, uint64_t flags);
/* The last `bytes` bytes before a page that is not there; slots 0 and 1 of the window. */
void *window_end_of_page(void *page, size_t bytes);

/* Zeroed pages of the image for a test's own use; all are free again when the next test starts. */
void *page_alloc(void);
void *pages_alloc(unsigned int nr);
void pages_reset(void);
