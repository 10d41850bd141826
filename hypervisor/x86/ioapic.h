/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's IO-APICs. Lines are named by GSI; the functions lock inside. */
#pragma once

#include "lib/base.h"

struct ioapic_info {
	uint64_t hpa;
	uint32_t id;
	uint32_t gsi_base;
	uint32_t nr_pins;
};

/* From ACPI; every pin starts masked. Needs acpi_init() and mmio_map(). */
void ioapic_init(void);
unsigned int ioapic_count(void);
const struct ioapic_info *ioapic_info(unsigned int index);

/*
 * Deliver gsi as vector to a CPU. The pin stays masked when it was masked; -EINVAL for a gsi that no
 * IO-APIC has. level and low come from the guest's redirection entry or ACPI override.
 */
int ioapic_route(uint32_t gsi, unsigned int vector, unsigned int cpu, bool level, bool low);
bool ioapic_is_routed(uint32_t gsi); /* has somebody given this line a vector? */
void ioapic_set_masked(uint32_t gsi, bool masked);
