/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the boot loader told us, whichever door we came through. boot/ fills it once, with copies of
 * everything that must survive; nothing in it points into loader memory except the modules' ranges
 * themselves. Lives in init memory: whoever needs a part later copies it.
 */
#pragma once

#include "lib/types.h"

#define BOOT_MAX_RANGES	 128
#define BOOT_MAX_RUNTIME 64
#define BOOT_MAX_MODULES 8
#define BOOT_STRINGS	 8192 /* bytes for all command lines together */

enum boot_mem_type { /* the values are those of the BIOS's E820 */
	BOOT_MEM_RAM = 1,
	BOOT_MEM_RESERVED = 2,
	BOOT_MEM_ACPI = 3, /* tables, reclaimable */
	BOOT_MEM_NVS = 4,
	BOOT_MEM_BAD = 5,
};

struct boot_range {
	uint64_t base, size; /* bytes; as the firmware gave them, not page aligned */
	uint32_t type;	     /* enum boot_mem_type */
};

struct boot_module {
	uint64_t base, size; /* physical, bytes */
	const char *cmdline; /* never NULL; the loader's file name removed by nobody */
};

struct boot_framebuffer { /* multiboot2 3.6.12 */
	uint64_t base;
	uint32_t pitch, width, height; /* bytes per line, pixels */
	uint8_t bpp, type;	       /* bits per pixel; type 1 has colors */
	uint16_t zero;
	uint8_t colors[6]; /* position and size of red, green and blue */
} __attribute__((packed));
#define BOOT_FB_RGB 1

struct boot_info {
	const char *loader;  /* "GRUB 2.06..." or "" */
	const char *cmdline; /* ours, never NULL */

	unsigned int nr_ranges;
	struct boot_range ranges[BOOT_MAX_RANGES]; /* sorted by base, not overlapping */
	unsigned int nr_modules;
	struct boot_module modules[BOOT_MAX_MODULES];

	struct boot_framebuffer fb; /* all 0: none */
	uint8_t rsdp[36];	/* a copy of the RSDP, if the loader gave one */
	uint8_t rsdp_size;	/* 0 (scan for it), 20 or 36 */
	uint64_t efi_systab;	/* physical, 0 when not started by UEFI */
	unsigned int nr_runtime; /* 0: runtime services cannot be called */
	struct boot_range runtime[BOOT_MAX_RUNTIME]; /* theirs, whole pages; the type is UEFI's */

	uint64_t image_base, image_end; /* physical, where the hypervisor runs, page aligned */

	const char *error; /* not NULL: what is wrong with the loader's information; x86 says it and stops */
	bool truncated; /* something did not fit; main says so */
	uint32_t strings_used;
	char strings[BOOT_STRINGS];
};

extern uint64_t tsc_at_entry; /* the TSC at our first instructions */

/*
 * boot calls x86, x86 makes the CPU's own area and exceptions usable and calls init: once, on the
 * boot CPU, with the first 4 GiB in the direct map and interrupts off.
 */
void x86_start(const struct boot_info *bi) __attribute__((noreturn));
void hv_main(const struct boot_info *bi) __attribute__((noreturn));
