/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ELF64 reader. The layouts are our own few structs (System V gABI, ELF-64); fields are copied out
 * with memcpy because a file may place them at any alignment.
 */
#include "lib/elf.h"

#define ELFCLASS64	   2
#define ELFDATA2LSB	   1
#define ET_EXEC		   2
#define ET_DYN		   3
#define EM_X86_64	   62
#define PT_LOAD		   1
#define PT_NOTE		   4
#define NOTE_PHYS32_ENTRY  18 /* XEN_ELFNOTE_PHYS32_ENTRY, owner "Xen" */

struct elf64_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf64_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf64_note {
	uint32_t namesz, descsz, type;
};

_Static_assert(sizeof(struct elf64_header) == 64, "ELF64 header");
_Static_assert(sizeof(struct elf64_phdr) == 56, "ELF64 program header");

static bool within(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

static int check_header(const struct elf64_header *h, size_t size, const char **why)
{
	static const uint8_t magic[4] = { 0x7f, 'E', 'L', 'F' };

	*why = "is not an ELF file";
	if (memcmp(h->ident, magic, sizeof(magic)))
		return -ENOEXEC;
	*why = "is not a 64-bit x86 executable";
	if (h->ident[4] != ELFCLASS64 || h->ident[5] != ELFDATA2LSB || h->machine != EM_X86_64 ||
	    (h->type != ET_EXEC && h->type != ET_DYN))
		return -ENOEXEC;
	*why = "has a damaged ELF header";
	if (h->phentsize != sizeof(struct elf64_phdr) || !h->phnum ||
	    !within(h->phoff, (uint64_t)h->phnum * sizeof(struct elf64_phdr), size))
		return -EINVAL;
	return 0;
}

static int add_segment(struct elf_image *img, const struct elf64_phdr *ph, const char **why)
{
	uint64_t end = ph->paddr + ph->memsz;

	if (!ph->memsz)
		return 0;
	*why = "has a segment outside the file (truncated?)";
	if (!within(ph->offset, ph->filesz, img->size))
		return -EINVAL;
	*why = "has a segment with an impossible size or address";
	if (ph->filesz > ph->memsz || end < ph->paddr)
		return -EINVAL;
	*why = "has segments that overlap in memory";
	for (unsigned int i = 0; i < img->nr_segments; i++) {
		const struct elf_segment *s = &img->segments[i];

		if (ph->paddr < s->paddr + s->mem_size && s->paddr < end)
			return -EINVAL;
	}
	*why = "has too many segments";
	if (img->nr_segments == ELF_MAX_SEGMENTS)
		return -E2BIG;
	img->segments[img->nr_segments++] =
		(struct elf_segment){ ph->paddr, ph->memsz, ph->offset, ph->filesz };
	img->start = min(img->start, ph->paddr);
	img->end = max(img->end, end);
	return 0;
}

/* The entry is a 4- or 8-byte number; more than 32 bits cannot be an entry in protected mode. */
static void read_entry_note(struct elf_image *img, const uint8_t *desc, uint32_t size)
{
	uint64_t entry = 0;

	if (size != 4 && size != 8)
		return;
	memcpy(&entry, desc, size);
	if (entry > UINT32_MAX)
		return;
	img->pvh_entry = (uint32_t)entry;
	img->has_pvh_entry = true;
}

/* Walk one PT_NOTE segment: header, name padded to 4, descriptor padded to 4, and so on. */
static void read_notes(struct elf_image *img, const struct elf64_phdr *ph)
{
	uint64_t at = ph->offset, end = ph->offset + ph->filesz;
	struct elf64_note note;

	if (!within(ph->offset, ph->filesz, img->size))
		return;
	while (within(at, sizeof(note), end)) {
		uint64_t name, desc;

		memcpy(&note, img->data + at, sizeof(note));
		name = at + sizeof(note);
		desc = name + round_up((uint64_t)note.namesz, 4);
		if (!within(desc, note.descsz, end))
			return;
		if (note.type == NOTE_PHYS32_ENTRY && note.namesz == sizeof("Xen") &&
		    !memcmp(img->data + name, "Xen", sizeof("Xen")))
			read_entry_note(img, img->data + desc, note.descsz);
		at = desc + round_up((uint64_t)note.descsz, 4);
	}
}

int elf_parse(struct elf_image *img, const void *data, size_t size, const char **why)
{
	struct elf64_header h;
	struct elf64_phdr ph;
	int rc;

	*img = (struct elf_image){ .data = data, .size = size, .start = UINT64_MAX };
	*why = "is too short to be an ELF file";
	if (size < sizeof(h))
		return -ENOEXEC;
	memcpy(&h, data, sizeof(h));
	rc = check_header(&h, size, why);
	for (unsigned int i = 0; !rc && i < h.phnum; i++) {
		memcpy(&ph, img->data + h.phoff + i * sizeof(ph), sizeof(ph));
		if (ph.type == PT_LOAD)
			rc = add_segment(img, &ph, why);
		else if (ph.type == PT_NOTE)
			read_notes(img, &ph);
	}
	if (rc)
		return rc;
	*why = "has nothing to load";
	if (!img->nr_segments)
		return -EINVAL;
	img->entry = h.entry;
	*why = NULL;
	return 0;
}
