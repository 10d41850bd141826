/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames and the buddy heap: references and owners, clearing, splitting and joining of blocks. The
 * random test holds a model of who has what, and checks heap and model after every operation.
 */
#include "unit.h"
#include "fakes/fakes.h"
#include "lib/compiler.h"
#include "mem/buddy.h"
#include "mem/frame.h"

#include <pthread.h>

#define NR_FRAMES 2048
#define FIRST	  3 /* frames below are not RAM */
#define DOM	  5

static uint32_t table[NR_FRAMES];
static uint64_t nr_hook_calls;

static void count_freed(domid_t owner, enum page_type type)
{
	assert_int_equal(owner, DOM);
	assert_int_not_equal(type, PAGE_HV);
	nr_hook_calls++;
}

static int setup(void **state)
{
	fake_frames_init(NR_FRAMES);
	memset(frame_map(MFN(0)), 0xa5, NR_FRAMES * PAGE_SIZE);
	memset(table, 0xff, sizeof(table));
	frame_init(table, NR_FRAMES);
	frame_give_heap(MFN(FIRST), NR_FRAMES - FIRST - 1);
	frame_freed_hook = count_freed;
	nr_hook_calls = 0;
	return 0;
}

static int teardown(void **state)
{
	fake_frames_init(0);
	return fake_locks_held != 0;
}

static bool is_zero(mfn_t mfn)
{
	const char *p = frame_map(mfn);

	return p[0] == 0 && memcmp(p, p + 1, PAGE_SIZE - 1) == 0;
}

static void boot_accounts_for_every_frame(void **state)
{
	assert_true(buddy_check());
	assert_int_equal(frame_nr_free(), NR_FRAMES - FIRST - 1);
	assert_int_equal(frame_nr_total(), NR_FRAMES - FIRST - 1);
	assert_int_equal(frame_nr_table(), NR_FRAMES);
	assert_int_equal(page_type(MFN(0)), PAGE_NONE);
	assert_int_equal(page_owner(MFN(0)), OWNER_NONE);
	assert_int_equal(page_owner(MFN(FIRST)), OWNER_NONE);
	assert_false(frame_valid(MFN(NR_FRAMES)));
	assert_false(page_get(MFN(NR_FRAMES), DOM));
	assert_false(page_get(INVALID_MFN, DOM));
	frame_give_owner(MFN(0), FIRST, 0, PAGE_RAM);
	assert_int_equal(page_owner(MFN(2)), 0);
	assert_int_equal(page_count(MFN(2)), 1);
	assert_int_equal(frame_nr_total(), NR_FRAMES - 1);
	expect_assert_failure(frame_give_owner(MFN(2), 1, 0, PAGE_RAM));
	expect_assert_failure(frame_give_heap(MFN(10), 1));
}

static void references_belong_to_the_owner(void **state)
{
	mfn_t m = frame_alloc_domain(DOM, 0, PAGE_RAM);

	assert_true(frame_valid(m));
	assert_int_equal(page_owner(m), DOM);
	assert_int_equal(page_type(m), PAGE_RAM);
	assert_false(page_get(m, DOM + 1));
	assert_true(page_get(m, DOM));
	assert_true(page_get_mapped(m));
	assert_int_equal(page_count(m), 3);
	page_put(m);
	page_put(m);
	assert_int_equal(nr_hook_calls, 0);
	page_put(m);
	assert_int_equal(nr_hook_calls, 1);
	assert_false(page_get(m, DOM));
	assert_false(page_get_mapped(m));
	expect_assert_failure(page_put(m));
}

static void count_does_not_overflow(void **state)
{
	mfn_t m = frame_alloc_domain(DOM, 0, PAGE_SHARED);
	unsigned int i;

	for (i = 1; i < PAGE_COUNT_MAX; i++)
		assert_true(page_get(m, DOM));
	assert_false(page_get(m, DOM));
	assert_false(page_get_mapped(m));
	for (i = 0; i < PAGE_COUNT_MAX; i++)
		page_put(m);
	assert_int_equal(nr_hook_calls, 1);
	assert_true(buddy_check());
}

static void hypervisor_frames_are_nobody_elses(void **state)
{
	mfn_t m = frame_alloc(3);

	assert_int_equal(page_owner(mfn_add(m, 7)), OWNER_HV);
	assert_int_equal(page_type(mfn_add(m, 7)), PAGE_HV);
	assert_false(page_get_mapped(m));
	assert_false(page_get(m, DOM));
	assert_true(page_get(m, OWNER_HV));
	expect_assert_failure(frame_free(m, 3));
	page_put(m);
	frame_free(m, 3);
	assert_true(buddy_check());
	expect_assert_failure(frame_free(m, 3));
}

static void memory_never_leaks_content(void **state)
{
	mfn_t m = frame_alloc_domain(DOM, 4, PAGE_RAM);
	unsigned int i;

	for (i = 0; i < 16; i++) {
		assert_true(is_zero(mfn_add(m, i)));
		memset(frame_map(mfn_add(m, i)), 0x77, PAGE_SIZE);
		page_put(mfn_add(m, i));
	}
	for (i = 0; i < 16; i++) /* the links of the free list are all that may be there */
		assert_int_equal(((char *)frame_map(mfn_add(m, i)))[100], 0);
	m = frame_alloc_domain(DOM, 4, PAGE_RAM);
	for (i = 0; i < 16; i++)
		assert_true(is_zero(mfn_add(m, i)));
}

#define NR_SEEN 200

static mfn_t watched;
static unsigned int nr_seen_free;
static bool was_none;

static void *watch(void *unused)
{
	while (!was_none && nr_seen_free < NR_SEEN) {
		enum page_type is = page_type(watched);

		was_none |= is == PAGE_NONE;
		__atomic_add_fetch(&nr_seen_free, is != PAGE_RAM, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&nr_seen_free, NR_SEEN, __ATOMIC_RELEASE);
	return NULL;
}

/* Between its owners, too: what is NONE may be a device, and is Dom0's to map. */
static void ram_is_never_none(void **state)
{
	pthread_t watcher;

	watched = frame_alloc_domain(DOM, 0, PAGE_RAM);
	assert_int_equal(pthread_create(&watcher, NULL, watch, NULL), 0);
	while (__atomic_load_n(&nr_seen_free, __ATOMIC_ACQUIRE) < NR_SEEN) {
		page_put(watched);
		assert_int_equal(frame_alloc_domain(DOM, 0, PAGE_RAM).n, watched.n);
	}
	assert_int_equal(pthread_join(watcher, NULL), 0);
	assert_false(was_none);
}

static void broken_blocks_become_whole_again(void **state)
{
	mfn_t a = frame_alloc(9), b = frame_alloc(9);
	unsigned int i;

	/* 512..1023 and 1024..1535 are all there is of that size */
	assert_int_equal(a.n + b.n, 512 + 1024);
	assert_true(mfn_eq(frame_alloc(9), INVALID_MFN));
	assert_true(mfn_eq(frame_alloc(19), INVALID_MFN));
	for (i = 0; i < 512; i++)
		frame_free(mfn_add(a, i ^ 1), 0);
	frame_free(b, 9);
	assert_int_equal(frame_alloc(9).n % 512, 0);
	assert_int_equal(frame_alloc(9).n % 512, 0);
	assert_true(buddy_check());
}

struct held {
	mfn_t mfn;
	unsigned int order, refs; /* refs 0: the hypervisor's, else a domain's single frames */
};

static void model_drop(struct held *h)
{
	unsigned int i;

	if (!h->refs)
		frame_free(h->mfn, h->order);
	for (; h->refs; h->refs--)
		for (i = 0; i < 1u << h->order; i++)
			page_put(mfn_add(h->mfn, i));
}

static bool model_take(struct held *h)
{
	unsigned int i;

	h->order = (unsigned int)unit_below(unit_below(11) + 1);
	h->refs = (unsigned int)unit_below(4);
	h->mfn = h->refs ? frame_alloc_domain(DOM, h->order, PAGE_RAM) : frame_alloc(h->order);
	if (mfn_eq(h->mfn, INVALID_MFN))
		return false;
	assert_int_equal(h->mfn.n % (1u << h->order), 0);
	for (i = 0; i < 1u << h->order; i++) {
		if (h->refs)
			assert_true(is_zero(mfn_add(h->mfn, i)));
		memset(frame_map(mfn_add(h->mfn, i)), 0x5a, PAGE_SIZE);
		for (unsigned int r = 1; r < h->refs; r++)
			assert_true(page_get(mfn_add(h->mfn, i), DOM));
	}
	return true;
}

static void random_sequence(void **state)
{
	struct held held[200];
	unsigned int nr = 0, i, victim, step;
	uint64_t nr_held = 0;

	unit_seed();
	for (step = 0; step < 3000; step++) {
		if (nr < ARRAY_SIZE(held) && unit_below(2) && model_take(&held[nr])) {
			nr_held += 1u << held[nr++].order;
		} else if (nr) {
			victim = (unsigned int)unit_below(nr);
			nr_held -= 1u << held[victim].order;
			model_drop(&held[victim]);
			held[victim] = held[--nr];
		}
		assert_true(buddy_check());
		assert_int_equal(frame_nr_free() + nr_held, NR_FRAMES - FIRST - 1);
	}
	for (i = 0; i < nr; i++)
		model_drop(&held[i]);
	assert_true(buddy_check());
	assert_int_equal(frame_nr_free(), NR_FRAMES - FIRST - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(boot_accounts_for_every_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(references_belong_to_the_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(count_does_not_overflow, setup, teardown),
		cmocka_unit_test_setup_teardown(hypervisor_frames_are_nobody_elses, setup,
						teardown),
		cmocka_unit_test_setup_teardown(memory_never_leaks_content, setup, teardown),
		cmocka_unit_test_setup_teardown(ram_is_never_none, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_blocks_become_whole_again, setup, teardown),
		cmocka_unit_test_setup_teardown(random_sequence, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
