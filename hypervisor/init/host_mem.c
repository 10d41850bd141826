/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RAM at start-up. One block below 4 GiB comes first, from the firmware's map, before there is an
 * allocator: the frame table (4 bytes per page of RAM) and the pages for the hypervisor's own page
 * tables. It is kept, like the image; everything else is Dom0's or the heap's.
 */
#include "init/host_mem.h"
#include "mem/kalloc.h"

#define TABLE_PAGES_BASE 24 /* image, upper levels, a few devices; plus one per GiB of addresses */

static uint64_t early_next, early_end; /* page-table pages left in the early block */
static bool heap_ready;

/* For hostmap_init() and, later on, for mmio_map(). */
static void *table_page(void)
{
	void *page;

	if (early_next == early_end)
		return heap_ready ? page_alloc() : NULL;
	page = phys_to_virt(early_next);
	early_next += PAGE_SIZE;
	return memset(page, 0, PAGE_SIZE);
}

static uint64_t ram_top(const struct boot_info *bi)
{
	uint64_t top = 0;

	for (unsigned int i = 0; i < bi->nr_ranges; i++)
		if (bi->ranges[i].type == BOOT_MEM_RAM)
			top = max(top, bi->ranges[i].base + bi->ranges[i].size);
	return round_up(top, PAGE_SIZE);
}

static struct mem_range find_early_block(const struct boot_info *bi, uint64_t size)
{
	struct mem_range busy[BOOT_MAX_MODULES + 1];
	unsigned int i = module_ranges(busy, bi);
	uint64_t at;

	busy[i++] = (struct mem_range){ bi->image_base, bi->image_end };
	at = mem_find_early(bi->ranges, bi->nr_ranges, size, busy, i);
	if (!at)
		panic("no %lu MiB of free RAM below 4 GiB for the hypervisor's tables\n",
		      to_mib(size));
	return (struct mem_range){ at, at + size };
}

static void split_or_panic(struct mem_split *split, const struct boot_info *bi,
			   const struct options *options, struct mem_range early)
{
	struct mem_range kept[] = { { bi->image_base, bi->image_end }, early };
	struct mem_range held[BOOT_MAX_MODULES];
	struct mem_request r = { .firmware = bi->ranges, .nr_firmware = bi->nr_ranges,
				 .kept = kept, .nr_kept = ARRAY_SIZE(kept),
				 .held = held, .nr_held = module_ranges(held, bi), .options = options };
	const char *why;

	if (mem_split(split, &r, &why))
		panic("%s; the machine has %lu MiB\n", why, to_mib(split->host_bytes));
	log_info("Memory: %lu MiB, %lu MiB of it for Dom0, %lu MiB for guests\n",
		 to_mib(split->host_bytes), to_mib(split->dom0_bytes), to_mib(split->heap_bytes));
	if (split->want_bytes > split->dom0_bytes + MIB(4))
		log_warn("Memory: dom0_mem= asks for %lu MiB, that is %lu MiB more than there are\n",
			 to_mib(split->want_bytes), to_mib(split->want_bytes - split->dom0_bytes));
	for (unsigned int i = 0; i < split->nr_map; i++)
		log_debug("Dom0's map: %#12lx to %#12lx type %u\n", split->map[i].base,
			  split->map[i].base + split->map[i].size, split->map[i].type);
}

static void give_heap(const struct mem_range *list, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		frame_give_heap(MFN(list[i].start >> PAGE_SHIFT),
				(list[i].end - list[i].start) >> PAGE_SHIFT);
}

static void keep(uint64_t start, uint64_t end)
{
	if (end > start)
		frame_give_owner(MFN(start >> PAGE_SHIFT), (end - start) >> PAGE_SHIFT, OWNER_HV,
				 PAGE_HV);
}

void host_mem_init(struct mem_split *split, const struct boot_info *bi,
		   const struct options *options)
{
	uint64_t top = ram_top(bi), nr_frames = top >> PAGE_SHIFT;
	uint64_t table_size = round_up(nr_frames * sizeof(uint32_t), PAGE_SIZE);
	uint64_t nr_pages = TABLE_PAGES_BASE + (top >> 30);
	struct mem_range early = find_early_block(bi, table_size + nr_pages * PAGE_SIZE);

	split_or_panic(split, bi, options, early);
	early_next = early.start + table_size;
	early_end = early.end;
	hostmap_init(bi, table_page);
	frame_init(phys_to_virt(early.start), nr_frames);
	keep(bi->image_base, virt_to_phys(__init_start));
	keep(virt_to_phys(__init_end), bi->image_end);
	keep(early.start, early.end);
	give_heap(split->heap, split->nr_heap);
	heap_ready = true;
}

void host_mem_release_modules(const struct mem_split *split)
{
	give_heap(split->late, split->nr_late);
}

uint64_t host_mem_trampoline(const struct mem_split *split, const struct boot_info *bi)
{
	struct mem_range busy[BOOT_MAX_MODULES];

	return mem_find_low_page(split, busy, module_ranges(busy, bi));
}
