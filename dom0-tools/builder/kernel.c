/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The outer shell of a kernel file. A bzImage carries its vmlinux compressed: the setup header says
 * where the payload lies behind the real-mode code, and the payload's last four bytes how large it
 * becomes. (Linux: Documentation/arch/x86/boot.rst.) A plain ELF is taken as it is.
 */
#include "dom0-tools/builder/kernel.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR			512
#define SETUP_SECTS		0x1f1
#define SETUP_BOOT_FLAG		0x1fe
#define SETUP_MAGIC		0x202
#define SETUP_VERSION		0x206
#define SETUP_PAYLOAD_OFFSET	0x248
#define SETUP_PAYLOAD_LENGTH	0x24c
#define SETUP_END		0x250
#define VERSION_WITH_PAYLOAD	0x208
#define DEFAULT_SETUP_SECTS	4

static uint32_t le16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static bool is_elf(const uint8_t *p, size_t size)
{
	return size >= 4 && !memcmp(p, "\177ELF", 4);
}

static bool is_bzimage(const uint8_t *p, size_t size)
{
	return size >= SETUP_END && le16(p + SETUP_BOOT_FLAG) == 0xaa55 &&
	       !memcmp(p + SETUP_MAGIC, "HdrS", 4);
}

static int bzimage_read(struct kernel *k, const uint8_t *file, size_t size, const char *name,
			struct diag *dg)
{
	uint64_t sects, start, length, unpacked;
	int rc;

	if (le16(file + SETUP_VERSION) < VERSION_WITH_PAYLOAD)
		return diag_fail(dg, -ENOEXEC,
				 "%s: too old a bzImage (boot protocol %x.%02x, 2.08 needed)", name,
				 file[SETUP_VERSION + 1], file[SETUP_VERSION]);
	sects = file[SETUP_SECTS] ? file[SETUP_SECTS] : DEFAULT_SETUP_SECTS;
	start = (sects + 1) * SECTOR + le32(file + SETUP_PAYLOAD_OFFSET);
	length = le32(file + SETUP_PAYLOAD_LENGTH);
	if (length <= 4 || start > size || length > size - start)
		return diag_fail(dg, -ENOEXEC,
				 "%s: damaged bzImage: its payload (%lu bytes at %lu) lies "
				 "outside the file (%zu bytes); was the copy cut short?",
				 name, (unsigned long)length, (unsigned long)start, size);
	if (is_elf(file + start, length)) {
		k->elf = file + start;
		k->elf_size = length;
		return 0;
	}
	unpacked = le32(file + start + length - 4);
	if (unpacked == 0 || unpacked > KERNEL_MAX_UNPACKED)
		return diag_fail(dg, -ENOEXEC,
				 "%s: damaged bzImage: it claims to unpack to %lu bytes", name,
				 (unsigned long)unpacked);
	k->unpacked = malloc(unpacked);
	if (!k->unpacked)
		return diag_fail(dg, -ENOMEM, "%s: no memory to unpack %lu MiB", name,
				 (unsigned long)(unpacked >> 20));
	rc = unpack(file + start, length - 4, k->unpacked, unpacked, name, dg);
	k->elf = k->unpacked;
	k->elf_size = unpacked;
	return rc;
}

int kernel_read(struct kernel *k, const uint8_t *file, size_t size, const char *name,
		struct diag *dg)
{
	int rc;

	*k = (struct kernel){ 0 };
	if (is_elf(file, size)) {
		k->elf = file;
		k->elf_size = size;
	} else if (is_bzimage(file, size)) {
		rc = bzimage_read(k, file, size, name, dg);
		if (rc < 0)
			goto fail;
	} else {
		return diag_fail(dg, -ENOEXEC,
				 "%s: not a kernel: neither a bzImage nor an ELF file", name);
	}
	rc = elf_read(k, name, dg);
	if (!rc)
		return 0;
fail:
	kernel_free(k);
	return rc;
}

void kernel_free(struct kernel *k)
{
	free(k->unpacked);
	*k = (struct kernel){ 0 };
}
