/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel images: payloads that the libraries' own compressors make, wrapped as a bzImage, unpacked
 * through the hypervisor's glue; then every kind of damage, under sanitizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "init/image.h"
#include "lib/errno.h"

#define PLAIN_SIZE  300000
#define SETUP_SIZE  (5 * 512)
#define PAYLOAD_GAP 64

static uint8_t plain[PLAIN_SIZE], packed[PLAIN_SIZE * 2], image[PLAIN_SIZE * 2 + SETUP_SIZE + 512];
static uint8_t out[PLAIN_SIZE + 100], arena[64 << 20];
static unsigned int nr_begin, nr_end;

void unpack_begin(struct unpack *u)
{
	nr_begin++;
}

void unpack_end(void)
{
	nr_end++;
}

static void make_plain(void)
{
	uint32_t x = 1;
	size_t i;

	for (i = 0; i < sizeof(plain); i++) {
		x = x * 1664525 + 1013904223;
		plain[i] = x >> 28 ? 'a' + (i / 100) % 20 : (uint8_t)(x >> 8);
	}
	memcpy(plain, "\177ELF", 4);
}

static size_t pack_gzip(void)
{
	z_stream z = { .next_in = plain, .avail_in = sizeof(plain), .next_out = packed,
		       .avail_out = sizeof(packed) };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

/* The kernel's build appends the unpacked size for all but gzip. */
static size_t append_size(size_t at)
{
	uint32_t size = sizeof(plain);

	memcpy(packed + at, &size, 4);
	return at + 4;
}

static size_t pack_xz(void)
{
	lzma_options_lzma lzma2;
	lzma_filter filters[] = { { LZMA_FILTER_X86, NULL }, { LZMA_FILTER_LZMA2, &lzma2 },
				  { LZMA_VLI_UNKNOWN, NULL } };
	size_t n = 0;

	lzma_lzma_preset(&lzma2, 6);
	lzma2.dict_size = 32 << 20; /* as Debian's kernels */
	assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, plain,
						   sizeof(plain), packed, &n, sizeof(packed)),
			 LZMA_OK);
	return append_size(n);
}

static size_t pack_zstd(void)
{
	size_t n = ZSTD_compress(packed, sizeof(packed), plain, sizeof(plain), 19);

	assert_false(ZSTD_isError(n));
	return append_size(n);
}

/* A bzImage around packed[0..size). Returns its size. */
static size_t wrap(size_t size)
{
	uint32_t gap = PAYLOAD_GAP, n = (uint32_t)size;

	memset(image, 0, sizeof(image));
	image[0x1f1] = SETUP_SIZE / 512 - 1;
	memcpy(image + 0x202, "HdrS\x0f\x02", 6);
	memcpy(image + 0x248, &gap, 4);
	memcpy(image + 0x24c, &n, 4);
	memcpy(image + SETUP_SIZE + PAYLOAD_GAP, packed, size);
	return SETUP_SIZE + PAYLOAD_GAP + size + 100; /* the CRC and such behind it */
}

static int unpack(const struct image_payload *p, size_t dst_size, size_t arena_size, size_t *size)
{
	struct unpack u = { .src = p->data, .src_size = p->size, .dst = out, .dst_size = dst_size,
			    .arena = arena, .arena_size = arena_size };
	int rc = image_unpack(&u, p->format);

	assert_int_equal(nr_begin, nr_end);
	*size = u.out_size;
	return rc;
}

static void check_format(size_t (*pack)(void), enum image_format format)
{
	struct image_payload p;
	const char *why;
	size_t n, size = wrap(pack());

	assert_int_equal(image_find_payload(&p, image, size, &why), 0);
	assert_int_equal(p.format, format);
	assert_int_equal(p.unpacked_size, sizeof(plain));
	memset(out, 0, sizeof(out));
	assert_int_equal(unpack(&p, sizeof(plain), sizeof(arena), &n), 0);
	assert_int_equal(n, sizeof(plain));
	assert_memory_equal(out, plain, sizeof(plain));
	/* too little room, on both sides */
	assert_int_equal(unpack(&p, sizeof(plain) - 1, sizeof(arena), &n), -ENOSPC);
	assert_int_equal(unpack(&p, sizeof(plain), 1000, &n), -ENOMEM);
	/* cut short, and damaged in the middle */
	p.size /= 2;
	assert_true(unpack(&p, sizeof(out), sizeof(arena), &n) < 0);
	p.size *= 2;
	image[SETUP_SIZE + PAYLOAD_GAP + p.size / 2] ^= 0x55;
	assert_true(unpack(&p, sizeof(out), sizeof(arena), &n) < 0 ||
		    memcmp(out, plain, sizeof(plain)));
}

static void test_gzip(void **state)
{
	check_format(pack_gzip, IMAGE_GZIP);
}

static void test_xz(void **state)
{
	check_format(pack_xz, IMAGE_XZ);
}

static void test_zstd(void **state)
{
	check_format(pack_zstd, IMAGE_ZSTD);
}

static void test_plain_elf_and_bare_gzip(void **state)
{
	struct image_payload p;
	const char *why;

	assert_int_equal(image_find_payload(&p, plain, sizeof(plain), &why), 0);
	assert_int_equal(p.format, IMAGE_ELF);
	assert_int_equal(p.unpacked_size, sizeof(plain));
	assert_int_equal(image_find_payload(&p, packed, pack_gzip(), &why), 0);
	assert_int_equal(p.format, IMAGE_GZIP);
	assert_int_equal(p.unpacked_size, sizeof(plain));
}

static void check_refused(size_t size, int expect)
{
	struct image_payload p;
	const char *why = NULL;

	assert_int_equal(image_find_payload(&p, image, size, &why), expect);
	assert_true(why && strlen(why) > 5);
}

static void test_refused(void **state)
{
	size_t size = wrap(pack_xz());
	uint32_t huge = 0xffffffff;

	check_refused(0, -ENOEXEC);
	check_refused(100, -ENOEXEC);
	check_refused(size / 2, -EINVAL); /* truncated file */
	image[0x206] = 7;		   /* protocol 2.07 */
	check_refused(size, -EOPNOTSUPP);
	image[0x206] = 0xf;
	memcpy(image + 0x248, &huge, 4);
	check_refused(size, -EINVAL);
	wrap(pack_xz());
	memcpy(image + 0x24c, &huge, 4);
	check_refused(size, -EINVAL);
	wrap(pack_xz());
	memcpy(image + SETUP_SIZE + PAYLOAD_GAP, "\x02\x21\x4c\x18", 4);
	check_refused(size, -EOPNOTSUPP);
	memcpy(image + SETUP_SIZE + PAYLOAD_GAP, "what", 4);
	check_refused(size, -EOPNOTSUPP);
	memset(image, 0, sizeof(image));
	check_refused(size, -ENOEXEC);
}

static void test_unpack_refuses_other_formats(void **state)
{
	struct image_payload p = { .data = plain, .size = sizeof(plain), .format = IMAGE_LZ4 };
	size_t n;

	assert_int_equal(unpack(&p, sizeof(out), sizeof(arena), &n), -EOPNOTSUPP);
	p.format = IMAGE_UNKNOWN;
	assert_int_equal(unpack(&p, sizeof(out), sizeof(arena), &n), -EOPNOTSUPP);
}

/* Our stand-in for liblzma's CRC-64: the check value of the catalogues, in one piece and in two. */
static void test_crc64(void **state)
{
	const uint8_t *digits = (const uint8_t *)"123456789";

	assert_int_equal(lzma_crc64(digits, 0, 0), 0);
	assert_int_equal(lzma_crc64(digits, 9, 0), 0x995dc9bbdf1939faULL);
	assert_int_equal(lzma_crc64(digits + 4, 5, lzma_crc64(digits, 4, 0)), 0x995dc9bbdf1939faULL);
}

/* Random damage anywhere must never crash; what it returns does not matter. */
static void test_random_damage(void **state)
{
	static size_t (*const packers[])(void) = { pack_gzip, pack_xz, pack_zstd };
	const char *env = getenv("UNIT_SEED");
	unsigned int seed = env ? (unsigned int)atoi(env) : (unsigned int)time(NULL);
	unsigned int format, i, j;

	print_message("UNIT_SEED=%u\n", seed);
	srand(seed);
	for (format = 0; format < ARRAY_SIZE(packers); format++) {
		size_t size = wrap(packers[format]());

		for (i = 0; i < 60; i++) {
			uint8_t *copy = malloc(size);
			struct image_payload p;
			const char *why;
			size_t n;

			memcpy(copy, image, size);
			for (j = 1 + rand() % 4; j > 0; j--)
				copy[rand() % 3 ? rand() % size : SETUP_SIZE + 64 + rand() % 40] ^=
					1 << rand() % 8;
			if (!image_find_payload(&p, copy, rand() % 4 ? size : rand() % size, &why))
				unpack(&p, sizeof(plain), sizeof(arena), &n);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_xz),
		cmocka_unit_test(test_zstd),
		cmocka_unit_test(test_plain_elf_and_bare_gzip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unpack_refuses_other_formats),
		cmocka_unit_test(test_crc64),
		cmocka_unit_test(test_random_damage),
	};

	make_plain();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
