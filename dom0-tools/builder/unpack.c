/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's compression formats, told apart by magic number: a table of those we unpack and of
 * those we can only name. The size of the result is known beforehand, and must come out exactly.
 */
#include "dom0-tools/builder/kernel.h"

#include <errno.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_WINDOW	(15 + 16)	/* zlib's code for "gzip wrapper, largest window" */

typedef long (*unpack_fn)(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size);

/* Each returns the bytes produced, or -1 for damaged input. */
static long unpack_gzip(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	z_stream z = {
		.next_in = (uint8_t *)in,
		.avail_in = in_size,
		.next_out = out,
		.avail_out = out_size,
	};
	int rc;

	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return -1;
	rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return rc == Z_STREAM_END ? (long)z.total_out : -1;
}

static long unpack_xz(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	uint64_t mem_limit = UINT64_MAX;
	size_t in_pos = 0, out_pos = 0;

	if (lzma_stream_buffer_decode(&mem_limit, 0, NULL, in, &in_pos, in_size, out, &out_pos,
				      out_size) != LZMA_OK)
		return -1;
	return out_pos;
}

static long unpack_zstd(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size)
{
	size_t n = ZSTD_decompress(out, out_size, in, in_size);

	return ZSTD_isError(n) ? -1 : (long)n;
}

static const struct {
	const char *name, *magic;
	size_t magic_len;
	unpack_fn fn;
} formats[] = {
	{ "gzip",  "\x1f\x8b",		   2, unpack_gzip },
	{ "xz",	   "\xfd" "7zXZ\0",	   6, unpack_xz },
	{ "zstd",  "\x28\xb5\x2f\xfd",	   4, unpack_zstd },
	{ "lz4",   "\x02\x21\x4c\x18",	   4, NULL },
	{ "bzip2", "BZh",		   3, NULL },
	{ "lzo",   "\x89LZO",		   4, NULL },
	{ "lzma",  "\x5d\0\0",		   3, NULL },
};

int unpack(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size, const char *name,
	   struct diag *dg)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		long n;

		if (in_size < formats[i].magic_len ||
		    memcmp(in, formats[i].magic, formats[i].magic_len))
			continue;
		if (!formats[i].fn)
			return diag_fail(dg, -ENOEXEC,
					 "%s: compressed with %s, which hl cannot unpack; "
					 "use a kernel with gzip, xz or zstd, or its vmlinux",
					 name, formats[i].name);
		n = formats[i].fn(in, in_size, out, out_size);
		if (n == (long)out_size)
			return 0;
		if (n < 0)
			return diag_fail(dg, -ENOEXEC, "%s: its %s data is damaged", name,
					 formats[i].name);
		return diag_fail(dg, -ENOEXEC, "%s: damaged: unpacks to %ld bytes instead of %zu",
				 name, n, out_size);
	}
	return diag_fail(dg, -ENOEXEC, "%s: unknown compression (starts with %02x %02x %02x %02x)",
			 name, in_size > 0 ? in[0] : 0, in_size > 1 ? in[1] : 0,
			 in_size > 2 ? in[2] : 0, in_size > 3 ? in[3] : 0);
}
