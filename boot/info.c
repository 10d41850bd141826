/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filling struct boot_info, whatever the door. Firmware memory maps may be unsorted and may overlap;
 * here they become sorted and disjoint, so that nobody above has to care. Where two ranges overlap,
 * the stretch gets the more cautious type (RAM gives way to anything, unknown types are reserved).
 */
#include "boot/multiboot.h"
#include "lib/compiler.h"
#include "lib/errno.h"
#include "lib/string.h"

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

static bool insert_at(struct boot_info *bi, unsigned int i, struct boot_range r)
{
	if (r.size == 0)
		return true;
	if (bi->nr_ranges == BOOT_MAX_RANGES) {
		bi->truncated = true;
		return false;
	}
	memmove(&bi->ranges[i + 1], &bi->ranges[i], (bi->nr_ranges - i) * sizeof(r));
	bi->ranges[i] = r;
	bi->nr_ranges++;
	return true;
}

void boot_info_add_range(struct boot_info *bi, uint64_t base, uint64_t size, uint32_t type)
{
	if (type < BOOT_MEM_RAM || type > BOOT_MEM_BAD)
		type = BOOT_MEM_RESERVED;
	if (base + size < base)
		size = -base - 1;

	/* Walk the sorted list; lay down what is free, retype what is taken. */
	for (unsigned int i = 0; size; i++) {
		struct boot_range *o = &bi->ranges[i];
		uint64_t gap, both;

		if (i == bi->nr_ranges || base < o->base) {
			gap = i == bi->nr_ranges ? size : min(size, o->base - base);
			if (!insert_at(bi, i, (struct boot_range){ base, gap, type }))
				return;
			base += gap;
			size -= gap;
			continue;
		}
		if (base >= o->base + o->size)
			continue;
		if (cautious_type(o->type, type) == o->type) {
			both = min(size, o->base + o->size - base);
		} else { /* split the old one into before, common, after */
			struct boot_range old = *o;
			uint64_t end = min(base + size, old.base + old.size);

			both = end - base;
			*o = (struct boot_range){ base, both, type };
			if (!insert_at(bi, i + 1, (struct boot_range){ end, old.base + old.size - end, old.type }))
				return;
			if (base > old.base) {
				if (!insert_at(bi, i, (struct boot_range){ old.base, base - old.base, old.type }))
					return;
				i++;
			}
		}
		base += both;
		size -= both;
	}
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
	unsigned int n = 0;
	bool ram = false;

	for (unsigned int i = 0; i < bi->nr_ranges; i++) {
		struct boot_range *r = &bi->ranges[i];
		struct boot_range *last = n ? &bi->ranges[n - 1] : NULL;

		ram |= r->type == BOOT_MEM_RAM;
		if (last && last->type == r->type && last->base + last->size == r->base)
			last->size += r->size;
		else
			bi->ranges[n++] = *r;
	}
	bi->nr_ranges = n;
	if (!bi->cmdline)
		bi->cmdline = "";
	if (!bi->loader)
		bi->loader = "";
	return ram ? 0 : -EINVAL;
}
