/* SPDX-License-Identifier: GPL-2.0-only */
/* Small objects: alignment, zeroing, no overlap, and every page back when the last object goes. */
#include "unit.h"
#include "fakes/fakes.h"
#include "lib/compiler.h"
#include "mem/buddy.h"
#include "mem/kalloc.h"

#define NR_FRAMES 512

static uint32_t table[NR_FRAMES];

static int setup(void **state)
{
	fake_frames_init(NR_FRAMES);
	memset(frame_map(MFN(0)), 0xa5, NR_FRAMES * PAGE_SIZE);
	frame_init(table, NR_FRAMES);
	frame_give_heap(MFN(0), NR_FRAMES);
	return 0;
}

static int teardown(void **state)
{
	bool leak = frame_nr_free() != NR_FRAMES || !buddy_check() || fake_locks_held;

	fake_frames_init(0);
	return leak;
}

static size_t alignment_of(size_t size)
{
	size_t a = 32;

	while (a < size && a < PAGE_SIZE)
		a *= 2;
	return a;
}

static void sizes_and_alignment(void **state)
{
	size_t size;

	for (size = 1; size < 20000; size += 1 + size / 8) {
		char *p = kalloc(size), *q = kalloc(size);

		assert_non_null(p);
		assert_non_null(q);
		assert_ptr_not_equal(p, q);
		assert_int_equal((uintptr_t)p % alignment_of(size), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 1, size);
		memset(q, 2, size);
		assert_int_equal(p[size - 1], 1);
		kfree(p, size);
		kfree(q, size);
		assert_int_equal(frame_nr_free(), NR_FRAMES);
	}
	kfree(NULL, 5);
}

static void whole_pages(void **state)
{
	void *p = page_alloc();

	assert_ptr_equal(frame_map(page_mfn(p)), p);
	assert_int_equal(page_owner(page_mfn(p)), OWNER_HV);
	page_free(p);
	p = kalloc(5 * PAGE_SIZE);
	assert_int_equal(frame_nr_free(), NR_FRAMES - 5);
	kfree(p, 5 * PAGE_SIZE);
}

static void running_out_is_an_answer(void **state)
{
	void *p = kalloc((NR_FRAMES - 1) * PAGE_SIZE), *q;

	assert_non_null(p);
	q = page_alloc();
	assert_non_null(q);
	assert_null(page_alloc());
	assert_null(kalloc(64));
	page_free(q);
	q = kalloc(64);
	assert_non_null(q);
	kfree(q, 64);
	kfree(p, (NR_FRAMES - 1) * PAGE_SIZE);
}

static void random_sequence(void **state)
{
	struct {
		unsigned char *p, mark;
		size_t size;
	} a[301], *o; /* the last one is never kept */
	unsigned int nr = 0, step;

	unit_seed();
	for (step = 0; step < 20000; step++) {
		o = &a[nr];
		o->size = 1 + (size_t)unit_below(1ULL << (1 + unit_below(13)));
		if (nr < ARRAY_SIZE(a) - 1 && unit_below(2) && (o->p = kalloc(o->size))) {
			for (size_t i = 0; i < o->size; i++)
				assert_int_equal(o->p[i], 0);
			o->mark = (unsigned char)unit_rand();
			memset(o->p, o->mark, o->size);
			nr++;
		} else if (nr) {
			o = &a[unit_below(nr)];
			for (size_t i = 0; i < o->size; i++)
				assert_int_equal(o->p[i], o->mark);
			kfree(o->p, o->size);
			*o = a[--nr];
		}
	}
	while (nr--)
		kfree(a[nr].p, a[nr].size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sizes_and_alignment, setup, teardown),
		cmocka_unit_test_setup_teardown(whole_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(running_out_is_an_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(random_sequence, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
