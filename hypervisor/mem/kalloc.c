/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small objects. A page is cut into objects of one size class, 32 to 2048 bytes; the free ones of a
 * class form one list, linked through themselves. Each object in use holds a reference to its page,
 * so a page whose count falls to 1 has no object left: its pieces are unlinked and it goes back to
 * the heap. There is no header anywhere, and objects are aligned to their size.
 *
 * Larger requests get whole pages; what a block of 2^n has too much is given back at once.
 * Lock: kalloc.
 */
#include "mem/kalloc.h"
#include "lib/list.h"
#include "lib/page.h"
#include "lib/spinlock.h"

#define MIN_SHIFT  5
#define NR_CLASSES (PAGE_SHIFT - MIN_SHIFT)

static spinlock_t kalloc_lock = SPINLOCK_INIT(kalloc);
static struct list free_objects[NR_CLASSES]; /* .next NULL: not set up yet */

static unsigned int class_of(size_t size)
{
	if (size <= 1u << MIN_SHIFT)
		return 0;
	return 64 - (unsigned int)__builtin_clzl(size - 1) - MIN_SHIFT;
}

static size_t class_size(unsigned int class)
{
	return 1ul << (class + MIN_SHIFT);
}

static bool add_page(unsigned int class)
{
	mfn_t mfn = frame_alloc(0);
	char *page, *obj;

	if (mfn_eq(mfn, INVALID_MFN))
		return false;
	page = frame_map(mfn);
	for (obj = page; obj < page + PAGE_SIZE; obj += class_size(class))
		list_add_tail(&free_objects[class], (struct list *)obj);
	return true;
}

static void drop_page(char *page, unsigned int class)
{
	char *obj;

	for (obj = page; obj < page + PAGE_SIZE; obj += class_size(class))
		list_del((struct list *)obj);
	frame_free(frame_of(page), 0);
}

static void *small_alloc(unsigned int class)
{
	struct list *head = &free_objects[class], *obj = NULL;

	spin_lock(&kalloc_lock);
	if (!head->next)
		list_init(head);
	if (!list_empty(head) || add_page(class)) {
		obj = head->next;
		list_del(obj);
		BUG_ON(!page_get(frame_of(obj), OWNER_HV));
	}
	spin_unlock(&kalloc_lock);
	return obj ? memset(obj, 0, class_size(class)) : NULL;
}

static void small_free(void *p, unsigned int class)
{
	mfn_t mfn = frame_of(p);

	BUG_ON((uintptr_t)p & (class_size(class) - 1) || page_count(mfn) < 2);
	spin_lock(&kalloc_lock);
	list_add(&free_objects[class], p);
	page_put(mfn);
	if (page_count(mfn) == 1)
		drop_page(frame_map(mfn), class);
	spin_unlock(&kalloc_lock);
}

static void *large_alloc(size_t size)
{
	uint64_t nr = div_round_up(size, PAGE_SIZE), i;
	unsigned int order = nr == 1 ? 0 : 64 - (unsigned int)__builtin_clzll(nr - 1);
	mfn_t mfn = frame_alloc(order);

	if (mfn_eq(mfn, INVALID_MFN))
		return NULL;
	for (i = nr; i < 1ULL << order; i++)
		frame_free(mfn_add(mfn, i), 0);
	for (i = 0; i < nr; i++)
		page_clear(frame_map(mfn_add(mfn, i)));
	return frame_map(mfn);
}

static void large_free(void *p, size_t size)
{
	uint64_t nr = div_round_up(size, PAGE_SIZE), i;

	for (i = 0; i < nr; i++)
		frame_free(mfn_add(frame_of(p), i), 0);
}

void *kalloc(size_t size)
{
	ASSERT(size > 0);
	return size > PAGE_SIZE / 2 ? large_alloc(size) : small_alloc(class_of(size));
}

void kfree(void *p, size_t size)
{
	if (!p)
		return;
	if (size > PAGE_SIZE / 2)
		large_free(p, size);
	else
		small_free(p, class_of(size));
}

void *page_alloc(void)
{
	return large_alloc(PAGE_SIZE);
}

void page_free(void *va)
{
	large_free(va, PAGE_SIZE);
}

mfn_t page_mfn(const void *va)
{
	return frame_of(va);
}
