/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From head.S to hv_main: make the boot CPU's per-CPU area and exception table usable, and turn what
 * the loader left into struct boot_info. Runs on boot page tables with the first 4 GiB mapped.
 */
#include "boot/multiboot.h"
#include "lib/bug.h"
#include "lib/compiler.h"
#include "x86/cpu.h"
#include "x86/hostmap.h"
#include "x86/traps.h"

void boot_main(uint32_t magic, uint32_t info_hpa) __noreturn;

static struct boot_info boot_info;

const void *boot_map(uint64_t hpa, uint64_t size)
{
	return hpa < GIB(4) && size <= GIB(4) - hpa ? phys_to_virt(hpa) : NULL;
}

void boot_main(uint32_t magic, uint32_t info_hpa)
{
	int rc;

	cpu_prepare_block(0, 0, boot_cpu_block);
	traps_init();
	cpu_init();

	boot_info.image_base = virt_to_phys(__image_start);
	boot_info.image_end = virt_to_phys(__image_end);
	if (magic == MB2_BOOT_MAGIC)
		rc = mb2_parse(&boot_info, info_hpa);
	else if (magic == MB1_BOOT_MAGIC)
		rc = mb1_parse(&boot_info, info_hpa);
	else
		panic("not started by a multiboot loader (magic %#x); use GRUB's multiboot2\n", magic);
	if (rc)
		panic("the boot loader's information is damaged or has no memory map (%d)\n", rc);
	hv_main(&boot_info);
}
