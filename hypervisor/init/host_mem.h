/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking possession of the machine's RAM: divides it between Dom0 and the heap, then sets up the
 * direct map, the frame table and the heap.
 */
#pragma once

#include "boot/boot_info.h"
#include "init/dom0_mem.h"

/* Boot CPU, on the boot page tables. Afterwards page_alloc(), kalloc() and phys_to_virt() work. */
void host_mem_init(struct mem_split *split, const struct boot_info *bi,
		   const struct options *options);

/* Dom0 is built: the boot modules' memory that is not Dom0's goes to the heap. */
void host_mem_release_modules(const struct mem_split *split);

/*
 * The 4 KiB page below 1 MiB in which other CPUs start, 0: none; it is Dom0's, and neither Dom0 nor
 * a boot module is in it yet.
 */
uint64_t host_mem_trampoline(const struct mem_split *split, const struct boot_info *bi);
