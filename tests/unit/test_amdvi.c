/* SPDX-License-Identifier: GPL-2.0-only */
/* AMD-Vi's tables: the IVRS as QEMU and as a machine gives it, damaged in every way, and with random bytes; words. */
#include "unit.h"

#include "lib/compiler.h"
#include "lib/errno.h"
#include "mem/amdvi.h"
#include "mem/iommu.h"
#include "mem/ivrs.h"

static uint8_t table[512];
static uint32_t length;

/* What the seams were told. */
static struct ivhd units[8];
static struct { uint64_t first, last; } reserved[8];
static struct { uint16_t first, last; uint8_t flags; } flagged[8];
static unsigned int nr_units, nr_reserved, nr_flagged, nr_ioapics;
static int unit_rc;

int ivrs_unit(const struct ivhd *h)
{
	units[nr_units++ % ARRAY_SIZE(units)] = *h;
	return unit_rc;
}

int iommu_add_reserved(uint64_t first, uint64_t last)
{
	unsigned int i = nr_reserved++ % ARRAY_SIZE(reserved);

	reserved[i].first = first;
	reserved[i].last = last;
	return 0;
}

void ivrs_devices(uint16_t first, uint16_t last, uint8_t flags, bool is_ioapic)
{
	unsigned int i = nr_flagged % ARRAY_SIZE(flagged);

	nr_ioapics += is_ioapic;
	if (!flags)
		return;
	flagged[i].first = first;
	flagged[i].last = last;
	flagged[i].flags = flags;
	nr_flagged++;
}

static void put(const void *bytes, size_t size)
{
	memcpy(table + length, bytes, size);
	length += (uint32_t)size;
}

/* A block of type 10h or 11h with these device entries. */
static void put_ivhd(uint8_t type, uint64_t hpa, const void *entries, size_t size)
{
	struct ivhd h = { .type = type, .flags = 0x31, .bdf = 2, .cap = 0x40, .hpa = hpa, .segment = 1 };
	static const uint8_t more[16];

	h.length = (uint16_t)(sizeof(h) + size + (type == 0x10 ? 0 : 16));
	put(&h, sizeof(h));
	if (type != 0x10)
		put(more, 16);
	put(entries, size);
}

static int parse(void)
{
	uint8_t *exact = malloc(length); /* so that ASan sees each byte too many */
	int rc;

	nr_units = nr_reserved = nr_flagged = nr_ioapics = 0;
	memcpy(exact, table, length);
	rc = ivrs_parse(exact, length);
	free(exact);
	return rc;
}

static const uint8_t entries_10[] = {
	2, 0x08, 0, 0,			 /* one device, no flags */
	3, 0x00, 1, 0x07, 4, 0xff, 1, 0, /* range 0100-01ff: INIT, ExtInt, NMI pass */
	0, 0, 0, 0,			 /* padding */
	66, 0x00, 2, 0x40, 0, 0x08, 0, 0, /* alias: LINT0 pass */
	72, 0, 0, 0xd7, 9, 0xa0, 0, 1,	 /* IO-APIC 9 is 00:14.0 */
	72, 0, 0, 0x00, 0, 0xa0, 0, 2,	 /* HPET */
};

static const uint8_t entries_11[] = {
	240, 0xa5, 0, 0x30, 'A', 'M', 'D', 'I', '0', '0', '2', '0', 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 'u', 'i', 'd',
	2, 0x10, 0, 0x80,
};

static const uint8_t unity[32] = {
	0x22, 0x07, 32, 0, 0x10, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0x34, 0x12, 0, 0xb0, 0, 0, 0, 0, 0x00, 0x20, 0, 0, 0, 0, 0, 0, /* b0001234 + 2000 */
};

static void build(void)
{
	memset(table, 0, sizeof(table));
	length = 48;
	put_ivhd(0x10, 0xfd200000, entries_10, sizeof(entries_10));
	put(unity, sizeof(unity));
	put_ivhd(0x11, 0xfd200000, entries_11, sizeof(entries_11));
}

static void whole(void **state)
{
	build();
	assert_int_equal(parse(), 0);
	assert_int_equal(nr_units, 2);
	assert_int_equal(units[0].hpa, 0xfd200000);
	assert_int_equal(units[0].bdf, 2);
	assert_int_equal(units[0].cap, 0x40);
	assert_int_equal(units[0].segment, 1);
	assert_int_equal(units[1].type, 0x11);
	assert_int_equal(nr_ioapics, 1);
	assert_int_equal(nr_flagged, 5);
	assert_true(flagged[0].first == 0x100 && flagged[0].last == 0x1ff && flagged[0].flags == 7);
	assert_true(flagged[1].first == 0x200 && flagged[1].last == 0x200 && flagged[1].flags == 0x40);
	assert_true(flagged[2].first == 0xa0 && flagged[2].flags == 0xd7);
	assert_true(flagged[3].first == 0xa5 && flagged[3].flags == 0x30);
	assert_true(flagged[4].first == 0x10 && flagged[4].flags == 0x80);
	assert_int_equal(nr_reserved, 1);
	assert_int_equal(reserved[0].first, 0xb0001234);
	assert_int_equal(reserved[0].last, 0xb0003233);
}

static void all_devices(void **state)
{
	static const uint8_t all[] = { 1, 0, 0, 0x01 };

	length = 48;
	put_ivhd(0x40, 0xfd200000, all, sizeof(all));
	assert_int_equal(parse(), 0);
	assert_true(nr_flagged == 1 && flagged[0].first == 0 && flagged[0].last == 0xffff);
}

static void a_seams_error_ends_it(void **state)
{
	build();
	unit_rc = -ENOSPC;
	assert_int_equal(parse(), -ENOSPC);
	assert_int_equal(nr_units, 1);
	unit_rc = 0;
}

static void blocks_of_a_later_time(void **state)
{
	static const uint8_t unknown[] = { 0x77, 0, 6, 0, 1, 2 }, not_mapped[32] = { 0x20, 0, 32, 0, [24] = 1 };

	length = 48;
	assert_int_equal(parse(), 0); /* nothing at all: the caller sees that there is no unit */
	put(unknown, sizeof(unknown));
	put(not_mapped, sizeof(not_mapped));
	assert_int_equal(parse(), 0);
	assert_int_equal(nr_units + nr_reserved, 0);
}

/* Every single cut; it may be taken for whole only between two blocks. */
static void cut_off(void **state)
{
	uint32_t whole_length;

	build();
	whole_length = length;
	for (length = 0; length < whole_length; length++) {
		bool between = length <= 48 || length == 48 + 24 + sizeof(entries_10) ||
			       length == 48 + 24 + sizeof(entries_10) + 32;
		int rc = parse();

		assert_int_equal(rc, between ? 0 : -EINVAL);
	}
}

static void bad_lengths(void **state)
{
	static const uint8_t tail[] = { 240, 0, 0, 0, 0, 0 }, half[] = { 72, 0, 0, 0 };
	uint64_t huge = ~0ULL;

	build();
	table[48 + 2] = 0; /* no length: no endless loop */
	assert_int_equal(parse(), -EINVAL);
	build();
	table[48 + 2] = 23; /* shorter than its fixed part */
	assert_int_equal(parse(), -EINVAL);
	length = 48;
	put_ivhd(0x10, 0, tail, sizeof(tail)); /* a name that is not there */
	assert_int_equal(parse(), -EINVAL);
	length = 48;
	put_ivhd(0x10, 0, half, sizeof(half)); /* half an entry */
	assert_int_equal(parse(), -EINVAL);
	length = 48;
	put(unity, sizeof(unity));
	memcpy(table + 48 + 24, &huge, 8); /* a range around the end */
	assert_int_equal(parse(), -EINVAL);
	memset(table + 48 + 24, 0, 8); /* of nothing */
	assert_int_equal(parse(), -EINVAL);
}

static void random_bytes(void **state)
{
	unit_seed();
	for (unsigned int i = 0; i < 20000; i++) {
		build();
		for (unsigned int n = 1 + (unsigned int)unit_below(8); n; n--)
			table[unit_below(length)] = (uint8_t)unit_rand();
		length = (uint32_t)unit_below(length) + 1;
		(void)parse();
	}
}

/* Values worked out by hand from the specification's figures. */
static void words(void **state)
{
	struct amdvi_dte e = { 0 };

	amdvi_dte_set_flags(&e, 0xd7); /* SysMgt 1; LINT1, LINT0, NMI, ExtInt, INIT pass */
	assert_int_equal(e.quad[1], 1ULL << 40);
	assert_int_equal(e.quad[2], 0xc7ULL << 56);
	amdvi_dte_remap_interrupts(&e, 0x12345000);
	assert_int_equal(e.quad[2], 0xe700000012345011ULL);
	amdvi_dte_translate(&e, MFN(0xabcde), 1);
	assert_int_equal(e.quad[0], 0x60000000abcde803ULL);
	assert_int_equal(e.quad[1], 1ULL << 40 | 1);
	assert_int_equal(e.quad[3], 0);
	assert_int_equal(amdvi_irte(0x42, 0x17, false), 0x00421701);
	assert_int_equal(amdvi_irte(0xef, 0xff, true), 0x00efff21);
	assert_int_equal(CMD_INVALIDATE_PAGES(1), 0x3000000100000000ULL);
}

static void check_event(uint64_t low, const char *why, bool write)
{
	struct amdvi_event e = amdvi_event_decode(low | 0x1f3, 0x123456789000);

	assert_int_equal(e.bdf, 0x1f3);
	assert_int_equal(e.addr, 0x123456789000);
	assert_int_equal(e.write, write);
	if (why)
		assert_string_equal(e.why, why);
	else
		assert_null(e.why);
}

static void events(void **state)
{
	check_event(2ULL << 60, "not mapped", false);
	check_event(2ULL << 60 | 1ULL << 53, "not mapped", true);
	check_event(2ULL << 60 | 3ULL << 52, "not permitted", true);
	check_event(2ULL << 60 | 1ULL << 52 | 1ULL << 55, "bad page table entry", false);
	check_event(2ULL << 60 | 1ULL << 51, "no such interrupt", false);
	check_event(1ULL << 60, "its device table entry is bad", false);
	check_event(5ULL << 60, "bad command", false);
	check_event(0, NULL, false);
	check_event(15ULL << 60, NULL, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(all_devices), cmocka_unit_test(a_seams_error_ends_it),
		cmocka_unit_test(blocks_of_a_later_time), cmocka_unit_test(cut_off), cmocka_unit_test(bad_lengths),
		cmocka_unit_test(random_bytes), cmocka_unit_test(words), cmocka_unit_test(events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
