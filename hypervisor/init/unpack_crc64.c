/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xz's CRC-64 (ECMA-182, reflected), in place of liblzma's own: that one chooses its implementation
 * in a constructor, which nobody runs here, and brings 8 KiB of tables. Kernels use CRC-32, so this
 * one may be slower.
 */
#include "lib/base.h"

#define POLYNOMIAL 0xc96c5795d7870f42ULL

uint64_t lzma_crc64(const uint8_t *buf, size_t size, uint64_t crc);

uint64_t lzma_crc64(const uint8_t *buf, size_t size, uint64_t crc)
{
	static uint64_t table[256];

	for (unsigned int i = 0; !table[1] && i < 256; i++) {
		uint64_t c = 255 - i; /* downwards: table[1] says that all but [0] = 0 is there */

		for (unsigned int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ POLYNOMIAL : c >> 1;
		table[255 - i] = c;
	}
	crc = ~crc;
	while (size--)
		crc = table[(uint8_t)crc ^ *buf++] ^ crc >> 8;
	return ~crc;
}
