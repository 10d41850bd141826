/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where everything lies in a PVH guest's physical memory, and the boot information that says so.
 *
 *   0 .. ram_low_end            RAM: the kernel at its own addresses, above it start info and
 * initrd GUEST_ACPI_GPA              ACPI tables GUEST_SPECIAL_GPA .. 4 GiB  reserved; the store
 * and console rings are two frames of it 4 GiB .. ram_high_end       RAM that does not fit below
 *
 * Linux reads start info, memory map and module list through boot page tables that end at 1 GiB, so
 * they are placed below that. Pure.
 */
#pragma once

#include <stdint.h>
#include <xen/xen.h>
#include <xen/arch-x86/hvm/start_info.h>
#include "dom0-tools/builder/kernel.h"

#define GUEST_PAGE		4096ULL
#define GUEST_ACPI_GPA		0xfc000000ULL	/* low RAM ends here at the latest */
#define GUEST_ACPI_SIZE		0x10000ULL
#define GUEST_SPECIAL_GPA	0xfeff8000ULL
#define GUEST_SPECIAL_SIZE	0x8000ULL
#define GUEST_STORE_GFN		0xfeffcULL
#define GUEST_CONSOLE_GFN	0xfefffULL
#define GUEST_MAX_MAP		8

struct guest_layout {
	uint64_t ram_low_end;	/* bytes */
	uint64_t ram_high_end;	/* 4 GiB when there is none above */
	uint64_t info_gpa, info_size;
	uint64_t initrd_gpa, initrd_size;
	unsigned int nr_map;
	struct hvm_memmap_table_entry map[GUEST_MAX_MAP];
};

/* -ENOSPC with a message that says how many MiB would do, when something does not fit. */
int layout_plan(struct guest_layout *l, const struct kernel *k, uint64_t ram_size,
		uint64_t initrd_size, const char *cmdline, struct diag *dg);

/* The hvm_start_info and all it points to, for info_gpa: info_size bytes, the caller frees them. */
uint8_t *layout_start_info(const struct guest_layout *l, const char *cmdline, uint64_t rsdp_gpa);
