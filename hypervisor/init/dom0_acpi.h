/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ACPI tables that Dom0 sees: a new RSDP and XSDT that list a new MADT (Dom0's virtual CPUs, the
 * real IO-APICs) and, by reference, those of the firmware's tables that describe devices. What
 * describes CPUs, timers, IOMMUs or the serial console is left out: the hypervisor owns those.
 */
#pragma once

#include "x86/acpi.h"

/*
 * Write the tables into buf, which Dom0 will find at hpa (16-byte aligned). Returns the bytes used,
 * or -ENOSPC. The RSDP is at hpa. Pure: the firmware's tables are not touched, only listed.
 */
int dom0_acpi_build(void *buf, size_t size, uint64_t hpa, const struct acpi_info *host,
		    unsigned int nr_vcpus) __must_check;

/* Shall Dom0 see this table of the firmware's? */
bool dom0_acpi_allows(const char *signature);
