/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ACPI tables of a PVH guest: RSDP, XSDT, FADT, MADT and a DSDT without code. The FADT says
 * "hardware-reduced": no PM timer, no SCI, no fixed registers, so that the guest looks for nothing
 * that is not there. The MADT lists local APICs only, with id 2 * vCPU. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Fill buf with tables meant for gpa; returns the bytes used, 0 when size is too small. */
size_t acpi_build(uint8_t *buf, size_t size, uint64_t gpa, unsigned int vcpus, uint64_t *rsdp_gpa);
