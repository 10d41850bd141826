/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From head.S to the hall: turn what the loader left into struct boot_info. Runs on the boot page
 * tables and on the boot CPU's stack, before there is a console or an exception handler.
 */
#include "boot/multiboot.h"

#define BOOT_MAP_BASE	 0xffff800000000000UL /* head.S maps the first 4 GiB here */
#define IMAGE_LINK_BASE	 0xffffffff80000000UL /* linked address of physical 0 */

extern char __image_start[], __image_end[];
void boot_main(uint32_t magic, uint32_t info_hpa, uint64_t slide) __noreturn;

static struct boot_info boot_info;

const void *boot_map(uint64_t hpa, uint64_t size)
{
	return hpa < GIB(4) && size <= GIB(4) - hpa ? (const void *)(BOOT_MAP_BASE + hpa) : NULL;
}

void boot_main(uint32_t magic, uint32_t info_hpa, uint64_t slide)
{
	struct boot_info *bi = &boot_info;
	int rc = 0;

	bi->image_base = (uintptr_t)__image_start - IMAGE_LINK_BASE + slide;
	bi->image_end = (uintptr_t)__image_end - IMAGE_LINK_BASE + slide;
	if (magic == MB2_BOOT_MAGIC)
		rc = mb2_parse(bi, info_hpa);
	else if (magic == MB1_BOOT_MAGIC)
		rc = mb1_parse(bi, info_hpa);
	else
		bi->error = "not started by a multiboot loader; use GRUB's multiboot2 command";
	if (rc)
		bi->error = "the boot loader's information is damaged or has no memory map";
	x86_start(bi);
}
