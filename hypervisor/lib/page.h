/* SPDX-License-Identifier: GPL-2.0-only */
/* Clearing and copying whole pages, eight bytes a step: both addresses page aligned. */
#pragma once

#include "lib/base.h"

static inline void page_clear(void *page)
{
	size_t nr = PAGE_SIZE / 8;

	__asm__ volatile("rep stosq" : "+D"(page), "+c"(nr) : "a"(0) : "memory");
}

static inline void page_copy(void *dst, const void *src)
{
	size_t nr = PAGE_SIZE / 8;

	__asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(nr) :: "memory");
}
