/* SPDX-License-Identifier: GPL-2.0-only */
/* Our vsnprintf and string functions against the C library's, under other names beside it. */
#include "unit.h"

#define vsnprintf hv_vsnprintf
#define snprintf  hv_snprintf
#define memcpy	  hv_memcpy
#define memmove	  hv_memmove
#define memset	  hv_memset
#define memcmp	  hv_memcmp
#define memchr	  hv_memchr
#define strlen	  hv_strlen
#define strnlen	  hv_strnlen
#define strcmp	  hv_strcmp
#define strncmp	  hv_strncmp
#define strchr	  hv_strchr
#include "hypervisor/lib/string.c"
#include "hypervisor/lib/printf.c"
#undef vsnprintf
#undef snprintf
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr

#define SAME(...) do {                                                            \
		char ours_[128], theirs_[128];                                    \
		int n_ = snprintf(theirs_, sizeof(theirs_), __VA_ARGS__);         \
		assert_int_equal(hv_snprintf(ours_, sizeof(ours_), __VA_ARGS__), n_); \
		assert_string_equal(ours_, theirs_);                              \
	} while (0)

static void integers(void **state)
{
	SAME("%d %u %x", -5, 4000000000u, 0xbeef);
	SAME("%ld %lu %lx %llx %zu %zx", -5L, ~0UL, ~0UL, 0x123456789abcdefULL, (size_t)9, (size_t)0xabc);
	SAME("%d %ld", INT32_MIN, INT64_MIN);
	SAME("[%8d] [%-8d] [%08d] [%-8d]", 42, 42, -42, -42);
	SAME("[%#x] [%#010x] [%#x] [%-#8x]", 255, 255, 0, 255);
	SAME("%02x:%02x.%u %016lx", 3, 31, 7, 0x1234UL);
}

static void strings(void **state)
{
	SAME("[%s] [%10s] [%-10s] [%.2s] [%c] %%", "abc", "abc", "abc", "abc", 'x');
	SAME("[%.3s]", (const char[]){ 'a', 'b', 'c' }); /* not terminated */
	SAME("%s", "");
}

static void pointers_and_oddities(void **state)
{
	const char *volatile none = NULL;
	char buf[64];

	assert_int_equal(hv_snprintf(buf, sizeof(buf), "%p", (void *)0xffff800000001000), 16);
	assert_string_equal(buf, "ffff800000001000");
	hv_snprintf(buf, sizeof(buf), "%s", none);
	assert_string_equal(buf, "(null)");
}

static void truncation(void **state)
{
	char buf[8] = "zzzzzzz";

	assert_int_equal(hv_snprintf(buf, 4, "%d", 123456), 6);
	assert_string_equal(buf, "123");
	assert_int_equal(buf[4], 'z');
	assert_int_equal(hv_snprintf(buf, 1, "%d", 123456), 6);
	assert_string_equal(buf, "");
	assert_int_equal(hv_snprintf(NULL, 0, "%d", 123456), 6);
}

/* Random flags, widths and values for both. */
static void random_formats(void **state)
{
	static const char *const lengths[] = { "", "l", "ll", "z" };
	static const char conversions[] = "dux", flags[] = "-0#";

	unit_seed();
	for (unsigned int round = 0; round < 50000; round++) {
		char fmt[32], ours[64], theirs[64], conv = conversions[unit_below(3)];
		const char *len = lengths[unit_below(4)];
		uint64_t val = unit_rand() >> unit_below(64);
		int at = 0, n;

		fmt[at++] = '%';
		for (unsigned int i = unit_below(3); i; i--) {
			char f = flags[unit_below(3)];

			if (f != '#' || conv == 'x')
				fmt[at++] = f;
		}
		at += snprintf(fmt + at, 8, unit_below(2) ? "%d" : "", (int)unit_below(20) + 1);
		snprintf(fmt + at, 8, "%s%c", len, conv);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		n = snprintf(theirs, sizeof(theirs), fmt, val);
		assert_int_equal(hv_snprintf(ours, sizeof(ours), fmt, val), n);
#pragma GCC diagnostic pop
		assert_string_equal(ours, theirs);
	}
}

static void memory(void **state)
{
	uint8_t a[64], b[64];

	unit_seed();
	for (unsigned int round = 0; round < 20000; round++) {
		size_t src = unit_below(64), dst = unit_below(64), n = unit_below(64 - (src > dst ? src : dst) + 1);

		for (unsigned int i = 0; i < 64; i++)
			a[i] = b[i] = unit_rand();
		memmove(a + dst, a + src, n);
		hv_memmove(b + dst, b + src, n);
		assert_memory_equal(a, b, 64);
		hv_memset(b + dst, 0x5a, n);
		memset(a + dst, 0x5a, n);
		assert_memory_equal(a, b, 64);
		b[unit_below(64)] ^= 1;
		assert_true(hv_memcmp(a, b, 64) != 0 && (hv_memcmp(a, b, 64) < 0) == (memcmp(a, b, 64) < 0));
		assert_ptr_equal(hv_memchr(a, 0x5a, 64), memchr(a, 0x5a, 64));
	}
}

static void texts(void **state)
{
	char buf[4];

	assert_int_equal(hv_strlen("abc"), 3);
	assert_int_equal(hv_strnlen("abc", 2), 2);
	assert_true(hv_strcmp("a", "b") < 0 && hv_strcmp("b", "a") > 0 && !hv_strcmp("a", "a"));
	assert_true(hv_strcmp("a", "ab") < 0 && hv_strcmp("\xff", "a") > 0);
	assert_true(!hv_strncmp("abx", "aby", 2) && hv_strncmp("abx", "aby", 3) < 0);
	assert_string_equal(hv_strchr("a=b=c", '='), "=b=c");
	assert_null(hv_strchr("abc", 'x'));
	assert_string_equal(hv_strchr("abc", '\0'), "");
	assert_int_equal(str_copy(buf, "abcdef", sizeof(buf)), 6);
	assert_string_equal(buf, "abc");
	assert_int_equal(str_copy(buf, "x", sizeof(buf)), 1);
	assert_string_equal(buf, "x");
	assert_int_equal(str_copy(NULL, "x", 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers), cmocka_unit_test(strings), cmocka_unit_test(pointers_and_oddities),
		cmocka_unit_test(truncation), cmocka_unit_test(random_formats), cmocka_unit_test(memory),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
