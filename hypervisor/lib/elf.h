/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading ELF64 executables from a buffer that nobody vouches for: header, PT_LOAD segments, and
 * the Xen note that names a kernel's PVH entry. Nothing is copied; every offset is checked against
 * the buffer before it is used. The Dom0 tools have a reader of their own, which takes 32-bit guests too.
 */
#pragma once

#include "lib/base.h"

#define ELF_MAX_SEGMENTS 16

struct elf_segment {
	uint64_t paddr;	   /* where it is to be loaded */
	uint64_t mem_size; /* bytes there; what exceeds file_size is zeroed */
	uint64_t offset;   /* of its content in the file */
	uint64_t file_size;
};

struct elf_image {
	const uint8_t *data;
	size_t size;
	unsigned int nr_segments;
	struct elf_segment segments[ELF_MAX_SEGMENTS]; /* those with mem_size > 0, as in the file */
	uint64_t start, end;			       /* [start, end) covers all segments */
	uint64_t entry;				       /* the ELF header's */
	bool has_pvh_entry;
	uint32_t pvh_entry; /* from the Xen note PHYS32_ENTRY */
};

/*
 * Check the buffer and fill *img, which points into it. On failure returns a negative errno and
 * sets *why to a phrase that completes "the kernel ...".
 *   -ENOEXEC not an x86-64 ELF executable; -EINVAL damaged; -E2BIG too many segments.
 * An image without the note is no error: has_pvh_entry says so.
 */
int elf_parse(struct elf_image *img, const void *data, size_t size, const char **why);
