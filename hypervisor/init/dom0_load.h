/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Putting Dom0's kernel, initrd and start info into the RAM that mem_split() chose for it. Works on
 * physical memory through the direct map, before there is a domain; nothing here can fail half-way
 * in a way that matters, because every failure ends in a message and a stop.
 */
#pragma once

#include "boot/boot_info.h"
#include "init/dom0_mem.h"

struct dom0_start {
	uint32_t entry;	     /* PVH entry point, guest-physical = machine address */
	uint32_t start_info; /* what EBX shall hold */
};

/*
 * Boot CPU, all of the split's memory in the direct map, ACPI read. bounce: devices need real addresses, there is no
 * IOMMU. Stops the machine on failure.
 */
void dom0_load(struct dom0_start *start, const struct boot_info *bi, const struct mem_split *s,
	       unsigned int nr_vcpus, bool bounce);

/*
 * The command line that Dom0 gets: the module's, without the file name or "placeholder" that some
 * loaders put first, and with swiotlb=force to `bounce` unless it says something itself.
 * Returns the length, which may be >= size: then it did not fit. Pure.
 */
size_t dom0_cmdline(char *buf, size_t size, const char *module_cmdline, bool bounce);
