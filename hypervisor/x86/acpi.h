/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What we need from ACPI's static tables, read once into plain numbers. Every table is checked for
 * length and checksum and read within its bounds; a damaged one is reported and ignored. No AML,
 * except a byte scan of the DSDT for the \_S5 package. Pure: tables are reached through acpi_map().
 */
#pragma once

#include "x86/cpu.h"

#define ACPI_MAX_IOAPICS   16
#define ACPI_MAX_OVERRIDES 24
#define ACPI_MAX_TABLES	   64
#define ACPI_MAX_MCFG	   8

struct acpi_rsdp { /* ACPI 6.5, 5.2.5.3 */
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length; /* from here on revision 2 */
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} __packed;

struct acpi_header { /* of every table but RSDP and FACS; unaligned in memory */
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __packed;

struct acpi_table {
	char signature[4];
	uint32_t length;
	uint64_t hpa;
};

struct acpi_ioapic { /* as in the MADT */
	uint8_t type, length, id, reserved;
	uint32_t hpa, gsi_base;
} __packed;

struct acpi_override { /* ISA interrupt source override, as in the MADT */
	uint8_t type, length, bus, irq;
	uint32_t gsi;
	uint16_t flags; /* MPS INTI: bits 0-1 polarity, 2-3 trigger */
} __packed;

struct acpi_mcfg {
	uint64_t base;
	uint16_t segment;
	uint8_t bus_first, bus_last;
};

struct acpi_gas { /* generic address, as in the tables */
	uint8_t space, bits, offset, access;
	uint64_t address;
} __packed;

struct acpi_info {
	char oem_id[6];
	unsigned int nr_tables; /* everything RSDT or XSDT lists, plus DSDT; checked ones only */
	struct acpi_table tables[ACPI_MAX_TABLES];

	/* MADT */
	uint64_t lapic_hpa;
	unsigned int nr_cpus; /* enabled ones, the order of the table */
	uint32_t apic_ids[NR_CPUS];
	unsigned int nr_cpus_ignored; /* beyond NR_CPUS */
	unsigned int nr_ioapics;
	struct acpi_ioapic ioapics[ACPI_MAX_IOAPICS];
	unsigned int nr_overrides;
	struct acpi_override overrides[ACPI_MAX_OVERRIDES];

	/* FADT */
	struct acpi_gas pm1a_cnt, pm1b_cnt, pm_timer;
	bool have_reset;
	struct acpi_gas reset_reg;
	uint8_t reset_value;
	uint32_t smi_cmd;
	uint8_t acpi_enable;
	bool have_s5;
	uint8_t s5_typ_a, s5_typ_b;

	/* MCFG, HPET */
	unsigned int nr_mcfg;
	struct acpi_mcfg mcfg[ACPI_MAX_MCFG];
	uint64_t hpet_hpa;
};
extern struct acpi_info acpi; /* written by acpi_init only */

/*
 * Read everything. rsdp: a copy from the boot loader (20 or 36 bytes), or NULL to scan the EBDA and
 * 0xe0000-0xfffff. -ENODEV when there is no usable RSDP or MADT.
 */
int acpi_init(const void *rsdp, size_t rsdp_size) __must_check;

/* Of a table: 0 when its checksum is right. */
static inline uint8_t acpi_sum(const void *p, size_t size)
{
	const uint8_t *byte = p;
	uint8_t sum = 0;

	while (size--)
		sum += *byte++;
	return sum;
}

/* The index-th table with this signature, or NULL. */
const struct acpi_table *acpi_find(const char *signature, unsigned int index);

/* GSI and mode of an ISA interrupt after overrides. */
void acpi_isa_irq(unsigned int irq, uint32_t *gsi, bool *level, bool *low);

/* Seam: len bytes at hpa, readable for as long as we run; NULL where there can be no table. */
const void *acpi_map(uint64_t hpa, size_t len);
