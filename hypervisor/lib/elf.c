/* SPDX-License-Identifier: GPL-2.0-only */
/* ELF64 reader. Headers are copied out, because a file may place them at any alignment. */
#include "lib/elf.h"
#include <elf.h>
#include <xen/elfnote.h>

static bool within(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

static int check_header(const Elf64_Ehdr *h, size_t size, const char **why)
{
	*why = "is not an ELF file";
	if (memcmp(h->e_ident, ELFMAG, SELFMAG))
		return -ENOEXEC;
	*why = "is not a 64-bit x86 executable";
	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
	    h->e_machine != EM_X86_64 || (h->e_type != ET_EXEC && h->e_type != ET_DYN))
		return -ENOEXEC;
	*why = "has a damaged ELF header";
	if (h->e_phentsize != sizeof(Elf64_Phdr) || !h->e_phnum ||
	    !within(h->e_phoff, (uint64_t)h->e_phnum * sizeof(Elf64_Phdr), size))
		return -EINVAL;
	return 0;
}

static int add_segment(struct elf_image *img, const Elf64_Phdr *ph, const char **why)
{
	uint64_t end = ph->p_paddr + ph->p_memsz;

	if (!ph->p_memsz)
		return 0;
	*why = "has a segment outside the file (truncated?)";
	if (!within(ph->p_offset, ph->p_filesz, img->size))
		return -EINVAL;
	*why = "has a segment with an impossible size or address";
	if (ph->p_filesz > ph->p_memsz || end < ph->p_paddr)
		return -EINVAL;
	*why = "has segments that overlap in memory";
	for (unsigned int i = 0; i < img->nr_segments; i++) {
		const struct elf_segment *s = &img->segments[i];

		if (ph->p_paddr < s->paddr + s->mem_size && s->paddr < end)
			return -EINVAL;
	}
	*why = "has too many segments";
	if (img->nr_segments == ELF_MAX_SEGMENTS)
		return -E2BIG;
	img->segments[img->nr_segments++] =
		(struct elf_segment){ ph->p_paddr, ph->p_memsz, ph->p_offset, ph->p_filesz };
	img->start = min(img->start, ph->p_paddr);
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
static void read_notes(struct elf_image *img, const Elf64_Phdr *ph)
{
	uint64_t at = ph->p_offset, end = ph->p_offset + ph->p_filesz;
	Elf64_Nhdr note;

	if (!within(ph->p_offset, ph->p_filesz, img->size))
		return;
	while (within(at, sizeof(note), end)) {
		uint64_t name, desc;

		memcpy(&note, img->data + at, sizeof(note));
		name = at + sizeof(note);
		desc = name + round_up((uint64_t)note.n_namesz, 4);
		if (!within(desc, note.n_descsz, end))
			return;
		if (note.n_type == XEN_ELFNOTE_PHYS32_ENTRY && note.n_namesz == sizeof("Xen") &&
		    !memcmp(img->data + name, "Xen", sizeof("Xen")))
			read_entry_note(img, img->data + desc, note.n_descsz);
		at = desc + round_up((uint64_t)note.n_descsz, 4);
	}
}

int elf_parse(struct elf_image *img, const void *data, size_t size, const char **why)
{
	Elf64_Ehdr h;
	Elf64_Phdr ph;
	int rc;

	*img = (struct elf_image){ .data = data, .size = size, .start = UINT64_MAX };
	*why = "is too short to be an ELF file";
	if (size < sizeof(h))
		return -ENOEXEC;
	memcpy(&h, data, sizeof(h));
	rc = check_header(&h, size, why);
	for (unsigned int i = 0; !rc && i < h.e_phnum; i++) {
		memcpy(&ph, img->data + h.e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_LOAD)
			rc = add_segment(img, &ph, why);
		else if (ph.p_type == PT_NOTE)
			read_notes(img, &ph);
	}
	if (rc)
		return rc;
	*why = "has nothing to load";
	if (!img->nr_segments)
		return -EINVAL;
	img->entry = h.e_entry;
	*why = NULL;
	return 0;
}
