/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An ELF kernel: its PT_LOAD segments by physical address, and the PVH entry point from the Xen
 * note PHYS32_ENTRY. 32- and 64-bit files, little-endian x86. Offsets and sizes come from the file
 * and are checked against it before use.
 */
#include "dom0-tools/builder/kernel.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define XEN_NOTE_PHYS32_ENTRY	18
#define NOTE_ALIGN(n)		(((uint64_t)(n) + 3) & ~3ULL)

struct elf_file {
	const uint8_t *data;
	uint64_t size;
	bool is64;
	uint64_t ph_off;
	unsigned int ph_size, ph_nr;
};

static bool inside(const struct elf_file *f, uint64_t off, uint64_t size)
{
	return off <= f->size && size <= f->size - off;
}

/* Read the file header; false when it is not an x86 ELF or its program headers lie outside. */
static bool header_read(struct elf_file *f)
{
	const unsigned char *id = f->data;

	if (f->size < EI_NIDENT || id[EI_DATA] != ELFDATA2LSB)
		return false;
	f->is64 = id[EI_CLASS] == ELFCLASS64;
	if (f->is64) {
		Elf64_Ehdr h;

		if (!inside(f, 0, sizeof(h)))
			return false;
		memcpy(&h, f->data, sizeof(h));
		f->ph_off = h.e_phoff;
		f->ph_size = h.e_phentsize;
		f->ph_nr = h.e_phnum;
		return h.e_machine == EM_X86_64 && f->ph_size >= sizeof(Elf64_Phdr) &&
		       inside(f, f->ph_off, (uint64_t)f->ph_size * f->ph_nr);
	} else {
		Elf32_Ehdr h;

		if (!inside(f, 0, sizeof(h)))
			return false;
		memcpy(&h, f->data, sizeof(h));
		f->ph_off = h.e_phoff;
		f->ph_size = h.e_phentsize;
		f->ph_nr = h.e_phnum;
		return (h.e_machine == EM_386 || h.e_machine == EM_X86_64) &&
		       f->ph_size >= sizeof(Elf32_Phdr) &&
		       inside(f, f->ph_off, (uint64_t)f->ph_size * f->ph_nr);
	}
}

/* Program header i, widened to 64 bits. */
static Elf64_Phdr program_header(const struct elf_file *f, unsigned int i)
{
	const uint8_t *at = f->data + f->ph_off + (uint64_t)i * f->ph_size;
	Elf64_Phdr p;
	Elf32_Phdr q;

	if (f->is64) {
		memcpy(&p, at, sizeof(p));
		return p;
	}
	memcpy(&q, at, sizeof(q));
	return (Elf64_Phdr){
		.p_type = q.p_type,
		.p_flags = q.p_flags,
		.p_offset = q.p_offset,
		.p_paddr = q.p_paddr,
		.p_filesz = q.p_filesz,
		.p_memsz = q.p_memsz,
	};
}

/* Search one PT_NOTE segment. Returns whether the entry point was found. */
static bool note_find_entry(const uint8_t *note, uint64_t size, uint32_t *entry)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr n;
		uint64_t desc, next;

		memcpy(&n, note, sizeof(n));
		desc = sizeof(n) + NOTE_ALIGN(n.n_namesz);
		next = desc + NOTE_ALIGN(n.n_descsz);
		if (desc > size || n.n_descsz > size - desc)
			return false;
		if (n.n_type == XEN_NOTE_PHYS32_ENTRY && n.n_namesz == 4 &&
		    !memcmp(note + sizeof(n), "Xen", 4) && (n.n_descsz == 4 || n.n_descsz == 8)) {
			uint64_t value = 0;

			memcpy(&value, note + desc, n.n_descsz);
			*entry = value;
			return value <= UINT32_MAX;
		}
		if (next >= size)
			return false;
		note += next;
		size -= next;
	}
	return false;
}

static int segment_order(const void *a, const void *b)
{
	const struct kernel_segment *x = a, *y = b;

	return x->gpa < y->gpa ? -1 : x->gpa > y->gpa;
}

static int segments_check(struct kernel *k, const char *name, struct diag *dg)
{
	bool entry_inside = false;

	qsort(k->segment, k->nr_segments, sizeof(k->segment[0]), segment_order);
	for (unsigned int i = 0; i < k->nr_segments; i++) {
		const struct kernel_segment *s = &k->segment[i];

		if (i && k->segment[i - 1].gpa + k->segment[i - 1].mem_size > s->gpa)
			return diag_fail(dg, -ENOEXEC, "%s: damaged: its segments overlap at 0x%lx",
					 name, (unsigned long)s->gpa);
		if (k->entry >= s->gpa && k->entry - s->gpa < s->file_size)
			entry_inside = true;
	}
	if (!entry_inside)
		return diag_fail(dg, -ENOEXEC,
				 "%s: damaged: its PVH entry 0x%x lies outside its segments", name,
				 k->entry);
	return 0;
}

int elf_read(struct kernel *k, const char *name, struct diag *dg)
{
	struct elf_file f = { .data = k->elf, .size = k->elf_size };
	bool has_entry = false;

	if (!header_read(&f))
		return diag_fail(dg, -ENOEXEC, "%s: damaged, or not a kernel for x86", name);
	k->nr_segments = 0;
	for (unsigned int i = 0; i < f.ph_nr; i++) {
		Elf64_Phdr p = program_header(&f, i);

		if (p.p_type == PT_NOTE && !has_entry && inside(&f, p.p_offset, p.p_filesz))
			has_entry = note_find_entry(f.data + p.p_offset, p.p_filesz, &k->entry);
		if (p.p_type != PT_LOAD || !p.p_memsz)
			continue;
		if (!inside(&f, p.p_offset, p.p_filesz) || p.p_filesz > p.p_memsz ||
		    p.p_paddr > UINT32_MAX || p.p_memsz > UINT32_MAX)
			return diag_fail(dg, -ENOEXEC,
					 "%s: damaged: segment %u lies outside the file, or "
					 "above 4 GiB; was the copy cut short?",
					 name, i);
		if (k->nr_segments == KERNEL_MAX_SEGMENTS)
			return diag_fail(dg, -ENOEXEC, "%s: more than %u segments", name,
					 KERNEL_MAX_SEGMENTS);
		k->segment[k->nr_segments++] = (struct kernel_segment){
			.gpa = p.p_paddr, .data = f.data + p.p_offset, .file_size = p.p_filesz,
			.mem_size = p.p_memsz,
		};
	}
	if (!has_entry)
		return diag_fail(dg, -ENOEXEC,
				 "%s: not a PVH kernel: it has no PHYS32_ENTRY note (Linux: "
				 "build it with CONFIG_PVH=y)",
				 name);
	return segments_check(k, name, dg);
}
