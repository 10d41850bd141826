/* SPDX-License-Identifier: GPL-2.0-only */
/* The window's page table (built by head.S) and a trivial page pool inside the image's bss. */
#include "lib/mem.h"
#include "lib/string.h"
#include "lib/test.h"

#define POOL_PAGES 256

extern uint64_t page_tables[9][512];
static uint8_t pool[POOL_PAGES][PAGE_SIZE] page_aligned;
static unsigned int pool_used;

void mem_init(void)
{
	static uint64_t low[512] page_aligned;

	for (unsigned int i = 1; i < 512; i++)
		low[i] = i * PAGE_SIZE | PTE_RW;
	page_tables[2][0] = (uintptr_t)low | PTE_RW;
	write_cr3(read_cr3());
}

void *window_map(unsigned int slot, uint64_t gpa, uint64_t flags)
{
	uint8_t *va = (uint8_t *)WINDOW_VA + slot * PAGE_SIZE;

	page_tables[8][slot % WINDOW_PAGES] = flags ? gpa | flags : 0;
	invlpg(va);
	return va;
}

void *window_end_of_page(void *page, size_t bytes)
{
	uint8_t *va = window_map(0, (uintptr_t)page, PTE_RW);

	window_map(1, 0, 0);
	return va + PAGE_SIZE - bytes;
}

void *pages_alloc(unsigned int nr)
{
	void *p = pool[pool_used];

	if (nr > POOL_PAGES - pool_used) {
		test_error("page pool is empty");
		test_abort();
	}
	pool_used += nr;
	return memset(p, 0, nr * PAGE_SIZE);
}

void *page_alloc(void)
{
	return pages_alloc(1);
}

void pages_reset(void)
{
	pool_used = 0;
}
