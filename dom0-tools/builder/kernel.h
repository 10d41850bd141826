/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest kernel in memory: from the bytes of a file to the segments to load and the PVH entry.
 * Pure: no files, no hypervisor. The input is not trusted; nothing is read outside its bounds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include "dom0-tools/lib/diag.h"

#define KERNEL_MAX_SEGMENTS	16
#define KERNEL_MAX_UNPACKED	(1UL << 30)	/* bytes; a larger claim is damage or an attack */

struct kernel_segment {
	uint64_t gpa;		/* where it goes */
	const uint8_t *data;	/* file_size bytes; inside kernel.elf */
	uint64_t file_size;
	uint64_t mem_size;	/* the rest is zero */
};

struct kernel {
	uint8_t *unpacked;	/* owned; NULL when the file was an ELF itself */
	const uint8_t *elf;
	size_t elf_size;
	uint32_t entry;		/* PHYS32_ENTRY */
	unsigned int nr_segments;
	struct kernel_segment segment[KERNEL_MAX_SEGMENTS]; /* ascending, not overlapping */
};

/* file stays the caller's and must live as long as k. name is for messages. */
int kernel_read(struct kernel *k, const uint8_t *file, size_t size, const char *name,
		struct diag *dg);
void kernel_free(struct kernel *k);

/* elf.c: fill in entry and segments from k->elf. */
int elf_read(struct kernel *k, const char *name, struct diag *dg);

/* unpack.c: exactly out_size bytes into out, by the magic number of in. */
int unpack(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size, const char *name,
	   struct diag *dg);
