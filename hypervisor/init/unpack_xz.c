/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xz through the distro's liblzma. Its dictionary, as large as the compressor chose (32 MiB for
 * Debian's kernels), comes from the arena; the four size bytes that the kernel's build appended
 * lie behind the end of the stream and are not looked at.
 */
#include <lzma.h>

#include "init/image.h"

static void *xz_alloc(void *arena, size_t n, size_t size)
{
	return unpack_alloc(arena, n * size); /* n is 1 by liblzma's documentation */
}

int unpack_xz(struct unpack *u)
{
	const lzma_allocator allocator = { xz_alloc, unpack_free, u };
	uint64_t memory_limit = UINT64_MAX;
	size_t in = 0, out = 0;
	lzma_ret xz_rc = lzma_stream_buffer_decode(&memory_limit, 0, &allocator, u->src, &in,
						   u->src_size, u->dst, &out, u->dst_size);

	u->out_size = out;
	switch (xz_rc) {
	case LZMA_OK:
		return 0;
	case LZMA_MEM_ERROR:
		return -ENOMEM;
	case LZMA_BUF_ERROR:
		return -ENOSPC;
	case LZMA_OPTIONS_ERROR:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}
