/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Remembered ways through a guest's page tables, against a fresh walk each time, while the
 * tables, the p2m and the mode change at random. A remembered way that outlived what it went
 * through would show as a difference.
 */
#include "unit.h"
#include "core/guest_copy.h"
#include "core/guest_path.h"
#include "fakes/fakes.h"
#include "lib/errno.h"
#include "mem/kalloc.h"
#include "x86/cpu.h"
#include "x86/cr.h"
#include "x86/msr.h"

#define NR_FRAMES 1024
#define NR_GFNS	  64 /* the guest's memory; 0..7 are its page tables */
#define DOM	  7
#define NR_VAS	  32
#define P 1ULL
#define W 2ULL
#define U 4ULL

static uint32_t table[NR_FRAMES];
static struct p2m p2m;
static struct guest_path paths[NR_GUEST_PATHS];
static mfn_t mfn_of[NR_GFNS];
static struct hvm_mode mode;

/* Where its page g lies: four in each 2 MiB, so that changes are partly near what a way leads over. */
static uint64_t gfn_of(unsigned int g)
{
	return (uint64_t)(g / 4) << 9 | g;
}

static uint64_t gpa_of(unsigned int g)
{
	return gfn_of(g) << 12;
}

static uint64_t *entry(unsigned int gfn, unsigned int i)
{
	return (uint64_t *)frame_map(mfn_of[gfn]) + i;
}

static void map(unsigned int gfn)
{
	if (mfn_of[gfn].n == INVALID_MFN.n)
		mfn_of[gfn] = frame_alloc_domain(DOM, 0, PAGE_RAM);
	assert_int_equal(p2m_map(&p2m, GFN(gfn_of(gfn)), mfn_of[gfn], 0, P2M_RAM), 0);
}

/* Level 4 is gfn 0 (or 1: another cr3 with the same below), 3 gfn 2, 2 gfn 3, 1 gfn 4 and 5. */
static int setup(void **state)
{
	fake_frames_init(NR_FRAMES);
	frame_init(table, NR_FRAMES);
	frame_give_heap(MFN(0), NR_FRAMES);
	fake_cpus_init(1);
	memset(paths, 0, sizeof(paths));
	assert_int_equal(p2m_init(&p2m, &p2m_format_npt, DOM, true), 0);
	for (unsigned int g = 0; g < NR_GFNS; g++) {
		mfn_of[g] = INVALID_MFN;
		map(g);
	}
	*entry(0, 0) = *entry(1, 0) = gpa_of(2) | P | W | U;
	*entry(2, 0) = gpa_of(3) | P | W | U;
	*entry(3, 0) = gpa_of(4) | P | W | U;
	*entry(3, 1) = gpa_of(5) | P | W | U;
	for (unsigned int i = 0; i < NR_VAS; i++)
		*entry(4 + i / 16, i % 16) = gpa_of(8 + i) | P | W | U;
	mode = (struct hvm_mode){ .cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP, .cr4 = X86_CR4_PAE,
				  .efer = EFER_LME | EFER_LMA | EFER_NXE };
	return 0;
}

static void put(struct p2m *p, struct p2m_entry e)
{
	page_put(e.mfn);
}

static int teardown(void **state)
{
	while (p2m_destroy(&p2m, 100, put))
		;
	p2m_free(&p2m);
	if (frame_nr_free() != NR_FRAMES)
		return 1;
	fake_frames_init(0);
	return 0;
}

static uint64_t va_of(unsigned int i)
{
	return (uint64_t)(i / 16) << 21 | (uint64_t)(i % 16) << 12;
}

/* The same question with and without memory; true if it leads somewhere. */
static bool ask(uint64_t va, uint32_t access)
{
	struct p2m_spot s = { 0 }, fresh = { 0 };
	struct guest_path none[NR_GUEST_PATHS] = { 0 };
	uint32_t error = 0, fresh_error = 0;
	int rc = guest_path_find(paths, &p2m, &mode, va, access, &s, &error);

	assert_int_equal(guest_path_find(none, &p2m, &mode, va, access, &fresh, &fresh_error), rc);
	assert_int_equal(s.hpa, fresh.hpa);
	assert_int_equal(s.writable, fresh.writable);
	if (rc)
		assert_int_equal(error, fresh_error);
	else
		assert_true(p2m_is_version(&p2m, s.version));
	return rc == 0;
}

static bool is_remembered(uint64_t va)
{
	for (unsigned int i = 0; i < NR_GUEST_PATHS; i++)
		if (paths[i].version == p2m.version && paths[i].va == va)
			return true;
	return false;
}

static void ways_are_remembered_and_forgotten(void **state)
{
	struct p2m_entry e;

	assert_false(is_remembered(va_of(3)));
	assert_true(ask(va_of(3) + 100, 0));
	assert_true(is_remembered(va_of(3)));
	assert_true(ask(va_of(3), PF_WRITE));
	assert_int_equal(*entry(4, 3) & 0x60, 0x60); /* accessed and dirty */
	*entry(4, 3) &= ~W;
	assert_false(ask(va_of(3), PF_WRITE));
	mode.cr0 &= ~X86_CR0_WP;
	assert_true(ask(va_of(3), PF_WRITE));
	mode.cr0 |= X86_CR0_WP;
	assert_false(ask(va_of(3), PF_WRITE));
	*entry(4, 3) = 0;
	assert_false(ask(va_of(3), 0));
	assert_true(ask(va_of(4), 0));
	*entry(2, 0) &= ~P;
	assert_false(ask(va_of(4), 0));
	*entry(2, 0) |= P;
	e = p2m_lookup(&p2m, GFN(gfn_of(4))); /* the guest gives its page table away */
	assert_int_equal(p2m_unmap(&p2m, GFN(gfn_of(4)), e), 0);
	assert_false(ask(va_of(4), 0));
	assert_int_equal(p2m_map(&p2m, GFN(gfn_of(4)), e.mfn, 0, P2M_RAM), 0);
	assert_true(ask(va_of(4), 0));
	assert_false(ask(1ULL << 47, 0));
	mode.cr0 &= ~X86_CR0_PG;
	mode.efer = 0;
	assert_true(ask(gpa_of(5) + 8, PF_WRITE));
	assert_false(ask((uint64_t)NR_GFNS << 12, 0));
}

static void change_something(void)
{
	unsigned int i = (unsigned int)unit_below(NR_VAS), g = (unsigned int)unit_below(NR_GFNS);
	struct p2m_entry e = p2m_lookup(&p2m, GFN(gfn_of(g)));

	switch (unit_below(12)) {
	case 0: case 1: case 2:
		*entry(4 + i / 16, i % 16) =
			gpa_of(8 + (unsigned int)unit_below(NR_GFNS - 6)) | P | U | (unit_rand() & W);
		break;
	case 3:
		*entry(4 + i / 16, i % 16) &= ~P;
		if (!unit_below(8))
			*entry(2, 0) ^= 1ULL << unit_below(3);
		else
			*entry(2, 0) |= P | W | U;
		break;
	case 4:
		*entry(3, 1) ^= 1 << 12; /* table 4 or 5 */
		break;
	case 5:
		mode.cr3 ^= 0x1000;
		break;
	case 6:
		mode.cr0 ^= X86_CR0_WP;
		break;
	case 7:
		if (g < 8 && e.type != P2M_NONE && unit_below(8))
			break; /* page tables seldom vanish */
		if (e.type == P2M_NONE) {
			map(g);
		} else {
			assert_int_equal(p2m_unmap(&p2m, GFN(gfn_of(g)), e), 0);
			if (g >= 8) { /* let go for good, another frame comes */
				page_put(e.mfn);
				mfn_of[g] = INVALID_MFN;
			}
		}
		break;
	case 8:
		if (e.type == P2M_NONE)
			break;
		assert_int_equal(p2m_unmap(&p2m, GFN(gfn_of(g)), e), 0);
		assert_int_equal(p2m_map(&p2m, GFN(gfn_of(g)), e.mfn, 0,
					 e.type == P2M_RAM ? P2M_GRANT_RO : P2M_RAM), 0);
	}
}

static void random_sequence(void **state)
{
	unsigned int nr_good = 0;

	unit_seed();
	for (unsigned int step = 0; step < 30000; step++) {
		if (!unit_below(3))
			change_something();
		if (step % 100 == 0)
			assert_true(p2m_check(&p2m));
		for (unsigned int g = 0; g < 8 && !unit_below(4); g++)
			if (p2m_lookup(&p2m, GFN(gfn_of(g))).type == P2M_NONE)
				map(g);
		nr_good += ask(va_of((unsigned int)unit_below(NR_VAS)) + unit_below(4096),
			       unit_below(2) ? PF_WRITE : 0);
	}
	print_message("%u of 30000 led somewhere\n", nr_good);
	/* those unmapped at the end still have their own reference */
	for (unsigned int g = 0; g < NR_GFNS; g++)
		if (p2m_lookup(&p2m, GFN(gfn_of(g))).type == P2M_NONE && mfn_of[g].n != INVALID_MFN.n)
			page_put(mfn_of[g]);
}

/* LMA without paging is a state that a toolstack can load: there is no table to look at again. */
static void a_walk_without_tables_is_not_remembered(void **state)
{
	mode.cr0 &= ~X86_CR0_PG;
	assert_true(ask(gpa_of(9), 0));
	assert_false(is_remembered(gpa_of(9)));
	assert_true(ask(gpa_of(9), 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ways_are_remembered_and_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(a_walk_without_tables_is_not_remembered, setup, teardown),
		cmocka_unit_test_setup_teardown(random_sequence, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
