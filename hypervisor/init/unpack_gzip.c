/* SPDX-License-Identifier: GPL-2.0-only */
/* gzip through the distro's zlib: one inflate() call into a destination that holds everything. */
#include <zlib.h>

#include "init/image.h"

static void *gzip_alloc(void *arena, unsigned int n, unsigned int size)
{
	return unpack_alloc(arena, (size_t)n * size);
}

int unpack_gzip(struct unpack *u)
{
	z_stream z = {
		.zalloc = gzip_alloc,
		.zfree = unpack_free,
		.opaque = u,
		.next_in = (uint8_t *)u->src, /* zlib only reads it */
		.avail_in = (unsigned int)u->src_size,
		.next_out = u->dst,
		.avail_out = (unsigned int)u->dst_size,
	};
	int z_rc;

	if (u->src_size > UINT32_MAX || u->dst_size > UINT32_MAX)
		return -E2BIG;
	z_rc = inflateInit2(&z, 16 + MAX_WBITS); /* 16: with a gzip header, not a zlib one */
	if (z_rc == Z_OK)
		z_rc = inflate(&z, Z_FINISH);
	u->out_size = z.total_out;
	switch (z_rc) {
	case Z_STREAM_END:
		return 0;
	case Z_MEM_ERROR:
		return -ENOMEM;
	case Z_BUF_ERROR:
		return z.avail_out ? -EINVAL : -ENOSPC;
	default:
		return -EINVAL;
	}
}
