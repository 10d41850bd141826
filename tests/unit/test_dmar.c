/* SPDX-License-Identifier: GPL-2.0-only */
/* VT-d's ACPI table, whole and damaged, its fault records and entries; and what iommu.c makes of faults. */
#include "unit.h"
#include "fakes/fakes.h"

#include "lib/compiler.h"
#include "lib/errno.h"
#include "mem/vtd.h"
#include "x86/features.h"
#include "x86/irq.h"
#include "x86/pci.h"
#include <linux/pci_regs.h>

const struct iommu_ops vtd_ops, amdvi_ops; /* not called */

static uint16_t command;
static unsigned int nr_writes;

struct cpu_features cpu_features = { .phys_bits = 39 };

void pci_cfg_update(unsigned int segment, unsigned int bdf, unsigned int reg, unsigned int size, uint32_t keep, uint32_t val)
{
	assert_int_equal(reg, PCI_COMMAND);
	assert_int_equal(size, 2);
	assert_int_equal(bdf, 0x1ab);
	command = (uint16_t)((command & keep) | val);
	nr_writes++;
}

static uint8_t table[512];
static uint32_t length;

static void put(const void *data, size_t size)
{
	memcpy(table + length, data, size);
	length += (uint32_t)size;
	memcpy(table + 4, &length, 4);
}

static void begin(uint8_t flags)
{
	memset(table, 0, sizeof(table));
	memset(&iommu, 0, sizeof(iommu));
	length = DMAR_HEADER_SIZE;
	table[DMAR_FLAGS] = flags;
	put("", 0);
}

/* Scopes behind it are not read. */
static void put_drhd(uint64_t base, uint8_t size, uint16_t segment)
{
	uint8_t e[24] = { 0, 0, sizeof(e), 0, 1, size };

	memcpy(e + 6, &segment, 2);
	memcpy(e + 8, &base, 8);
	e[16] = 1;
	e[17] = 200; /* a scope that would reach beyond everything */
	put(e, sizeof(e));
}

static void put_rmrr(uint64_t base, uint64_t limit)
{
	uint8_t e[24] = { 1, 0, sizeof(e) };

	memcpy(e + 8, &base, 8);
	memcpy(e + 16, &limit, 8);
	put(e, sizeof(e));
}

/* In a block of exactly its length, so that ASan sees what is read beyond. */
static int parse(bool *has_interrupts)
{
	uint8_t *copy = malloc(length);
	int rc;

	memcpy(copy, table, length);
	rc = dmar_parse((struct acpi_header *)copy, has_interrupts);
	free(copy);
	return rc;
}

static void test_parse(void **state)
{
	static const uint8_t unknown[8] = { 77, 0, 8 };
	bool interrupts;

	begin(DMAR_INTR_REMAP);
	put_drhd(0xfed90000, 0, 0);
	put(unknown, sizeof(unknown));
	put_rmrr(0x7b000000, 0x7b7fffff);
	put_drhd(0xfed91000, 2, 1);
	assert_int_equal(parse(&interrupts), 0);
	assert_true(interrupts);
	assert_int_equal(iommu.nr_units, 2);
	assert_int_equal(iommu.unit[0].hpa, 0xfed90000);
	assert_int_equal(iommu.unit[0].size, 4096);
	assert_int_equal(iommu.unit[1].segment, 1);
	assert_int_equal(iommu.unit[1].size, 4 * 4096);
	assert_int_equal(iommu.nr_reserved, 1);
	assert_int_equal(iommu.reserved[0].first, 0x7b000000);
	assert_int_equal(iommu.reserved[0].last, 0x7b7fffff);
	begin(0);
	put_drhd(0xfed90000, 0, 0);
	assert_int_equal(parse(&interrupts), 0);
	assert_false(interrupts);
}

static void test_nothing_to_use(void **state)
{
	bool interrupts;

	begin(0);
	assert_int_equal(parse(&interrupts), -ENODEV);
	begin(0);
	put_drhd(0xfed90010, 0, 0);
	assert_int_equal(parse(&interrupts), -EINVAL);
	begin(0);
	length = DMAR_HEADER_SIZE - 1;
	put("", 0);
	assert_int_equal(parse(&interrupts), -ENODEV);
	begin(0);
	put_drhd(1ULL << 39, 0, 0); /* where no memory can be */
	assert_int_equal(parse(&interrupts), -EINVAL);
}

static void test_lengths(void **state)
{
	bool interrupts;

	for (unsigned int len = 0; len < 80; len++) {
		begin(0);
		put_drhd(0xfed90000, 0, 0);
		table[DMAR_HEADER_SIZE + 2] = (uint8_t)len;
		if (len == 24)
			assert_int_equal(parse(&interrupts), 0);
		else
			assert_int_equal(parse(&interrupts), -EINVAL);
	}
	for (unsigned int cut = 1; cut < 24; cut++) {
		begin(0);
		put_drhd(0xfed90000, 0, 0);
		put_rmrr(0x1000, 0x1fff);
		length -= cut;
		put("", 0);
		assert_int_equal(parse(&interrupts), -EINVAL);
	}
}

static void test_reserved(void **state)
{
	bool interrupts;

	begin(0);
	put_drhd(0xfed90000, 0, 0);
	put_rmrr(0x2000, 0x1fff);
	put_rmrr(0, ~0ULL);
	put_rmrr(0xfff0000000000000, 0xfff0000000000fff);
	put_rmrr(0x1234, 0x5678);
	assert_int_equal(parse(&interrupts), 0);
	assert_int_equal(iommu.nr_reserved, 1);
	assert_int_equal(iommu.reserved[0].first, 0x1000);
	assert_int_equal(iommu.reserved[0].last, 0x5fff);
}

static void test_too_many(void **state)
{
	bool interrupts;

	begin(0);
	for (unsigned int i = 0; i <= IOMMU_MAX_UNITS; i++)
		put_drhd(0xfed90000 + i * 0x1000, 0, 0);
	assert_int_equal(parse(&interrupts), -ENOSPC);
	assert_int_equal(iommu.nr_units, IOMMU_MAX_UNITS);
}

static void test_random(void **state)
{
	bool interrupts;

	unit_seed();
	for (unsigned int i = 0; i < 20000; i++) {
		begin(0);
		put_drhd(0xfed90000, 0, 0);
		put_rmrr(0x1000, 0x1fff);
		put_drhd(0xfed91000, 0, 0);
		for (unsigned int n = unit_below(4); n; n--)
			table[DMAR_HEADER_SIZE + unit_below(72)] = (uint8_t)unit_below(256);
		length -= unit_below(30);
		put("", 0);
		(void)parse(&interrupts);
		assert_true(iommu.nr_units <= 3 && iommu.nr_reserved <= 3);
	}
}

static void test_faults(void **state)
{
	struct vtd_fault f = vtd_decode_fault(0xc0000fff, FAULT_F | 5ULL << 32 | 0x1234);

	assert_int_equal(f.bdf, 0x1234);
	assert_true(f.write);
	assert_int_equal(f.addr, 0xc0000000);
	assert_string_equal(f.why, "not writable there");
	f = vtd_decode_fault(0x1000, FAULT_F | 1ULL << 62 | 6ULL << 32);
	assert_false(f.write);
	assert_string_equal(f.why, "nothing mapped there");
	f = vtd_decode_fault(0x31ULL << 48, FAULT_F | 0x22ULL << 32);
	assert_int_equal(f.addr, 0x31);
	for (uint64_t reason = 0; reason < 256; reason++)
		(void)vtd_decode_fault(0, reason << 32); /* no index beyond the table */
	assert_null(vtd_decode_fault(0, 0xffULL << 32).why);
}

/* By the figures of the specification, 9.9 and 5.1.2.2. */
static void test_entries(void **state)
{
	assert_int_equal(irte_low(0x31, 3, false, false), 0x0000030000310001);
	assert_int_equal(irte_low(0xef, 3, true, true), 0x0000000300ef0011);
	assert_int_equal(remappable_msi(0x31), 0xfee00630);
	assert_int_equal(msi_to_rte_high(0xfee00630), 0x31u << 17 | 1 << 16);
	assert_int_equal(msi_to_rte_high(0xfee05000), 5u << 24); /* one that is not remapped */
}

static void fault(void)
{
	iommu_report_fault(0, 0x1ab, 0x1000, true, NULL);
}

static void test_reports_are_limited(void **state)
{
	fake_now_ns = 1000;
	fake_log_count = 0;
	for (unsigned int i = 0; i < 25; i++)
		fault();
	assert_int_equal(fake_log_count, 10);
	assert_string_equal(fake_log_last,
			    "IOMMU: stopped device 0000:01:15.3: write of 0x1000 (no reason given)\n");
	fake_now_ns += 10000000001;
	fault();
	assert_int_equal(fake_log_count, 12); /* how many were left out, and this one */
	fake_now_ns += 10000000001;
	fault();
	assert_int_equal(fake_log_count, 13);
}

static void test_endless_faults(void **state)
{
	fake_now_ns += 20000000000;
	command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	nr_writes = 0;
	for (unsigned int i = 0; i < 999; i++)
		fault();
	assert_int_equal(nr_writes, 0);
	fault();
	assert_int_equal(nr_writes, 1);
	assert_int_equal(command, PCI_COMMAND_MEMORY);
	for (unsigned int i = 0; i < 999; i++) /* what was under way */
		fault();
	assert_int_equal(nr_writes, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_nothing_to_use),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_reports_are_limited),
		cmocka_unit_test(test_endless_faults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
