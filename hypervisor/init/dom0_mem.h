/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who gets which RAM. Dom0's is identity-mapped (guest frame = machine frame), so its memory map is
 * the firmware's with everything that is not Dom0's taken out; the rest is the hypervisor's heap,
 * from which the guests live. Then: where in Dom0's RAM the kernel and what it needs go.
 *
 *	firmware:  |RAM      |hole/ROM|RAM                                     |ACPI|RSVD|
 *	dom0 map:  |RAM      |        |RAM |UNUS|RAM (kernel) ... RAM|ACPI|UNUS|ACPI|RSVD|
 *	heap:                              |    |(image is kept)           heap|
 *
 * Pure: ranges in, ranges out; nothing is read or written in the memory itself.
 */
#pragma once

#include "boot/boot_info.h"
#include "init/cmdline.h"

#define DOM0_MAX_RANGES	 127 /* of the 128 that Linux has room for it appends one itself */
#define MEM_MAX_HEAP	 128
#define DOM0_ACPI_SIZE	 KIB(32) /* room for the tables that dom0_acpi.c writes */
#define MEM_UNUSABLE	 BOOT_MEM_BAD /* RAM that is not Dom0's: E820 "unusable" */
#define PVH_TABLES_BELOW GIB(1)	      /* Linux reads memmap and modlist through a 1 GiB map */
#define PVH_INITRD_BELOW GIB(4)	      /* Linux takes a 32-bit initrd address here */

struct mem_range {
	uint64_t start, end; /* bytes, [start, end) */
};

/* For messages: rounded up. */
static inline unsigned long to_mib(uint64_t bytes)
{
	return (bytes + MIB(1) - 1) >> 20;
}

/* Boot module i, empty when there is none. */
static inline struct mem_range module_range(const struct boot_info *bi, unsigned int i)
{
	const struct boot_module *m = &bi->modules[i];

	if (i >= bi->nr_modules)
		return (struct mem_range){ 0, 0 };
	return (struct mem_range){ m->base, m->base + m->size };
}

/* All of them into list[BOOT_MAX_MODULES]; returns how many. */
static inline unsigned int module_ranges(struct mem_range *list, const struct boot_info *bi)
{
	for (unsigned int i = 0; i < bi->nr_modules; i++)
		list[i] = module_range(bi, i);
	return bi->nr_modules;
}

struct mem_request {
	const struct boot_range *firmware; /* sorted by base, not overlapping */
	unsigned int nr_firmware;
	const struct mem_range *kept; /* the hypervisor's for good: Dom0 never gets a page of them */
	unsigned int nr_kept;
	const struct mem_range *held; /* in use until Dom0 is built: modules */
	unsigned int nr_held;
	const struct options *options;
};

struct mem_split {
	uint64_t host_bytes; /* whole pages of firmware RAM */
	uint64_t want_bytes; /* what dom0_mem= or the default asks for, before limits */
	uint64_t dom0_bytes; /* what Dom0 gets, ACPI pages not counted */
	uint64_t heap_bytes; /* heap and late together */
	unsigned int nr_map;
	struct boot_range map[DOM0_MAX_RANGES]; /* Dom0's memory map, sorted */
	struct mem_range acpi;			/* for Dom0's new ACPI tables; inside one ACPI range */
	unsigned int nr_heap, nr_late;
	struct mem_range heap[MEM_MAX_HEAP]; /* free for the frame allocator at once */
	struct mem_range late[MEM_MAX_HEAP]; /* heap too, once Dom0 is built (held ranges) */
};

/*
 * Divide the machine. Returns 0 or a negative errno with *why completed by main.c's panic:
 * -ENOMEM too little RAM for Dom0's minimum, -E2BIG more ranges than the tables hold.
 */
int mem_split(struct mem_split *s, const struct mem_request *r, const char **why);

/*
 * Before the split: a place below 4 GiB for tables that the hypervisor needs first (page frames, its
 * own page tables), outside the busy ranges and the 16 MiB mark where Dom0's kernel goes. Below it
 * if possible, else as high as possible. 0: there is none.
 */
uint64_t mem_find_early(const struct boot_range *firmware, unsigned int nr_firmware, uint64_t size,
			const struct mem_range *busy, unsigned int nr_busy);

/*
 * Find size bytes of Dom0 RAM, aligned, below a limit and outside all busy ranges; the highest such
 * place. Above 1 MiB only. Returns 0 when there is none.
 */
uint64_t dom0_mem_find(const struct mem_split *s, uint64_t size, uint64_t align, uint64_t below,
		       const struct mem_range *busy, unsigned int nr_busy);

/* A page of Dom0's RAM below 1 MiB, outside the busy ranges, for starting CPUs in. 0: none. */
uint64_t mem_find_low_page(const struct mem_split *s, const struct mem_range *busy,
			   unsigned int nr_busy);

struct dom0_place {
	/* in */
	struct mem_range kernel;      /* fixed by the ELF's physical addresses */
	struct mem_range kernel_file; /* where the unpacked ELF lies now */
	struct mem_range initrd;      /* where the initrd lies now; start == end: none */
	uint64_t tables_size;	      /* start info, modlist, memmap and command line in one piece */
	/* out */
	uint64_t initrd_to; /* == initrd.start: stays where it is */
	uint64_t tables_at;
};

/*
 * Choose where things go, so that they can be moved in this order without losing any: initrd,
 * kernel segments, tables. On failure -ENOMEM or -EINVAL and a full sentence in msg.
 */
int dom0_mem_place(const struct mem_split *s, struct dom0_place *p, char *msg, size_t msg_size);
