/* SPDX-License-Identifier: GPL-2.0-only */
/* Dom0's ACPI tables, read back the way a kernel would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "init/dom0_acpi.h"
#include "lib/errno.h"

#define HPA 0x7ff00000ULL

static uint8_t buf[32768] __aligned(16);

static struct acpi_info host(void)
{
	struct acpi_info a = { .nr_ioapics = 2, .nr_overrides = 2, .nr_tables = 7 };
	static const char names[7][5] = { "FACP", "APIC", "HPET", "MCFG", "SSDT", "DMAR", "DSDT" };
	unsigned int i;

	memcpy(a.oem_id, "BOCHS ", 6);
	a.ioapics[0] = (struct acpi_ioapic){ .hpa = 0xfec00000, .id = 3, .gsi_base = 0 };
	a.ioapics[1] = (struct acpi_ioapic){ .hpa = 0xfec10000, .id = 4, .gsi_base = 24 };
	a.overrides[0] = (struct acpi_override){ .irq = 0, .gsi = 2, .flags = 0 };
	a.overrides[1] = (struct acpi_override){ .irq = 9, .gsi = 9, .flags = 0xd };
	for (i = 0; i < 7; i++) {
		memcpy(a.tables[i].signature, names[i], 4);
		a.tables[i].hpa = 0x7fe00000 + i * 0x1000;
		a.tables[i].length = 36;
	}
	return a;
}

static uint8_t sum(const uint8_t *p, size_t n)
{
	uint8_t s = 0;

	while (n--)
		s += *p++;
	return s;
}

static uint64_t get(const uint8_t *p, unsigned int n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* A table's start, after the checks a kernel makes. */
static const uint8_t *table(uint64_t hpa, const char *signature, uint32_t *length)
{
	const uint8_t *t = buf + (hpa - HPA);

	assert_in_range(hpa, HPA, HPA + sizeof(buf) - 36);
	assert_memory_equal(t, signature, 4);
	*length = (uint32_t)get(t + 4, 4);
	assert_in_range(*length, 36, sizeof(buf) - (hpa - HPA));
	assert_int_equal(sum(t, *length), 0);
	assert_memory_equal(t + 10, "BOCHS ", 6);
	return t;
}

static void test_tables(void **state)
{
	struct acpi_info a = host();
	int used = dom0_acpi_build(buf, sizeof(buf), HPA, &a, 3);
	const uint8_t *xsdt, *madt, *e;
	uint32_t xsdt_len, madt_len;
	unsigned int cpus = 0, ioapics = 0, overrides = 0;

	assert_in_range(used, 36, 4096);
	assert_memory_equal(buf, "RSD PTR ", 8);
	assert_int_equal(sum(buf, 20), 0);
	assert_int_equal(sum(buf, 36), 0);
	assert_int_equal(buf[15], 2);
	assert_int_equal(get(buf + 16, 4), 0); /* no RSDT */
	xsdt = table(get(buf + 24, 8), "XSDT", &xsdt_len);
	assert_int_equal(xsdt_len, 36 + 4 * 8);
	assert_int_equal(get(xsdt + 44, 8), 0x7fe00000); /* FACP */
	assert_int_equal(get(xsdt + 52, 8), 0x7fe03000); /* MCFG */
	assert_int_equal(get(xsdt + 60, 8), 0x7fe04000); /* SSDT */
	madt = table(get(xsdt + 36, 8), "APIC", &madt_len);
	assert_in_range(madt[8], 1, 4);
	assert_int_equal(get(madt + 36, 4), 0xfee00000);
	assert_int_equal(get(madt + 40, 4), 0); /* not PC-AT compatible */
	for (e = madt + 44; e < madt + madt_len; e += e[1]) {
		assert_true(e[1] >= 2);
		if (e[0] == 9) {
			assert_int_equal(get(e + 4, 4), 2 * cpus);
			assert_int_equal(get(e + 8, 4), 1);
			assert_int_equal(get(e + 12, 4), cpus++);
		} else if (e[0] == 1) {
			assert_int_equal(e[2], 3 + ioapics);
			assert_int_equal(get(e + 8, 4), 24 * ioapics++);
		} else {
			assert_int_equal(e[0], 2);
			overrides++;
		}
	}
	assert_ptr_equal(e, madt + madt_len);
	assert_true(cpus == 3 && ioapics == 2 && overrides == 2);
}

/* Every size that is too small is refused, and nothing is written behind the buffer. */
static void test_no_room(void **state)
{
	struct acpi_info a = host();
	int used = dom0_acpi_build(buf, sizeof(buf), HPA, &a, 3);
	int size;

	for (size = 0; size < used; size++) {
		memset(buf, 0xee, sizeof(buf));
		assert_int_equal(dom0_acpi_build(buf, size, HPA, &a, 3), -ENOSPC);
		assert_int_equal(buf[size], 0xee);
	}
	assert_int_equal(dom0_acpi_build(buf, used, HPA, &a, 3), used);
	assert_int_equal(dom0_acpi_build(buf, sizeof(buf), HPA, &a, 100000), -ENOSPC);
}

static void test_what_dom0_may_see(void **state)
{
	assert_true(dom0_acpi_allows("FACP") && dom0_acpi_allows("MCFG") && dom0_acpi_allows("SSDT"));
	assert_false(dom0_acpi_allows("DMAR") || dom0_acpi_allows("IVRS") || dom0_acpi_allows("HPET") ||
		     dom0_acpi_allows("SPCR") || dom0_acpi_allows("APIC") || dom0_acpi_allows("SRAT"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_what_dom0_may_see),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
