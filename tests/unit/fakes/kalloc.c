/* SPDX-License-Identifier: GPL-2.0-only */
/* Small objects from malloc, so that ASan sees each one's edges and the tests see leaks. */
#include <stdlib.h>
#include <string.h>
#include "fakes/fakes.h"
#include "lib/bug.h"
#include "mem/kalloc.h"

uint64_t fake_kalloc_live;
int64_t fake_kalloc_budget = -1;

static void *take(size_t size, size_t align)
{
	void *p;

	if (fake_kalloc_budget == 0)
		return NULL;
	if (fake_kalloc_budget > 0)
		fake_kalloc_budget--;
	if (posix_memalign(&p, align, size))
		return NULL;
	memset(p, 0, size);
	fake_kalloc_live += size;
	return p;
}

void *kalloc(size_t size)
{
	return take(size, size >= PAGE_SIZE ? PAGE_SIZE : 64);
}

void kfree(void *p, size_t size)
{
	if (!p)
		return;
	BUG_ON(fake_kalloc_live < size);
	fake_kalloc_live -= size;
	free(p);
}

void *page_alloc(void)
{
	return take(PAGE_SIZE, PAGE_SIZE);
}

void page_free(void *va)
{
	kfree(va, PAGE_SIZE);
}

mfn_t page_mfn(const void *va)
{
	return MFN((uintptr_t)va >> PAGE_SHIFT);
}
