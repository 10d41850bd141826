/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dom0's PCI view on one imaginary device with MSI, MSI-X and SR-IOV: what the guest writes never
 * reaches the device's message registers, what the device is told is ours, and both agree about
 * masks and enables.
 */
#include "dev_setup.h"
#include "dev/hwdom_map.h"
#include "dev/io.h"
#include "dev/mmio.h"
#include "dev/vioapic.h"
#include "dev/vmsix.h"
#include "dev/vpci_priv.h"
#include "lib/errno.h"
#include "mem/iommu.h"
#include "x86/acpi.h"
#include "x86/irq.h"

#define BDF	  0x0010
#define MSI	  0x50
#define MSIX	  0x70
#define SRIOV	  0x140
#define BAR	  0xfe000000u
#define NR_ENTRY  5
#define TABLE	  0x800 /* in the BAR */

struct acpi_info acpi = { .nr_mcfg = 1, .mcfg = { { .base = 0xb0000000, .bus_last = 0xff } } };
unsigned int nr_cpus = 1;

/* The device. */
static uint8_t config[4096];
static _Alignas(8) uint8_t table_page[4096];
static unsigned int unmapped_pages, nr_cfg_writes;
static bool no_memory;

static uint32_t config_get(unsigned int reg, unsigned int size)
{
	uint32_t val = 0;

	memcpy(&val, &config[reg], size);
	return val;
}

uint32_t pci_cfg_read(unsigned int segment, unsigned int bdf, unsigned int reg, unsigned int size)
{
	assert_true(reg + size <= 4096 && reg % 4 + size <= 4);
	return segment == 0 && bdf == BDF ? config_get(reg, size) : UINT32_MAX >> (32 - size * 8);
}

void pci_cfg_write(unsigned int segment, unsigned int bdf, unsigned int reg, unsigned int size,
		   uint32_t val)
{
	assert_true(reg + size <= 4096 && reg % 4 + size <= 4);
	nr_cfg_writes++;
	if (segment == 0 && bdf == BDF && reg >= 4)
		memcpy(&config[reg], &val, size);
	config[0x10] = 0; /* a BAR of 4 KiB */
	config[0x11] &= 0xf0;
}

void *mmio_try_map(uint64_t hpa, size_t size)
{
	assert_true(hpa % 4096 == 0 && size == 4096);
	return no_memory ? NULL : table_page;
}

void hwdom_unmap_mmio(struct domain *d, uint64_t gpa)
{
	unmapped_pages++;
}

bool hwdom_is_device(struct domain *d, uint64_t gpa)
{
	return gpa >= 0xf0000000 && gpa < 0xfe100000;
}

/* Vectors. */
static struct { irq_fn *fn; void *arg; } handlers[256];
static unsigned int nr_vectors;

int irq_alloc_vector(irq_fn *fn, void *arg)
{
	for (unsigned int i = 0x30; i < 0x40; i++) {
		if (handlers[i].fn)
			continue;
		handlers[i].fn = fn;
		handlers[i].arg = arg;
		nr_vectors++;
		return (int)i;
	}
	return -ENOSPC;
}

void irq_free_vector(int vector)
{
	assert_non_null(handlers[vector].fn);
	handlers[vector].fn = NULL;
	nr_vectors--;
}

void msi_compose(unsigned int cpu, unsigned int vector, bool level, uint64_t *addr, uint32_t *data)
{
	*addr = 0xfee00000 | cpu << 12;
	*data = vector;
}

/* The doors. */
static io_fn port_fn;
static void *port_ctx;
static mmio_fn ecam_fn;
static void *ecam_ctx;
static unsigned int shutdown_reason;

int io_register(struct domain *d, uint16_t first, uint32_t nr, io_fn fn, void *ctx)
{
	port_fn = fn;
	port_ctx = ctx;
	return 0;
}

int mmio_register(struct domain *d, uint64_t gpa, uint64_t size, mmio_fn fn, void *ctx)
{
	assert_true(gpa == 0xb0000000 && size == MIB(256));
	ecam_fn = fn;
	ecam_ctx = ctx;
	return 0;
}

void domain_shutdown(struct domain *d, unsigned int reason)
{
	shutdown_reason = reason;
}

void vioapic_eoi(struct domain *d, uint8_t vector)
{
}

static uint32_t port(uint16_t at, unsigned int size, bool write, uint32_t val)
{
	port_fn(&test_vcpu[0], port_ctx, at, size, write, &val);
	return val & (UINT32_MAX >> (32 - size * 8));
}

static uint32_t cfg_read(unsigned int reg, unsigned int size)
{
	port(0xcf8, 4, true, 1u << 31 | BDF << 8 | (reg & 0xfc));
	return port((uint16_t)(0xcfc + reg % 4), size, false, 0);
}

static void cfg_write(unsigned int reg, unsigned int size, uint32_t val)
{
	port(0xcf8, 4, true, 1u << 31 | BDF << 8 | (reg & 0xfc));
	port((uint16_t)(0xcfc + reg % 4), size, true, val);
}

static uint64_t ecam(unsigned int reg, unsigned int size, bool write, uint64_t val)
{
	ecam_fn(&test_vcpu[0], ecam_ctx, 0xb0000000 + (BDF << 12) + reg, size, write, &val);
	return size == 8 ? val : val & ((1ULL << size * 8) - 1);
}

static uint64_t table(unsigned int entry, unsigned int at, unsigned int size, bool write,
		      uint64_t val)
{
	vmsix_access(&test_vcpu[0], BAR + TABLE + entry * 16 + at, size, write, &val);
	return size == 4 ? (uint32_t)val : val;
}

static uint32_t real_table(unsigned int entry, unsigned int at)
{
	uint32_t val;

	memcpy(&val, &table_page[TABLE + entry * 16 + at], 4);
	return val;
}

static void put(unsigned int reg, unsigned int size, uint32_t val)
{
	memcpy(&config[reg], &val, size);
}

static int setup(void **state)
{
	domain_setup(state);
	memset(config, 0, sizeof(config));
	memset(table_page, 0, sizeof(table_page));
	memset(handlers, 0, sizeof(handlers));
	nr_vectors = unmapped_pages = 0;
	shutdown_reason = ~0u;
	for (unsigned int i = 0; i < NR_ENTRY; i++)
		table_page[TABLE + i * 16 + 12] = 1; /* masked, as after reset */
	put(0, 4, 0x10d38086);
	put(4, 2, 2); /* memory decoding */
	put(6, 2, 0x10);
	put(0x10, 4, BAR);
	put(0x34, 1, MSI);
	put(MSI, 4, 0x01800005 | MSIX << 8 | 3u << 17); /* 64-bit, maskable, eight messages */
	put(MSIX, 4, 0x11 | (NR_ENTRY - 1) << 16);
	put(MSIX + 4, 4, TABLE);
	put(0x100, 4, SRIOV << 20 | 1 << 16 | 0x0001);
	put(SRIOV, 4, 0x00010010);
	assert_int_equal(vpci_create(&test_domain), 0);
	for (unsigned int i = 0; i < NR_TEST_VCPUS; i++)
		assert_int_equal(vlapic_msr_write(&test_vcpu[i], 0x80f, 0x1ff), 0);
	assert_int_equal(cfg_read(0, 4), 0x10d38086); /* now it is known */
	return 0;
}

static int teardown(void **state)
{
	vpci_free(&test_domain);
	assert_int_equal(nr_vectors, 0);
	assert_int_equal(config_get(MSI + 2, 2) & 1, 0);
	assert_int_equal(config_get(MSIX + 2, 2) & 0x8000, 0);
	return domain_teardown(state);
}

static void both_doors_show_the_same(void **state)
{
	for (unsigned int reg = 0; reg < 256; reg += 4) {
		uint32_t val = cfg_read(reg, 4);

		assert_int_equal(ecam(reg, 4, false, 0), val);
		assert_int_equal(cfg_read(reg + 2, 2), val >> 16);
		assert_int_equal(ecam(reg + 1, 1, false, 0), val >> 8 & 0xff);
		if (reg % 8 == 0)
			assert_int_equal(ecam(reg, 8, false, 0),
					 val | (uint64_t)cfg_read(reg + 4, 4) << 32);
	}
	assert_int_equal(ecam(3, 2, false, 0), 0xffff); /* across a dword */
	cfg_write(0x3c, 1, 0x5a);
	assert_int_equal(config[0x3c], 0x5a);
	assert_int_equal(cfg_read(MSI + 2, 2) & 0xe, 0); /* one message only */
	assert_int_equal(ecam(SRIOV, 4, false, 0), 0x00010000);
}

static void msi_is_ours_on_the_device(void **state)
{
	cfg_write(MSI + 4, 4, 0xfee02000); /* APIC ID 2 = vCPU 1 */
	cfg_write(MSI + 8, 4, 0);
	cfg_write(MSI + 12, 2, 0x4071);
	assert_int_equal(config_get(MSI + 4, 4) | config_get(MSI + 12, 2),
			 0); /* nothing before it is enabled */
	cfg_write(MSI + 2, 2, 0x181);
	assert_int_equal(config_get(MSI + 2, 2) & 0x71, 1);
	assert_int_equal(config_get(MSI + 4, 4), 0xfee00000);
	assert_int_equal(config_get(MSI + 12, 2), 0x30);
	assert_int_equal(cfg_read(MSI + 4, 4), 0xfee02000);
	assert_int_equal(cfg_read(MSI + 12, 2), 0x4071);
	assert_int_equal(cfg_read(MSI + 2, 2), 0x181);
	handlers[0x30].fn(handlers[0x30].arg);
	assert_int_equal(vlapic_pending(&test_vcpu[1]), 0x71);
	cfg_write(MSI + 12, 2, 0x4072); /* moved while enabled: the device sees nothing of it */
	assert_int_equal(config_get(MSI + 12, 2), 0x30);
	handlers[0x30].fn(handlers[0x30].arg);
	assert_int_equal(vlapic_pending(&test_vcpu[1]), 0x72);
	cfg_write(MSI + 16, 4, 1); /* the mask bit is the device's own */
	assert_int_equal(config_get(MSI + 16, 4), 1);
	cfg_write(MSI + 2, 2, 0x180);
	assert_int_equal(config_get(MSI + 2, 2) & 1, 0);
	assert_int_equal(nr_vectors, 0);
}

static void msix_table_is_a_model(void **state)
{
	assert_true(vmsix_covers(&test_domain, BAR + TABLE));
	assert_true(vmsix_covers(&test_domain, BAR + 4));
	assert_false(vmsix_covers(&test_domain, BAR + 4096));
	assert_int_equal(unmapped_pages, 1);
	assert_int_equal(table(1, 12, 4, false, 0), 1);
	table(1, 0, 8, true, 0xfee04000); /* vCPU 2 */
	table(1, 8, 4, true, 0x4081);
	table(1, 12, 4, true, 0);
	assert_int_equal(nr_vectors, 0); /* not before MSI-X is enabled */
	assert_int_equal(real_table(1, 12), 1);
	cfg_write(MSIX + 2, 2, 0x8000);
	assert_int_equal(nr_vectors, 1);
	assert_int_equal(real_table(1, 0), 0xfee00000);
	assert_int_equal(real_table(1, 8), 0x30);
	assert_int_equal(real_table(1, 12), 0);
	assert_int_equal(real_table(0, 12), 1);
	assert_int_equal(config_get(MSIX + 2, 2), 0x8000);
	handlers[0x30].fn(handlers[0x30].arg);
	assert_int_equal(vlapic_pending(&test_vcpu[2]), 0x81);
	assert_int_equal(table(1, 0, 8, false, 0), 0xfee04000);
	assert_int_equal(table(1, 8, 8, false, 0), 0x4081); /* data and control in one */
	table(1, 12, 4, true, 1);
	assert_int_equal(real_table(1, 12), 1);
	table(NR_ENTRY, 0, 4, true, 0x12345678); /* beside the table: the device's own */
	assert_int_equal(real_table(NR_ENTRY, 0), 0x12345678);
	/* One that begins before the table and ends in it would reach the real message of entry 0. */
	for (unsigned int size = 2; size <= 8; size *= 2)
		table(0, -1u, size, true, ~0ULL);
	assert_int_equal(real_table(0, 0), 0);
	assert_int_equal(real_table(0, 4), 0);
	cfg_write(MSIX + 2, 2, 0);
	assert_int_equal(nr_vectors, 0);
}

static void msix_follows_the_bar(void **state)
{
	cfg_write(4, 2, 0);
	assert_false(vmsix_covers(&test_domain, BAR + TABLE));
	cfg_write(0x10, 4, 0xfd000000);
	assert_false(vmsix_covers(&test_domain, 0xfd000000 + TABLE));
	cfg_write(4, 2, 2);
	assert_true(vmsix_covers(&test_domain, 0xfd000000 + TABLE));
	assert_int_equal(unmapped_pages, 2);
	no_memory = true;
	cfg_write(0x10, 4, 0xfc000000);
	assert_false(vmsix_covers(&test_domain, 0xfc000000 + TABLE));
	no_memory = false;
	cfg_write(0x10, 4, 0x00100000); /* onto RAM */
	assert_false(vmsix_covers(&test_domain, 0x00100000 + TABLE));
	table(0, 12, 4, true, 0);
	assert_int_equal(real_table(0, 12), 1);
}

static void vectors_run_out(void **state)
{
	for (unsigned int i = 0x31; i < 0x40; i++)
		handlers[i].fn = (irq_fn *)1;
	table(0, 12, 4, true, 0);
	table(1, 12, 4, true, 0);
	cfg_write(MSIX + 2, 2, 0x8000);
	assert_int_equal(nr_vectors, 1);
	assert_true(real_table(0, 12) == 0 && real_table(1, 12) == 1);
}

static void another_device_in_its_place(void **state)
{
	cfg_write(MSI + 2, 2, 0x181);
	assert_int_equal(nr_vectors, 1);
	put(0, 4, 0x12348086);
	put(6, 2, 0); /* without capabilities: what was MSI's control word is something else now */
	nr_cfg_writes = 0;
	assert_int_equal(cfg_read(0, 4), 0x12348086);
	assert_int_equal(nr_vectors, 0);
	assert_int_equal(nr_cfg_writes, 0);
	put(0, 4, ~0u); /* pulled out */
	assert_int_equal(cfg_read(0, 2), 0xffff);
	assert_false(vmsix_covers(&test_domain, BAR + TABLE));
	put(0, 4, 0x12348086);
	put(6, 2, 0x10);
	put(MSI + 2, 2, 0x180);
}

static void reset_port_is_an_end_of_dom0(void **state)
{
	port(0xcf9, 1, true, 0x06);
	assert_int_equal(shutdown_reason, 1);
}

static void an_iommu_is_not_there(void **state)
{
	uint32_t command = config_get(4, 2);

	iommu.unit[1] = (struct iommu_unit){ .is_function = true, .bdf = BDF };
	iommu.nr_units = 2;
	assert_int_equal(cfg_read(0, 4), 0xffffffff);
	assert_true(ecam(MSI, 8, false, 0) == ~0ULL);
	cfg_write(4, 2, ~command);
	assert_int_equal(config_get(4, 2), command);
	iommu.unit[1].segment = 1;
	assert_int_equal(cfg_read(0, 4), 0x10d38086);
	iommu.nr_units = 0;
}

static void random_accesses(void **state)
{
	unit_seed();
	for (unsigned int i = 0; i < 50000; i++) {
		unsigned int size = 1u << unit_random(3), reg = unit_random(0x90) & ~(size - 1);
		uint32_t val = (uint32_t)unit_rand();

		switch (unit_random(4)) {
		case 0:
			if (reg >= 4 && reg != 0x34)
				cfg_write(reg, size, val);
			break;
		case 1:
			cfg_read(reg, size);
			break;
		case 2:
			(void)ecam(unit_random(4090), 1u << unit_random(4), false, 0);
			break;
		case 3:
			table(unit_random(NR_ENTRY), unit_random(4) * 4, 4, unit_random(2),
			      unit_random(3) ? val : 0);
			break;
		}
		/* What the device would send is ours or nothing. */
		if (config_get(MSI + 2, 2) & 1)
			assert_true(config_get(MSI + 12, 2) >= 0x30 &&
				    config_get(MSI + 12, 2) < 0x40);
		for (unsigned int k = 0; k < NR_ENTRY; k++)
			assert_true(real_table(k, 12) == 1 ||
				    (real_table(k, 8) >= 0x30 && real_table(k, 8) < 0x40));
		assert_in_range(nr_vectors, 0, NR_ENTRY + 1);
		assert_int_equal(fake_locks_held, 0);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_doors_show_the_same),
		TEST(msi_is_ours_on_the_device),
		TEST(msix_table_is_a_model),
		TEST(msix_follows_the_bar),
		TEST(vectors_run_out),
		TEST(another_device_in_its_place),
		TEST(reset_port_is_an_end_of_dom0),
		TEST(an_iommu_is_not_there),
		TEST(random_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
