/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypervisor's own page tables.
 *
 *	0xffff800000000000  direct map: RAM, write-back, not executable
 *	0xffffa00000000000  devices: uncached, on demand, at base + physical address
 *	0xffffff8000000000  stacks of all CPUs but the first, each with a hole of its size below
 *	0xffffffff80200000  the image: text R-X, rodata R--, data RW-
 *
 * phys_to_virt() for RAM is for mem/, boot/ and init/ only; floors above reach a frame through
 * mem/frame.h, because the direct map of guest memory shall go one day. Read-mostly after boot;
 * mmio_map() is for boot and takes no lock.
 */
#pragma once

#include "boot/boot_info.h"
#include "lib/base.h"

#define DIRECT_MAP_BASE	0xffff800000000000UL
#define MMIO_MAP_BASE	0xffffa00000000000UL
#define STACK_MAP_BASE	0xffffff8000000000UL
#define IMAGE_MAP_BASE	0xffffffff80000000UL /* linked address = this + physical address + image_slide */

extern uint64_t image_slide;		      /* physical load address minus 2 MiB, set by head.S */
extern char __image_start[], __image_end[];   /* page aligned, bss and init included */
extern char __init_start[], __init_end[];     /* page aligned, inside the image; free after boot */

static inline void *phys_to_virt(uint64_t hpa)
{
	return (void *)(DIRECT_MAP_BASE + hpa);
}

/* Of an address in the direct map or in the image. */
static inline uint64_t virt_to_phys(const void *va)
{
	uintptr_t a = (uintptr_t)va;

	return a >= IMAGE_MAP_BASE ? a - IMAGE_MAP_BASE + image_slide : a - DIRECT_MAP_BASE;
}

/*
 * Replace the boot page tables: all RAM of bi in the direct map (1 GiB pages where the CPU has
 * them), the image with its final rights. alloc_page returns a zeroed page of the first 4 GiB, in
 * the direct map; it is kept and used by mmio_map() later. Out of memory is its own panic.
 */
void hostmap_init(const struct boot_info *bi, void *(*alloc_page)(void));

/* From now on tables come from here: the allocator of boot is about to go. */
void hostmap_set_alloc(void *(*alloc_page)(void));

/*
 * An uncached mapping of device registers, page-rounded; never unmapped. NULL: no memory for a
 * table. Boot, or under one lock.
 */
void *mmio_try_map(uint64_t hpa, size_t size);
void *mmio_map(uint64_t hpa, size_t size); /* boot: the same or a panic */

/*
 * Where the block of a CPU to be started (STACK_SIZE bytes at hpa) is used: a stack that overflows
 * reaches nothing there. Boot.
 */
void *hostmap_stack(uint64_t hpa);

/* The root for CR3; every CPU loads it. */
uint64_t hostmap_cr3(void);

/*
 * Another root, for UEFI's runtime services: our own upper half, and below it memory at its physical
 * addresses. Mapping is for boot; hostmap_identity_cr3() under the lock of whoever uses it.
 */
void hostmap_identity(uint64_t hpa, uint64_t size, bool is_code, bool is_device);
uint64_t hostmap_identity_cr3(void);

/* Init memory is about to be freed: unmap it from the image's addresses (all CPUs). */
void hostmap_drop_init(void);
