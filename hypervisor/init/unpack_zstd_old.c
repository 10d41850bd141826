/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libzstd can also read the formats from before its 1.0 (2016), which no kernel ever used; that is
 * a third of its decoder's size. Defining those readers here, as failures, keeps the linker from
 * taking them out of the library. The value is an error code to zstd whichever of them is asked, as
 * a size, and what they would create is a NULL pointer for the create functions.
 */
#include "lib/base.h"

#define OLD_READER(name, result)          \
	size_t name(void);                \
	size_t name(void)                 \
	{                                 \
		return (size_t)(result); \
	}
#define OLD_FORMAT(v)                                      \
	OLD_READER(ZSTDv##v##_createDCtx, 0)               \
	OLD_READER(ZSTDv##v##_freeDCtx, 0)                 \
	OLD_READER(ZSTDv##v##_decompress_usingDict, -1)    \
	OLD_READER(ZSTDv##v##_getFrameParams, -1)          \
	OLD_READER(ZBUFFv##v##_createDCtx, 0)              \
	OLD_READER(ZBUFFv##v##_freeDCtx, 0)                \
	OLD_READER(ZBUFFv##v##_decompressInitDictionary, -1) \
	OLD_READER(ZBUFFv##v##_decompressContinue, -1)

OLD_FORMAT(05)
OLD_FORMAT(06)
OLD_FORMAT(07)

/* This one answers through pointers: the size of a frame, and a bound on its content. */
#define OLD_FRAME_SIZE(v)                                                                         \
	void ZSTDv##v##_findFrameSizeInfoLegacy(const void *src, size_t size, size_t *frame_size, \
						unsigned long long *bound);                       \
	void ZSTDv##v##_findFrameSizeInfoLegacy(const void *src, size_t size, size_t *frame_size, \
						unsigned long long *bound)                        \
	{                                                                                         \
		*frame_size = (size_t)-1;                                                         \
		*bound = -2ULL; /* ZSTD_CONTENTSIZE_ERROR */                                      \
	}

OLD_FRAME_SIZE(05)
OLD_FRAME_SIZE(06)
OLD_FRAME_SIZE(07)
