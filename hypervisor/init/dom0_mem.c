/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dividing RAM between Dom0 and the heap, and placing Dom0's kernel. Dom0 gets the lowest RAM, in
 * address order, until it has its share: the kernel is fixed at 16 MiB, devices with 32-bit DMA
 * want low memory, and the heap does not care. Its last range ends on a 2 MiB boundary, so that
 * both sides can use large pages; that makes up to 2 MiB of difference to dom0_mem=.
 */
#include "init/dom0_mem.h"
#include "lib/printf.h"

#define LOW_END	      MIB(1)
#define DOM0_MIN      MIB(64) /* below this no distro kernel comes up */
#define DOM0_DEFAULT_MIN MIB(512)
#define DOM0_DEFAULT_MAX GIB(4)

static bool overlaps(uint64_t start, uint64_t end, const struct mem_range *r)
{
	return start < r->end && r->start < end;
}

/* The first of the ranges that overlaps [start, end), by address; NULL: none. */
static const struct mem_range *first_overlap(uint64_t start, uint64_t end,
					     const struct mem_range *ranges, unsigned int nr)
{
	const struct mem_range *first = NULL;

	for (unsigned int i = 0; i < nr; i++)
		if (overlaps(start, end, &ranges[i]) && (!first || ranges[i].start < first->start))
			first = &ranges[i];
	return first;
}

/*
 * Cut [start, end) at the ranges' borders, in whole pages: returns where its first piece ends, and
 * whether that piece is outside all of them.
 */
static uint64_t first_piece(uint64_t start, uint64_t end, const struct mem_range *ranges,
			    unsigned int nr, bool *is_free)
{
	const struct mem_range *hit = first_overlap(start, end, ranges, nr);

	*is_free = !hit || round_down(hit->start, PAGE_SIZE) > start;
	if (!hit)
		return end;
	return *is_free ? round_down(hit->start, PAGE_SIZE)
			: min(end, round_up(hit->end, PAGE_SIZE));
}

static int add_heap(struct mem_range *list, unsigned int *nr, uint64_t start, uint64_t end)
{
	if (*nr && list[*nr - 1].end == start) {
		list[*nr - 1].end = end;
		return 0;
	}
	if (*nr == MEM_MAX_HEAP)
		return -E2BIG;
	list[(*nr)++] = (struct mem_range){ start, end };
	return 0;
}

static int add_map(struct mem_split *s, uint64_t start, uint64_t end, uint32_t type)
{
	struct boot_range *last = s->nr_map ? &s->map[s->nr_map - 1] : NULL;

	if (start == end)
		return 0;
	if (last && last->base + last->size == start && last->type == type) {
		last->size += end - start;
		return 0;
	}
	if (s->nr_map == DOM0_MAX_RANGES)
		return -E2BIG;
	s->map[s->nr_map++] = (struct boot_range){ start, end - start, type };
	return 0;
}

/* RAM that is not Dom0's goes to the heap; parts still in use by boot modules, later. */
static int give_heap(struct mem_split *s, const struct mem_request *r, uint64_t start, uint64_t end)
{
	int rc = add_map(s, start, end, MEM_UNUSABLE);
	uint64_t stop;
	bool is_free;

	s->heap_bytes += end - start;
	for (; !rc && start < end; start = stop) {
		stop = first_piece(start, end, r->held, r->nr_held, &is_free);
		rc = is_free ? add_heap(s->heap, &s->nr_heap, start, stop)
			     : add_heap(s->late, &s->nr_late, start, stop);
	}
	return rc;
}

/*
 * One free piece of RAM: to Dom0 as far as it still wants, the rest to the heap. The piece that is
 * cut is the last: what rounding takes from it is not made good from a range far away.
 */
static int give_piece(struct mem_split *s, const struct mem_request *r, uint64_t start,
		      uint64_t end, uint64_t *want)
{
	uint64_t left = *want - min(*want, s->dom0_bytes);
	uint64_t split = end;
	int rc;

	if (end - start > left) {
		split = start + left;
		if (split > MIB(2))
			split = max(start, round_down(split, MIB(2)));
		*want = 0;
	}
	s->dom0_bytes += split - start;
	rc = add_map(s, start, split, BOOT_MEM_RAM);
	return rc || split == end ? rc : give_heap(s, r, split, end);
}

/* One RAM range of the firmware, in whole pages: cut at what the hypervisor keeps. */
static int divide_ram(struct mem_split *s, const struct mem_request *r, uint64_t start,
		      uint64_t end, uint64_t *want)
{
	uint64_t stop;
	bool is_free;
	int rc = 0;

	for (; !rc && start < end; start = stop) {
		stop = first_piece(start, end, r->kept, r->nr_kept, &is_free);
		rc = is_free ? give_piece(s, r, start, stop, want)
			     : add_map(s, start, stop, MEM_UNUSABLE);
	}
	return rc;
}

static uint64_t ram_pages(const struct boot_range *f, uint64_t *start)
{
	uint64_t end = round_down(f->base + f->size, PAGE_SIZE);

	*start = round_up(f->base, PAGE_SIZE);
	return f->type == BOOT_MEM_RAM && end > *start ? end - *start : 0;
}

/* Bytes of RAM that nobody keeps. */
static uint64_t free_ram(const struct mem_request *r, uint64_t *host_bytes)
{
	uint64_t at, end, stop, size, free_bytes = 0;
	bool is_free;

	*host_bytes = 0;
	for (unsigned int i = 0; i < r->nr_firmware; i++) {
		size = ram_pages(&r->firmware[i], &at);
		*host_bytes += size;
		for (end = at + size; at < end; at = stop) {
			stop = first_piece(at, end, r->kept, r->nr_kept, &is_free);
			free_bytes += is_free ? stop - at : 0;
		}
	}
	return free_bytes;
}

/* What Dom0 shall have, before and after looking at what there is. */
static uint64_t decide_size(struct mem_split *s, const struct mem_request *r, uint64_t available)
{
	const struct options *o = r->options;
	uint64_t want = max(s->host_bytes / 4, DOM0_DEFAULT_MIN);

	want = min(want, DOM0_DEFAULT_MAX);
	if (o->dom0_mem.set)
		want = mem_amount_bytes(&o->dom0_mem, s->host_bytes);
	if (o->dom0_mem_min.set)
		want = max(want, mem_amount_bytes(&o->dom0_mem_min, s->host_bytes));
	if (o->dom0_mem_max.set)
		want = min(want, mem_amount_bytes(&o->dom0_mem_max, s->host_bytes));
	s->want_bytes = round_down(want, PAGE_SIZE);
	return min(s->want_bytes, available);
}

/* Take the pages for the ACPI tables off the end of Dom0's highest RAM range below 4 GiB. */
static int steal_acpi(struct mem_split *s)
{
	struct boot_range *ram = NULL;

	if (s->nr_map == DOM0_MAX_RANGES)
		return -E2BIG;
	for (unsigned int i = 0; i < s->nr_map; i++)
		if (s->map[i].type == BOOT_MEM_RAM && s->map[i].base >= LOW_END &&
		    s->map[i].base + s->map[i].size <= GIB(4) && s->map[i].size > DOM0_ACPI_SIZE)
			ram = &s->map[i];
	if (!ram)
		return -ENOMEM;
	memmove(ram + 1, ram, (&s->map[s->nr_map++] - ram) * sizeof(*ram));
	ram->size -= DOM0_ACPI_SIZE;
	ram[1] = (struct boot_range){ ram->base + ram->size, DOM0_ACPI_SIZE, BOOT_MEM_ACPI };
	s->acpi = (struct mem_range){ ram[1].base, ram[1].base + DOM0_ACPI_SIZE };
	s->dom0_bytes -= DOM0_ACPI_SIZE;
	return 0;
}

/* The heap needs something for the hypervisor's own tables: page frames, p2m, domains. */
static uint64_t heap_reserve(uint64_t host_bytes)
{
	return MIB(8) + host_bytes / 64;
}

int mem_split(struct mem_split *s, const struct mem_request *r, const char **why)
{
	uint64_t available, want;
	int rc = 0;

	memset(s, 0, sizeof(*s));
	available = free_ram(r, &s->host_bytes);
	available -= min(available, heap_reserve(s->host_bytes));
	want = decide_size(s, r, available);
	*why = "the machine has too little free RAM for a Dom0 (see dom0_mem=)";
	if (want < DOM0_MIN)
		return -ENOMEM;
	*why = "the memory map has more ranges than the tables hold";
	for (unsigned int i = 0; !rc && i < r->nr_firmware; i++) {
		const struct boot_range *f = &r->firmware[i];
		uint64_t start, size = ram_pages(f, &start);

		if (size)
			rc = divide_ram(s, r, start, start + size, &want);
		else if (f->type != BOOT_MEM_RAM)
			rc = add_map(s, f->base, f->base + f->size, f->type);
	}
	if (!rc) {
		rc = steal_acpi(s);
		if (rc == -ENOMEM)
			*why = "Dom0 has no RAM between 1 MiB and 4 GiB for its ACPI tables";
	}
	return rc;
}

/* The highest place for size bytes inside [start, end) that avoids the busy ranges; 0: none. */
static uint64_t find_in_range(uint64_t start, uint64_t end, uint64_t size, uint64_t align,
			      const struct mem_range *busy, unsigned int nr_busy)
{
	while (end > start && end - start >= size) {
		uint64_t at = round_down(end - size, align);
		const struct mem_range *hit;

		if (at < start)
			return 0;
		hit = first_overlap(at, at + size, busy, nr_busy);
		if (!hit)
			return at;
		end = hit->start;
	}
	return 0;
}

/* The same in the RAM ranges of a map, between from and below. */
static uint64_t find_in_map(const struct boot_range *map, unsigned int nr, uint64_t from,
			    uint64_t below, uint64_t size, uint64_t align,
			    const struct mem_range *busy, unsigned int nr_busy)
{
	uint64_t at = 0, start, ram;

	while (!at && nr-- > 0) {
		ram = ram_pages(&map[nr], &start);
		if (ram)
			at = find_in_range(max(start, from), min(start + ram, below), size, align,
					   busy, nr_busy);
	}
	return at;
}

uint64_t mem_find_early(const struct boot_range *firmware, unsigned int nr_firmware, uint64_t size,
			const struct mem_range *busy, unsigned int nr_busy)
{
	uint64_t at = find_in_map(firmware, nr_firmware, LOW_END, MIB(16), size, PAGE_SIZE, busy,
				  nr_busy);

	return at ? at : find_in_map(firmware, nr_firmware, MIB(16), GIB(4), size, PAGE_SIZE, busy,
				     nr_busy);
}

uint64_t dom0_mem_find(const struct mem_split *s, uint64_t size, uint64_t align, uint64_t below,
		       const struct mem_range *busy, unsigned int nr_busy)
{
	return size ? find_in_map(s->map, s->nr_map, LOW_END, below, size, align, busy, nr_busy) : 0;
}

uint64_t mem_find_low_page(const struct mem_split *s, const struct mem_range *busy,
			   unsigned int nr_busy)
{
	/* Never page 0, where the firmware's data is, nor what it keeps for itself at the end. */
	return find_in_map(s->map, s->nr_map, PAGE_SIZE, 0x90000, PAGE_SIZE, PAGE_SIZE, busy,
			   nr_busy);
}

/* Does one RAM range of Dom0 hold it all? */
static bool is_dom0_ram(const struct mem_split *s, const struct mem_range *r)
{
	for (unsigned int i = 0; i < s->nr_map; i++)
		if (s->map[i].type == BOOT_MEM_RAM && r->start >= s->map[i].base &&
		    r->end <= s->map[i].base + s->map[i].size)
			return true;
	return false;
}

static int place_initrd(const struct mem_split *s, struct dom0_place *p)
{
	struct mem_range busy[] = { p->kernel, p->kernel_file };
	uint64_t size = p->initrd.end - p->initrd.start;

	p->initrd_to = p->initrd.start;
	if (!size)
		return 0;
	if (!(p->initrd.start % PAGE_SIZE) && p->initrd.start >= LOW_END &&
	    p->initrd.end <= PVH_INITRD_BELOW && is_dom0_ram(s, &p->initrd) &&
	    !overlaps(p->initrd.start, p->initrd.end, &p->kernel))
		return 0;
	p->initrd_to = dom0_mem_find(s, size, PAGE_SIZE, PVH_INITRD_BELOW, busy, ARRAY_SIZE(busy));
	return p->initrd_to ? 0 : -ENOMEM;
}

int dom0_mem_place(const struct mem_split *s, struct dom0_place *p, char *msg, size_t msg_size)
{
	uint64_t initrd_size = p->initrd.end - p->initrd.start;
	struct mem_range busy[3];

	if (!is_dom0_ram(s, &p->kernel)) {
		snprintf(msg, msg_size,
			 "Dom0's kernel must be loaded at %lu to %lu MiB, but not all of that is "
			 "Dom0's RAM (it has %lu MiB); give it more with dom0_mem=",
			 to_mib(p->kernel.start), to_mib(p->kernel.end), to_mib(s->dom0_bytes));
		return -ENOMEM;
	}
	if (overlaps(p->kernel.start, p->kernel.end, &p->kernel_file)) {
		snprintf(msg, msg_size,
			 "no room to unpack Dom0's kernel of %lu MiB beside its place; "
			 "give Dom0 more than %lu MiB with dom0_mem=",
			 to_mib(p->kernel_file.end - p->kernel_file.start), to_mib(s->dom0_bytes));
		return -ENOMEM;
	}
	if (place_initrd(s, p)) {
		snprintf(msg, msg_size,
			 "no room for the initrd of %lu MiB in Dom0's RAM of %lu MiB besides the "
			 "kernel; give it more with dom0_mem=",
			 to_mib(initrd_size), to_mib(s->dom0_bytes));
		return -ENOMEM;
	}
	busy[0] = p->kernel;
	busy[1] = p->kernel_file;
	busy[2] = (struct mem_range){ p->initrd_to, p->initrd_to + initrd_size };
	p->tables_at = dom0_mem_find(s, p->tables_size, PAGE_SIZE, PVH_TABLES_BELOW, busy, 3);
	if (!p->tables_at) {
		snprintf(msg, msg_size, "no room for Dom0's start info below 1 GiB");
		return -ENOMEM;
	}
	return 0;
}
