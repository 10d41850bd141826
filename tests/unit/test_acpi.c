/* SPDX-License-Identifier: GPL-2.0-only */
/* ACPI tables of an invented machine: read right, damaged in every way, and with random bytes. */
#include "unit.h"

#include "lib/compiler.h"
#include "lib/errno.h"
#include "x86/acpi.h"

#define ARENA 0x100000 /* the first MiB */
static uint8_t arena[ARENA];

const void *acpi_map(uint64_t hpa, size_t len)
{
	return hpa < ARENA && len <= ARENA - hpa ? arena + hpa : NULL;
}

static void put(uint64_t at, uint64_t val, unsigned int size)
{
	memcpy(arena + at, &val, size);
}

static void fix_sum(uint64_t at, size_t size, uint64_t where)
{
	uint8_t sum = 0;

	arena[where] = 0;
	for (size_t i = 0; i < size; i++)
		sum += arena[at + i];
	arena[where] = -sum;
}

static void table(uint64_t at, const char *signature, uint32_t length)
{
	memcpy(arena + at, signature, 4);
	put(at + 4, length, 4);
	fix_sum(at, length, at + 9);
}

#define RSDP 0xf0010
#define RSDT 0xe0000
#define XSDT 0xe0100
#define MADT 0xe0200
#define FADT 0xe0400
#define DSDT 0xe0600
#define MCFG 0xe0800
#define HPET 0xe0900

static void build(void)
{
	static const uint8_t entries[] = {
		0, 8, 0, 0, 1, 0, 0, 0,				/* CPU 0, APIC 0 */
		0, 8, 1, 2, 1, 0, 0, 0,				/* CPU 1, APIC 2 */
		0, 8, 2, 4, 0, 0, 0, 0,				/* disabled */
		9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, /* x2APIC 0x100, uid 7 */
		1, 12, 3, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,	/* IO-APIC id 3 */
		2, 10, 0, 0, 2, 0, 0, 0, 0, 0,			/* IRQ 0 -> GSI 2 */
		2, 10, 0, 9, 9, 0, 0, 0, 0xd, 0,		/* IRQ 9: level, high */
		77, 4, 0, 0,					/* unknown */
	};
	static const uint8_t s5[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 0x05, 0x01, 0x00, 0x00 };

	memset(arena, 0, sizeof(arena));
	put(MADT + 36, 0xfee00000, 4);
	put(MADT + 40, 1, 4);
	memcpy(arena + MADT + 44, entries, sizeof(entries));
	table(MADT, "APIC", 44 + sizeof(entries));

	memcpy(arena + DSDT + 60, s5, sizeof(s5));
	table(DSDT, "DSDT", 100);
	put(FADT + 40, DSDT, 4);
	put(FADT + 46, 9, 2);
	put(FADT + 64, 0x604, 4);
	put(FADT + 76, 0x608, 4);
	put(FADT + 112, 1 << 10 | 1 << 8, 4);
	arena[FADT + 116] = 1;
	put(FADT + 120, 0xcf9, 8);
	arena[FADT + 128] = 0x0f;
	table(FADT, "FACP", 244);

	put(MCFG + 44, 0xb0000000, 8);
	arena[MCFG + 55] = 0xff;
	table(MCFG, "MCFG", 60);
	put(HPET + 44, 0xfed00000, 8);
	table(HPET, "HPET", 56);

	put(RSDT + 36, MADT, 4);
	put(RSDT + 40, FADT, 4);
	put(RSDT + 44, MCFG, 4);
	put(RSDT + 48, HPET, 4);
	table(RSDT, "RSDT", 52);
	put(XSDT + 36, MADT, 8);
	put(XSDT + 44, FADT, 8);
	table(XSDT, "XSDT", 52);

	memcpy(arena + RSDP, "RSD PTR ", 8);
	put(RSDP + 16, RSDT, 4);
	put(RSDP + 20, 36, 4);
	put(RSDP + 24, XSDT, 8);
	fix_sum(RSDP, 20, RSDP + 8);
	fix_sum(RSDP, 36, RSDP + 32);
}

static void set_revision(uint8_t rev)
{
	arena[RSDP + 15] = rev;
	fix_sum(RSDP, 20, RSDP + 8);
	fix_sum(RSDP, 36, RSDP + 32);
}

static void seabios_rsdt(void **state)
{
	bool level, low;
	uint32_t gsi;

	build();
	assert_int_equal(acpi_init(NULL, 0), 0);
	assert_int_equal(acpi.nr_tables, 5);
	assert_int_equal(acpi.nr_cpus, 3);
	assert_int_equal(acpi.apic_ids[1], 2);
	assert_int_equal(acpi.apic_ids[2], 0x100);
	assert_int_equal(acpi.lapic_hpa, 0xfee00000);
	assert_int_equal(acpi.nr_ioapics, 1);
	assert_int_equal(acpi.ioapics[0].hpa, 0xfec00000);
	assert_int_equal(acpi.ioapics[0].id, 3);
	acpi_isa_irq(0, &gsi, &level, &low);
	assert_true(gsi == 2 && !level && !low);
	acpi_isa_irq(9, &gsi, &level, &low);
	assert_true(gsi == 9 && level && !low);
	acpi_isa_irq(4, &gsi, &level, &low);
	assert_true(gsi == 4 && !level && !low);
	assert_int_equal(acpi.pm1a_cnt.address, 0x604);
	assert_int_equal(acpi.pm1a_cnt.space, 1);
	assert_int_equal(acpi.pm_timer.address, 0x608);
	assert_true(acpi.have_reset);
	assert_int_equal(acpi.reset_reg.address, 0xcf9);
	assert_int_equal(acpi.reset_value, 0x0f);
	assert_true(acpi.have_s5);
	assert_int_equal(acpi.s5_typ_a, 5);
	assert_int_equal(acpi.s5_typ_b, 1);
	assert_int_equal(acpi.nr_mcfg, 1);
	assert_int_equal(acpi.mcfg[0].bus_last, 0xff);
	assert_int_equal(acpi.hpet_hpa, 0xfed00000);
	assert_non_null(acpi_find("DSDT", 0));
	assert_null(acpi_find("APIC", 1));
}

static void uefi_xsdt_from_copy(void **state)
{
	uint8_t copy[36];

	build();
	set_revision(2);
	memcpy(copy, arena + RSDP, 36);
	memset(arena + RSDP, 0, 36); /* nothing to be found by scanning */
	assert_int_equal(acpi_init(copy, 36), 0);
	assert_int_equal(acpi.nr_tables, 3); /* the XSDT lists fewer */
	assert_int_equal(acpi_init(copy, 20), 0); /* a short copy: the RSDT */
	assert_int_equal(acpi.nr_tables, 5);
}

static void bad_xsdt_falls_back(void **state)
{
	build();
	set_revision(2);
	arena[XSDT + 40] ^= 1;
	assert_int_equal(acpi_init(NULL, 0), 0);
	assert_int_equal(acpi.nr_tables, 5);
}

static void rsdp_in_ebda(void **state)
{
	build();
	put(0x40e, 0x9fc0, 2);
	memcpy(arena + 0x9fc00 + 0x20, arena + RSDP, 36);
	memset(arena + RSDP, 0, 36);
	assert_int_equal(acpi_init(NULL, 0), 0);
}

static void damaged(void **state)
{
	build();
	arena[RSDP + 8]++;
	assert_int_equal(acpi_init(NULL, 0), -ENODEV);
	build();
	arena[MADT + 50] ^= 1; /* checksum */
	assert_int_equal(acpi_init(NULL, 0), -ENODEV);
	build();
	put(MADT + 4, 20, 4); /* shorter than a header */
	assert_int_equal(acpi_init(NULL, 0), -ENODEV);
	build();
	put(RSDT + 36, 0xfffffff0, 4); /* a table out of reach */
	table(RSDT, "RSDT", 52);
	assert_int_equal(acpi_init(NULL, 0), -ENODEV);
	build();
	arena[MADT + 45] = 0; /* entry without length: no endless loop, no CPU */
	table(MADT, "APIC", 44 + 68);
	assert_int_equal(acpi_init(NULL, 0), -ENODEV);
}

static void too_many_cpus(void **state)
{
	build();
	for (unsigned int i = 0; i < NR_CPUS + 10; i++) {
		uint64_t at = 0x50000 + 44 + i * 8;

		arena[at] = 0;
		arena[at + 1] = 8;
		arena[at + 3] = i;
		arena[at + 4] = 1;
	}
	table(0x50000, "APIC", 44 + (NR_CPUS + 10) * 8);
	put(RSDT + 36, 0x50000, 4);
	table(RSDT, "RSDT", 52);
	assert_int_equal(acpi_init(NULL, 0), 0);
	assert_int_equal(acpi.nr_cpus, NR_CPUS);
	assert_int_equal(acpi.nr_cpus_ignored, 10);
}

static void s5_forms(void **state)
{
	static const uint8_t rooted[] = { 0x08, '\\', '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00, 0x0a, 0x07, 0, 0 };
	static const uint8_t wide[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x47, 0x01, 0x04, 0x0a, 0x02, 0x00 };
	static const uint8_t no_package[] = { 0x08, '_', 'S', '5', '_', 0x0a, 0x06 };

	build();
	memcpy(arena + DSDT + 60, rooted, sizeof(rooted));
	table(DSDT, "DSDT", 100);
	assert_int_equal(acpi_init(NULL, 0), 0);
	assert_true(acpi.have_s5 && acpi.s5_typ_a == 0 && acpi.s5_typ_b == 7);
	build();
	memcpy(arena + DSDT + 60, wide, sizeof(wide));
	table(DSDT, "DSDT", 100);
	assert_int_equal(acpi_init(NULL, 0), 0);
	assert_true(acpi.have_s5 && acpi.s5_typ_a == 2 && acpi.s5_typ_b == 0);
	build();
	memcpy(arena + DSDT + 60, no_package, sizeof(no_package));
	table(DSDT, "DSDT", 100);
	assert_int_equal(acpi_init(NULL, 0), 0);
	assert_false(acpi.have_s5);
	put(RSDT + 48, 0x50000, 4); /* in an SSDT instead of the HPET table */
	table(RSDT, "RSDT", 52);
	memcpy(arena + 0x50000 + 40, rooted, sizeof(rooted));
	table(0x50000, "SSDT", 60);
	assert_int_equal(acpi_init(NULL, 0), 0);
	assert_true(acpi.have_s5 && acpi.s5_typ_b == 7);
	build(); /* cut off by the table's end */
	table(DSDT, "DSDT", 66);
	assert_int_equal(acpi_init(NULL, 0), 0);
	assert_false(acpi.have_s5);
}

/* Random bytes in each table, its checksum made right again: no access out of bounds, sane counts. */
static void random_damage(void **state)
{
	static const struct { uint64_t at; const char *sig; } tables[] = {
		{ MADT, "APIC" }, { FADT, "FACP" }, { DSDT, "DSDT" }, { MCFG, "MCFG" }, { HPET, "HPET" }, { RSDT, "RSDT" },
	};

	unit_seed();
	for (unsigned int round = 0; round < 5000; round++) {
		build();
		for (unsigned int n = unit_below(8) + 1; n; n--) {
			unsigned int t = unit_below(ARRAY_SIZE(tables));
			uint32_t length;

			memcpy(&length, arena + tables[t].at + 4, 4);
			arena[tables[t].at + 36 + unit_below(200)] = unit_rand();
			if (unit_below(10) == 0)
				length = unit_below(300) + 36;
			table(tables[t].at, tables[t].sig, length);
		}
		if (acpi_init(NULL, 0) == 0)
			assert_in_range(acpi.nr_cpus, 1, NR_CPUS);
		assert_in_range(acpi.nr_cpus, 0, NR_CPUS);
		assert_in_range(acpi.nr_ioapics, 0, ACPI_MAX_IOAPICS);
		assert_in_range(acpi.nr_tables, 0, ACPI_MAX_TABLES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seabios_rsdt), cmocka_unit_test(uefi_xsdt_from_copy),
		cmocka_unit_test(bad_xsdt_falls_back), cmocka_unit_test(rsdp_in_ebda), cmocka_unit_test(damaged),
		cmocka_unit_test(too_many_cpus), cmocka_unit_test(s5_forms), cmocka_unit_test(random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
