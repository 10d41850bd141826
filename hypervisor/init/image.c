/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Linux/x86 boot protocol's view of a bzImage: a boot sector with the setup header, the setup
 * code, then the protected-mode part in which payload_offset and payload_length (protocol 2.08)
 * frame the compressed ELF kernel. Its last four bytes are the unpacked size, little endian: gzip
 * has it by its format, for the others the kernel's build appends it.
 */
#include "init/image.h"
#include <asm/bootparam.h>

#define SETUP_AT	 offsetof(struct boot_params, hdr) /* in the file as in memory */
#define SETUP_MAGIC	 offsetof(struct boot_params, hdr.header)
#define PROTOCOL_PAYLOAD 0x208 /* first version with the payload fields */

static const struct {
	const char *name;
	uint8_t magic_size;
	uint8_t magic[6];
} formats[IMAGE_UNKNOWN] = {
	[IMAGE_ELF] = { "uncompressed", 4, { 0x7f, 'E', 'L', 'F' } },
	[IMAGE_GZIP] = { "gzip", 3, { 0x1f, 0x8b, 0x08 } },
	[IMAGE_XZ] = { "xz", 6, { 0xfd, '7', 'z', 'X', 'Z', 0 } },
	[IMAGE_ZSTD] = { "zstd", 4, { 0x28, 0xb5, 0x2f, 0xfd } },
	[IMAGE_LZ4] = { "lz4", 4, { 0x02, 0x21, 0x4c, 0x18 } },
	[IMAGE_LZO] = { "lzo", 4, { 0x89, 'L', 'Z', 'O' } },
	[IMAGE_BZIP2] = { "bzip2", 3, { 'B', 'Z', 'h' } },
	[IMAGE_LZMA] = { "lzma", 3, { 0x5d, 0, 0 } },
};

static uint32_t read_le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static enum image_format detect(const uint8_t *p, size_t size)
{
	for (unsigned int i = 0; i < IMAGE_UNKNOWN; i++)
		if (size >= formats[i].magic_size && !memcmp(p, formats[i].magic, formats[i].magic_size))
			return i;
	return IMAGE_UNKNOWN;
}

const char *image_format_name(enum image_format format)
{
	return format < IMAGE_UNKNOWN ? formats[format].name : "unknown";
}

/* Narrow *p from the whole module to the payload that the setup header frames. */
static int find_in_bzimage(struct image_payload *p, const char **why)
{
	const struct setup_header *h = (const void *)(p->data + SETUP_AT);
	uint64_t offset = ((h->setup_sects ? h->setup_sects : 4) + 1) * 512ULL;

	*why = "is too old: boot protocol 2.08 is needed";
	if (h->version < PROTOCOL_PAYLOAD)
		return -EOPNOTSUPP;
	offset += h->payload_offset;
	*why = "is truncated: its payload lies outside the file";
	if (offset > p->size || h->payload_length > p->size - offset || h->payload_length < 16)
		return -EINVAL;
	p->size = h->payload_length;
	p->data += offset;
	return 0;
}

int image_find_payload(struct image_payload *p, const void *module, size_t size, const char **why)
{
	bool bzimage;
	int rc;

	*p = (struct image_payload){ .data = module, .size = size };
	*why = "is empty";
	if (!size)
		return -ENOEXEC;
	bzimage = size > SETUP_AT + sizeof(struct setup_header) && !memcmp(p->data + SETUP_MAGIC, "HdrS", 4);
	if (bzimage) {
		rc = find_in_bzimage(p, why);
		if (rc)
			return rc;
	}
	p->format = detect(p->data, p->size);
	if (p->format == IMAGE_UNKNOWN) {
		*why = bzimage ? "is compressed in a way that is not known"
			       : "is neither a bzImage nor an ELF file";
		return bzimage ? -EOPNOTSUPP : -ENOEXEC;
	}
	if (p->format > IMAGE_ZSTD) {
		*why = "is compressed with lz4, lzo, bzip2 or lzma; use one with gzip, xz or zstd";
		return -EOPNOTSUPP;
	}
	if (p->format == IMAGE_ELF)
		p->unpacked_size = p->size;
	else if (bzimage || p->format == IMAGE_GZIP)
		p->unpacked_size = p->size < 4 ? 0 : read_le32(p->data + p->size - 4);
	*why = NULL;
	return 0;
}

void *unpack_alloc(struct unpack *u, size_t size)
{
	size_t need;
	void *p;

	if (size > u->arena_size)
		return NULL;
	need = round_up(size, 16);
	if (need > u->arena_size - u->arena_used)
		return NULL;
	p = u->arena + u->arena_used;
	u->arena_used += need;
	return p;
}

void unpack_free(void *arena, void *p)
{
}

int image_unpack(struct unpack *u, enum image_format format)
{
	static int (*const unpackers[IMAGE_UNKNOWN])(struct unpack *u) = {
		[IMAGE_GZIP] = unpack_gzip,
		[IMAGE_XZ] = unpack_xz,
		[IMAGE_ZSTD] = unpack_zstd,
	};
	int rc;

	if (format >= IMAGE_UNKNOWN || !unpackers[format])
		return -EOPNOTSUPP;
	u->arena_used = 0;
	u->out_size = 0;
	unpack_begin(u);
	rc = unpackers[format](u);
	unpack_end();
	return rc;
}
