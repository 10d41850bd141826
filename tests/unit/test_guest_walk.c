/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest page-table walker over a small made-up guest memory. */
#include "unit.h"
#include "core/guest_copy.h"
#include "core/guest_walk.h"
#include "lib/errno.h"
#include "x86/cr.h"
#include "x86/msr.h"

#define MEM_PAGES 16
#define P 1ULL
#define W 2ULL
#define U 4ULL
#define A 0x20ULL
#define D 0x40ULL
#define PS 0x80ULL
#define NX (1ULL << 63)

static uint8_t mem[MEM_PAGES * PAGE_SIZE];
static const struct hvm_mode long_mode = { .cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP, .cr3 = 0x1000, .cr4 = X86_CR4_PAE,
					   .efer = EFER_LME | EFER_LMA | EFER_NXE };

static bool read_mem(void *ctx, uint64_t gpa, void *dst, unsigned int size)
{
	if (gpa > sizeof(mem) - size)
		return false;
	memcpy(dst, mem + gpa, size);
	return true;
}

static bool set_bits(void *ctx, uint64_t gpa, uint64_t old, uint64_t bits, unsigned int size)
{
	uint64_t now = 0;

	if (!read_mem(ctx, gpa, &now, size))
		return false;
	if (now == old) {
		now |= bits;
		memcpy(mem + gpa, &now, size);
	}
	return true;
}

static const struct walk_ops ops = { read_mem, set_bits };

static void put(uint64_t table, unsigned int index, uint64_t entry)
{
	memcpy(mem + table + index * 8, &entry, 8);
}

static uint64_t get(uint64_t table, unsigned int index)
{
	uint64_t e;

	memcpy(&e, mem + table + index * 8, 8);
	return e;
}

/* 0x1000 -> 0x2000 -> 0x3000 -> 0x4000; va 0x5000 -> 0x7000 */
static int setup(void **state)
{
	memset(mem, 0, sizeof(mem));
	put(0x1000, 0, 0x2000 | P | W | U);
	put(0x2000, 0, 0x3000 | P | W | U);
	put(0x3000, 0, 0x4000 | P | W | U);
	put(0x4000, 5, 0x7000 | P | W | U);
	return 0;
}

static int walk(const struct hvm_mode *m, uint64_t va, uint32_t access, uint64_t *gpa, uint32_t *err)
{
	return guest_walk(m, va, access, &ops, NULL, gpa, err);
}

static void four_levels(void **state)
{
	uint64_t gpa;
	uint32_t err;

	assert_int_equal(walk(&long_mode, 0x5123, 0, &gpa, &err), 0);
	assert_int_equal(gpa, 0x7123);
	assert_int_equal(walk(&long_mode, 0x6000, 0, &gpa, &err), -EFAULT);
	assert_int_equal(err & PF_PRESENT, 0);
}

static void large_pages(void **state)
{
	uint64_t gpa;
	uint32_t err;

	put(0x3000, 1, 0x40000000 | P | W | PS);
	assert_int_equal(walk(&long_mode, 0x234567, 0, &gpa, &err), 0);
	assert_int_equal(gpa, 0x40034567);
	put(0x2000, 1, 0x80000000 | P | W | PS);
	assert_int_equal(walk(&long_mode, 0x41234567, 0, &gpa, &err), 0);
	assert_int_equal(gpa, 0x81234567);
}

static void non_canonical_is_refused(void **state)
{
	uint64_t gpa;
	uint32_t err;

	assert_int_equal(walk(&long_mode, 0x0000800000000000, 0, &gpa, &err), -EFAULT);
	assert_int_equal(walk(&long_mode, 0xffff000000000000, 0, &gpa, &err), -EFAULT);
}

static void rights_add_up_over_the_levels(void **state)
{
	struct hvm_mode no_wp = long_mode;
	uint64_t gpa;
	uint32_t err;

	put(0x3000, 0, 0x4000 | P | U); /* read-only above a writable page */
	assert_int_equal(walk(&long_mode, 0x5000, PF_WRITE, &gpa, &err), -EFAULT);
	assert_int_equal(err, PF_WRITE | PF_PRESENT);
	no_wp.cr0 &= ~X86_CR0_WP;
	assert_int_equal(walk(&no_wp, 0x5000, PF_WRITE, &gpa, &err), 0);
	assert_int_equal(walk(&no_wp, 0x5000, PF_WRITE | PF_USER, &gpa, &err), -EFAULT);
	put(0x2000, 0, 0x3000 | P | W);
	assert_int_equal(walk(&long_mode, 0x5000, PF_USER, &gpa, &err), -EFAULT);
	put(0x1000, 0, 0x2000 | P | W | U | NX);
	assert_int_equal(walk(&long_mode, 0x5000, PF_FETCH, &gpa, &err), -EFAULT);
	assert_int_equal(walk(&long_mode, 0x5000, 0, &gpa, &err), 0);
}

static void a_write_leaves_accessed_and_dirty(void **state)
{
	uint64_t gpa;
	uint32_t err;

	assert_int_equal(walk(&long_mode, 0x5000, 0, &gpa, &err), 0);
	assert_int_equal(get(0x4000, 5) & D, 0);
	assert_int_equal(walk(&long_mode, 0x5000, PF_WRITE, &gpa, &err), 0);
	assert_int_equal(get(0x4000, 5), 0x7000 | P | W | U | A | D);
}

static void unpaged_is_physical(void **state)
{
	struct hvm_mode m = { .cr0 = X86_CR0_PE };
	uint64_t gpa;
	uint32_t err;

	assert_int_equal(walk(&m, 0x12345678, PF_WRITE, &gpa, &err), 0);
	assert_int_equal(gpa, 0x12345678);
}

static void legacy_and_pae(void **state)
{
	struct hvm_mode legacy = { .cr0 = X86_CR0_PE | X86_CR0_PG, .cr3 = 0x8000, .cr4 = X86_CR4_PSE };
	struct hvm_mode pae = { .cr0 = X86_CR0_PE | X86_CR0_PG, .cr3 = 0x9020, .cr4 = X86_CR4_PAE };
	uint32_t pde = 0xa000 | 7, pte = 0xb000 | 7, large = 0x00c00000 | 1 << 13 | 0x87, err;
	uint64_t gpa;

	memcpy(mem + 0x8000 + 4, &pde, 4);
	memcpy(mem + 0xa000 + 8, &pte, 4);
	memcpy(mem + 0x8000 + 8, &large, 4);
	assert_int_equal(walk(&legacy, 0x00402abc, 0, &gpa, &err), 0);
	assert_int_equal(gpa, 0xbabc);
	assert_int_equal(walk(&legacy, 0x00812345, 0, &gpa, &err), 0);
	assert_int_equal(gpa, 0x100c12345);
	put(0x9020, 1, 0xc000 | P);
	put(0xc000, 0, 0xd000 | P | W);
	put(0xd000, 3, 0xe000 | P | W);
	assert_int_equal(walk(&pae, 0x40003fff, PF_WRITE, &gpa, &err), 0);
	assert_int_equal(gpa, 0xefff);
	assert_int_equal(walk(&pae, 0x140003fff, 0, &gpa, &err), -EFAULT);
}

/* Random tables: the walk ends, stays inside the guest's memory, and a success keeps the page offset. */
static void random_tables(void **state)
{
	(void)unit_seed();
	for (unsigned int round = 0; round < 20000; round++) {
		struct hvm_mode m = { .cr0 = X86_CR0_PE | X86_CR0_PG | (unit_rand() & X86_CR0_WP),
				      .cr3 = unit_below(MEM_PAGES) << 12, .cr4 = unit_rand() & (X86_CR4_PAE | X86_CR4_PSE),
				      .efer = unit_rand() & (EFER_LMA | EFER_NXE) };
		uint64_t va = unit_rand() >> unit_below(40), gpa;
		uint32_t err;

		if (round % 64 == 0)
			for (size_t i = 0; i < sizeof(mem) / 8; i++)
				put(0, i, (unit_rand() & 0xff7) | unit_below(MEM_PAGES + 1) << 12 |
						  (unit_rand() & NX));
		if (walk(&m, va, unit_rand() & (PF_WRITE | PF_USER | PF_FETCH), &gpa, &err) == 0)
			assert_int_equal(gpa & 0xfff, va & 0xfff);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(four_levels, setup),
		cmocka_unit_test_setup(large_pages, setup),
		cmocka_unit_test_setup(non_canonical_is_refused, setup),
		cmocka_unit_test_setup(rights_add_up_over_the_levels, setup),
		cmocka_unit_test_setup(a_write_leaves_accessed_and_dirty, setup),
		cmocka_unit_test_setup(unpaged_is_physical, setup),
		cmocka_unit_test_setup(legacy_and_pae, setup),
		cmocka_unit_test_setup(random_tables, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
