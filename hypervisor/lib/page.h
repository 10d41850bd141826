/* SPDX-License-Identifier: GPL-2.0-only */
/* Clearing and copying whole pages, eight bytes a step (both addresses page aligned); writing back cached memory. */
#pragma once

#include "lib/base.h"

static inline void page_clear(void *page)
{
	size_t nr = PAGE_SIZE / 8;

	__asm__ volatile("rep stosq" : "+D"(page), "+c"(nr) : "a"(0) : "memory");
}

/* From the caches of all CPUs to memory, where hardware that does not look into caches reads it. */
static inline void cache_write_back(const void *p, size_t size)
{
	for (uintptr_t line = (uintptr_t)p & -64UL; line < (uintptr_t)p + size; line += 64)
		__asm__ volatile("clflush (%0)" :: "r"(line) : "memory");
	__asm__ volatile("mfence" ::: "memory");
}
