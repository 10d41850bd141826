/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Dom0 gets on its first touch of an address, and where the hypervisor writes on its behalf. A small
 * machine: four pieces of 2 MiB, of which single pages are something else than a device's registers.
 */
#include "unit.h"
#include "dev/cpuid.h"
#include "dev/hwdom_map.h"
#include "dev/mmio.h"
#include "dev/vmsix.h"
#include "fakes/fakes.h"
#include "lib/errno.h"
#include "x86/efi.h"

#define PIECE(n)  (MIB(2) * (n))
#define RAM	  (PIECE(1) + PAGE_SIZE)
#define FIRMWARE  (PIECE(2) + 3 * PAGE_SIZE)
#define MODEL	  (PIECE(3) + 5 * PAGE_SIZE)
#define TABLE	  (PIECE(3) + 7 * PAGE_SIZE)
#define DENIED	  (PIECE(3) + 9 * PAGE_SIZE)
#define PHYS_BITS 30

static struct domain d;
static struct {
	uint64_t gpa, mfn;
	unsigned int order;
	enum p2m_type type;
} mapped;
static unsigned int maps, flushes;
static int refused_order; /* p2m_map() says -EEXIST for it; -1: for none */

bool frame_valid(mfn_t mfn) { return mfn.n < PIECE(4) >> PAGE_SHIFT; }
enum page_type page_type(mfn_t mfn) { return mfn.n == RAM >> PAGE_SHIFT ? PAGE_RAM : PAGE_NONE; }
unsigned int cpuid_phys_bits(const struct domain *dom) { return PHYS_BITS; }
bool mmio_claims(const struct domain *dom, uint64_t gpa) { return gpa >> PAGE_SHIFT == MODEL >> PAGE_SHIFT; }
bool vmsix_covers(struct domain *dom, uint64_t gpa) { return gpa >> PAGE_SHIFT == TABLE >> PAGE_SHIFT; }
bool efi_owns(uint64_t hpa) { return hpa >> PAGE_SHIFT == FIRMWARE >> PAGE_SHIFT; }

int p2m_map(struct p2m *p2m, gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type)
{
	if ((int)order == refused_order)
		return -EEXIST;
	maps++;
	mapped.gpa = gfn.n << PAGE_SHIFT;
	mapped.mfn = mfn.n;
	mapped.order = order;
	mapped.type = type;
	return 0;
}

struct p2m_entry p2m_lookup(const struct p2m *p2m, gfn_t gfn)
{
	return (struct p2m_entry){ .mfn = MFN(gfn.n), .type = mapped.type };
}

int p2m_unmap(struct p2m *p2m, gfn_t gfn, struct p2m_entry expected)
{
	mapped.type = P2M_NONE;
	return 0;
}

void p2m_flush(struct p2m *p2m) { flushes++; }

static int setup(void **state)
{
	maps = flushes = 0;
	refused_order = -1;
	return 0;
}

/* Read once each, with the offset in the page that a driver may have. */
static void test_kinds(void **state)
{
	static const struct {
		const char *what;
		uint64_t gpa;
		enum p2m_type type;
		unsigned int order;
		bool is_device;
	} cases[] = {
		{ "registers alone in their 2 MiB", PIECE(5) + 0x12345, P2M_MMIO, PAGE_ORDER_2M, true },
		{ "registers beside RAM", PIECE(1) + 2 * PAGE_SIZE, P2M_MMIO, PAGE_ORDER_4K, true },
		{ "RAM", RAM + 8, P2M_NONE, 0, false },
		{ "registers beside the firmware's memory", FIRMWARE + PAGE_SIZE, P2M_MMIO, PAGE_ORDER_4K, true },
		{ "the firmware's memory", FIRMWARE + 8, P2M_MMIO_RO, PAGE_ORDER_4K, false },
		{ "registers beside what traps", PIECE(3), P2M_MMIO, PAGE_ORDER_4K, true },
		{ "a device model's page", MODEL, P2M_NONE, 0, false },
		{ "an MSI-X table", TABLE, P2M_NONE, 0, true },
		{ "the last byte of a range kept back", DENIED + 0xfff, P2M_NONE, 0, false },
		{ "the page behind that range", DENIED + PAGE_SIZE, P2M_MMIO, PAGE_ORDER_4K, true },
		{ "below 1 MiB", 0xb8000, P2M_MMIO, PAGE_ORDER_4K, true },
		{ "behind the last address", 1ULL << PHYS_BITS, P2M_NONE, 0, false },
		{ "the last address", (1ULL << PHYS_BITS) - 1, P2M_MMIO, PAGE_ORDER_2M, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t size = PAGE_SIZE << cases[i].order;

		maps = 0;
		if (hwdom_map_mmio(&d, cases[i].gpa) != (cases[i].type != P2M_NONE))
			fail_msg("%s: mapped or not", cases[i].what);
		if (maps != (cases[i].type != P2M_NONE))
			fail_msg("%s: %u mappings", cases[i].what, maps);
		if (maps && (mapped.type != cases[i].type || mapped.order != cases[i].order ||
			     mapped.gpa != round_down(cases[i].gpa, size) || mapped.mfn != mapped.gpa >> PAGE_SHIFT))
			fail_msg("%s: type %d, order %u, %#lx", cases[i].what, mapped.type, mapped.order, mapped.gpa);
		if (hwdom_is_device(&d, round_down(cases[i].gpa, PAGE_SIZE)) != cases[i].is_device)
			fail_msg("%s: a device's or not", cases[i].what);
	}
}

/* Parts of the 2 MiB are mapped already: the page alone, then. */
static void test_no_room_for_2m(void **state)
{
	refused_order = PAGE_ORDER_2M;
	assert_true(hwdom_map_mmio(&d, PIECE(5)));
	assert_int_equal(mapped.order, PAGE_ORDER_4K);
	assert_int_equal(maps, 1);
}

/* Another CPU was quicker: try again, it is there. */
static void test_there_already(void **state)
{
	refused_order = PAGE_ORDER_4K;
	assert_true(hwdom_map_mmio(&d, PIECE(3)));
	assert_int_equal(maps, 0);
}

/* Only registers are taken away again, not what the firmware has there. */
static void test_unmap(void **state)
{
	mapped.type = P2M_MMIO;
	hwdom_unmap_mmio(&d, PIECE(5));
	assert_int_equal(mapped.type, P2M_NONE);
	assert_int_equal(flushes, 1);
	mapped.type = P2M_MMIO_RO;
	hwdom_unmap_mmio(&d, FIRMWARE);
	assert_int_equal(mapped.type, P2M_MMIO_RO);
	assert_int_equal(flushes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_kinds, setup),
		cmocka_unit_test_setup(test_no_room_for_2m, setup),
		cmocka_unit_test_setup(test_there_already, setup),
		cmocka_unit_test_setup(test_unmap, setup),
	};

	hwdom_deny_mmio(DENIED, DENIED + PAGE_SIZE - 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
