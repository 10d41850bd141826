/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * zstd through the distro's libzstd, in one call: the destination serves as the window, so even the
 * 128 MiB windows of kernels need no memory of their own. The context lies at the arena's start.
 */
#define ZSTD_STATIC_LINKING_ONLY /* for the context in memory of ours */
#include <zstd.h>
#include <zstd_errors.h>

#include "init/image.h"

static int errno_of(size_t zstd_rc)
{
	switch (ZSTD_getErrorCode(zstd_rc)) {
	case ZSTD_error_dstSize_tooSmall:
		return -ENOSPC;
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

int unpack_zstd(struct unpack *u)
{
	/* The first frame only: the appended size behind it would be an error to zstd. */
	size_t frame_size = ZSTD_findFrameCompressedSize(u->src, u->src_size);
	size_t context_size = ZSTD_estimateDCtxSize();
	void *context = unpack_alloc(u, context_size);
	ZSTD_DCtx *dctx = context ? ZSTD_initStaticDCtx(context, context_size) : NULL;
	size_t zstd_rc;

	if (!dctx)
		return -ENOMEM;
	if (ZSTD_isError(frame_size))
		return errno_of(frame_size);
	zstd_rc = ZSTD_decompressDCtx(dctx, u->dst, u->dst_size, u->src, frame_size);
	if (ZSTD_isError(zstd_rc))
		return errno_of(zstd_rc);
	u->out_size = zstd_rc;
	return 0;
}
