/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's memory plan and its PVH start info; see layout.h. */
#include "dom0-tools/builder/layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FOUR_GIB	(1ULL << 32)
#define INFO_LIMIT	(1ULL << 30)
#define ROUND_UP(n)	(((n) + GUEST_PAGE - 1) & ~(GUEST_PAGE - 1))
#define MIB_CEIL(n)	((unsigned long)(((n) + (1 << 20) - 1) >> 20))

/* The blob in the guest: this, then the command line. */
struct info_blob {
	struct hvm_start_info info;
	struct hvm_modlist_entry initrd;
	struct hvm_memmap_table_entry map[GUEST_MAX_MAP];
};

static void map_add(struct guest_layout *l, uint64_t addr, uint64_t end, uint32_t type)
{
	if (end > addr)
		l->map[l->nr_map++] = (struct hvm_memmap_table_entry){
			.addr = addr, .size = end - addr, .type = type,
		};
}

static void plan_ram(struct guest_layout *l, uint64_t ram_size)
{
	l->ram_low_end = ram_size < GUEST_ACPI_GPA ? ram_size : GUEST_ACPI_GPA;
	l->ram_high_end = FOUR_GIB + ram_size - l->ram_low_end;
	l->nr_map = 0;
	map_add(l, 0, l->ram_low_end, XEN_HVM_MEMMAP_TYPE_RAM);
	map_add(l, GUEST_ACPI_GPA, GUEST_ACPI_GPA + GUEST_ACPI_SIZE, XEN_HVM_MEMMAP_TYPE_ACPI);
	map_add(l, GUEST_SPECIAL_GPA, GUEST_SPECIAL_GPA + GUEST_SPECIAL_SIZE,
		XEN_HVM_MEMMAP_TYPE_RESERVED);
	map_add(l, FOUR_GIB, l->ram_high_end, XEN_HVM_MEMMAP_TYPE_RAM);
}

int layout_plan(struct guest_layout *l, const struct kernel *k, uint64_t ram_size,
		uint64_t initrd_size, const char *cmdline, struct diag *dg)
{
	const struct kernel_segment *last = &k->segment[k->nr_segments - 1];
	uint64_t kernel_end = last->gpa + last->mem_size, end;

	plan_ram(l, ram_size);
	l->info_gpa = ROUND_UP(kernel_end);
	l->info_size = sizeof(struct info_blob) + strlen(cmdline) + 1;
	l->initrd_gpa = ROUND_UP(l->info_gpa + l->info_size);
	l->initrd_size = initrd_size;
	end = l->initrd_gpa + initrd_size;
	if (kernel_end > GUEST_ACPI_GPA || end > GUEST_ACPI_GPA)
		return diag_fail(dg, -E2BIG,
				 "kernel and ramdisk need %lu MiB, but only %lu MiB of a "
				 "guest's memory lie below 4 GiB: use a smaller ramdisk",
				 MIB_CEIL(end), (unsigned long)(GUEST_ACPI_GPA >> 20));
	if (end > l->ram_low_end)
		return diag_fail(dg, -ENOSPC,
				 "memory=%lu is too little: the kernel ends at %lu MiB and the "
				 "ramdisk takes %lu MiB; set memory to %lu or more",
				 MIB_CEIL(ram_size), MIB_CEIL(kernel_end), MIB_CEIL(initrd_size),
				 MIB_CEIL(end));
	if (l->info_gpa + l->info_size > INFO_LIMIT)
		return diag_fail(dg, -E2BIG,
				 "the kernel ends at %lu MiB, which leaves no room for its "
				 "boot information below 1 GiB",
				 MIB_CEIL(kernel_end));
	return 0;
}

uint8_t *layout_start_info(const struct guest_layout *l, const char *cmdline, uint64_t rsdp_gpa)
{
	uint8_t *out = calloc(1, l->info_size);
	struct info_blob b = {
		.info = {
			.magic = XEN_HVM_START_MAGIC_VALUE,
			.version = 1,
			.cmdline_paddr = l->info_gpa + sizeof(b),
			.rsdp_paddr = rsdp_gpa,
			.memmap_paddr = l->info_gpa + offsetof(struct info_blob, map),
			.memmap_entries = l->nr_map,
		},
	};

	if (!out)
		return NULL;
	memcpy(b.map, l->map, sizeof(b.map));
	if (l->initrd_size) {
		b.info.nr_modules = 1;
		b.info.modlist_paddr = l->info_gpa + offsetof(struct info_blob, initrd);
		b.initrd.paddr = l->initrd_gpa;
		b.initrd.size = l->initrd_size;
	}
	memcpy(out, &b, sizeof(b));
	memcpy(out + sizeof(b), cmdline, l->info_size - sizeof(b));
	return out;
}
