/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filling struct boot_info, whatever the door. Firmware memory maps may be unsorted and may overlap;
 * here they become sorted and disjoint, so that nobody above has to care. Where two ranges overlap,
 * the stretch gets the more cautious type (RAM gives way to anything, unknown types are reserved).
 */
#include "boot/multiboot.h"
#include "lib/base.h"

const char *boot_info_string(struct boot_info *bi, const char *s, size_t max)
{
	char *copy = bi->strings + bi->strings_used;
	size_t len = s ? strnlen(s, max) : 0;

	if (bi->strings_used + len + 1 > sizeof(bi->strings)) {
		bi->truncated = true;
		return "";
	}
	memcpy(copy, s ? s : "", len);
	copy[len] = '\0';
	bi->strings_used += len + 1;
	return copy;
}

/* Of two types for one address, the one that promises less. */
static uint32_t cautious_type(uint32_t a, uint32_t b)
{
	static const uint8_t rank[] = {
		[BOOT_MEM_RAM] = 0, [BOOT_MEM_ACPI] = 1, [BOOT_MEM_NVS] = 2,
		[BOOT_MEM_RESERVED] = 3, [BOOT_MEM_BAD] = 4,
	};

	return rank[a] >= rank[b] ? a : b;
}

/* Make room in the list at place i. */
static struct boot_range *insert_at(struct boot_info *bi, unsigned int i)
{
	if (bi->nr_ranges == BOOT_MAX_RANGES) {
		bi->truncated = true;
		return NULL;
	}
	memmove(&bi->ranges[i + 1], &bi->ranges[i], (bi->nr_ranges++ - i) * sizeof(bi->ranges[i]));
	return &bi->ranges[i];
}

/* Cut the range that at lies inside of, if there is one, so that it ends there. */
static void split_at(struct boot_info *bi, uint64_t at)
{
	for (unsigned int i = 0; i < bi->nr_ranges; i++) {
		struct boot_range old = bi->ranges[i];

		if (at <= old.base || at - old.base >= old.size || !insert_at(bi, i + 1))
			continue;
		bi->ranges[i].size = at - old.base;
		bi->ranges[i + 1] = (struct boot_range){ at, old.base + old.size - at, old.type };
	}
}

/* Make one of neighbours of the same type: UEFI cuts its RAM into hundreds of pieces. */
static void join(struct boot_info *bi)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < bi->nr_ranges; i++) {
		struct boot_range *r = &bi->ranges[i], *last = &bi->ranges[n] - 1;

		if (n && last->type == r->type && last->base + last->size == r->base)
			last->size += r->size;
		else
			bi->ranges[n++] = *r;
	}
	bi->nr_ranges = n;
}

void boot_info_add_range(struct boot_info *bi, uint64_t base, uint64_t size, uint32_t type)
{
	uint64_t end = base + size < base ? UINT64_MAX : base + size;

	if (type < BOOT_MEM_RAM || type > BOOT_MEM_BAD)
		type = BOOT_MEM_RESERVED;
	/* Walk the sorted list; lay down what is free, retype what is taken. */
	split_at(bi, base);
	split_at(bi, end);
	for (unsigned int i = 0; base < end; i++) {
		struct boot_range *r = &bi->ranges[i];

		if (i < bi->nr_ranges && r->base + r->size <= base)
			continue;
		if (i < bi->nr_ranges && r->base <= base) {
			r->type = cautious_type(r->type, type);
		} else {
			uint64_t stop = i < bi->nr_ranges ? min(end, r->base) : end;

			if (!insert_at(bi, i))
				break;
			*r = (struct boot_range){ base, stop - base, type };
		}
		base = r->base + r->size;
	}
	join(bi);
}

void boot_info_add_runtime(struct boot_info *bi, uint64_t base, uint64_t size, uint32_t efi_type)
{
	if (bi->nr_runtime == BOOT_MAX_RUNTIME)
		bi->truncated = true;
	else
		bi->runtime[bi->nr_runtime++] = (struct boot_range){ base, size, efi_type };
}

void boot_info_add_module(struct boot_info *bi, uint64_t start, uint64_t end, const char *s, size_t max)
{
	if (end < start || bi->nr_modules == BOOT_MAX_MODULES) {
		bi->truncated = true;
		return;
	}
	bi->modules[bi->nr_modules++] = (struct boot_module){
		.base = start, .size = end - start, .cmdline = boot_info_string(bi, s, max),
	};
}

int boot_info_finish(struct boot_info *bi)
{
	bool ram = false;

	for (unsigned int i = 0; i < bi->nr_ranges; i++)
		ram |= bi->ranges[i].type == BOOT_MEM_RAM;
	if (!bi->cmdline)
		bi->cmdline = "";
	if (!bi->loader)
		bi->loader = "";
	return ram ? 0 : -EINVAL;
}
