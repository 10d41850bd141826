/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a boot module to an ELF kernel: finds the compressed payload of a bzImage and unpacks it
 * into memory of the caller. A plain ELF module, or one that is only compressed, is taken too.
 */
#pragma once

#include "lib/base.h"

enum image_format {
	IMAGE_ELF, /* not compressed */
	IMAGE_GZIP, IMAGE_XZ, IMAGE_ZSTD,
	IMAGE_LZ4, IMAGE_LZO, IMAGE_BZIP2, IMAGE_LZMA, /* recognised, to say so; not supported */
	IMAGE_UNKNOWN,
};

struct image_payload {
	const uint8_t *data; /* inside the module */
	size_t size;
	enum image_format format;
	uint64_t unpacked_size; /* as the image says; 0 where it does not */
};

/*
 * Find the payload. On failure returns a negative errno and *why completes "the kernel ...":
 * -ENOEXEC not a kernel image, -EINVAL damaged, -EOPNOTSUPP a compression we cannot unpack.
 */
int image_find_payload(struct image_payload *p, const void *module, size_t size, const char **why);
const char *image_format_name(enum image_format format);

/* What the unpackers have to work with: a destination, and working memory that is thrown away. */
struct unpack {
	const uint8_t *src;
	size_t src_size;
	uint8_t *dst;
	size_t dst_size;
	uint8_t *arena;
	size_t arena_size, arena_used;
	size_t out_size; /* result */
};

/*
 * Unpack u->src into u->dst, sets u->out_size. init only, one CPU, interrupts off: the libraries'
 * code is run with the FPU enabled. -ENOMEM: the arena is too small, -ENOSPC: the destination is,
 * -EINVAL: the data is damaged, -EOPNOTSUPP: a format without an unpacker.
 */
int image_unpack(struct unpack *u, enum image_format format);

/* One per library; called by image_unpack() between unpack_begin() and unpack_end(). */
int unpack_gzip(struct unpack *u);
int unpack_xz(struct unpack *u);
int unpack_zstd(struct unpack *u);
/* Working memory for the libraries, 16-byte aligned; NULL when used up. Never given back, */
void *unpack_alloc(struct unpack *u, size_t size);
void unpack_free(void *arena, void *p); /* which is why this does nothing */

/* The machine's half: FPU on, a valid %fs for stack protectors, constructors run. x86 or fake. */
void unpack_begin(struct unpack *u);
void unpack_end(void);
