/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ACPI's IVRS table: what the firmware says of AMD's IOMMUs (AMD's IOMMU specification, 48882, 5.2). Which device
 * belongs to which unit is of no interest: they are all treated alike. Pure; what is found goes to iommu_add_reserved()
 * and to the seams below.
 */
#pragma once

#include "lib/base.h"

struct ivhd { /* a unit */
	uint8_t type, flags; /* flags: bits of the control register, amdvi.c's control_of() */
	uint16_t length, bdf, cap; /* the PCI function it is, its capability's place in config space */
	uint64_t hpa;		   /* of its registers */
	uint16_t segment, info;
	uint32_t features;
} __packed;

/* Read a table whose checksum is right. -EINVAL, with a message, where it is damaged; or what a seam returned. */
int __must_check ivrs_parse(const void *table, uint32_t length);

/* Seams. One unit may be described several times. */
int ivrs_unit(const struct ivhd *h);
/*
 * These flags are asked for in the table entries of these devices, beside what other calls ask for: bits 0-2 INIT,
 * ExtInt, NMI pass; 4-5 SysMgt; 6-7 LINT0, LINT1 pass. is_ioapic: who names one wants its interrupts to be remapped.
 */
void ivrs_devices(uint16_t first, uint16_t last, uint8_t flags, bool is_ioapic);
