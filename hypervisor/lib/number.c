/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers in text; see number.h. Pure, and apart from string.c, whose names are the C library's. */
#include "lib/number.h"

static unsigned int digit_value(char c)
{
	char lower = c | 0x20;

	return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

int number_read(const char **s, uint64_t max, uint64_t *val)
{
	const char *p = *s;
	unsigned int base = 10, digit;
	uint64_t n = 0;

	if (p[0] == '0' && (p[1] | 0x20) == 'x' && digit_value(p[2]) < 16) {
		base = 16;
		p += 2;
	}
	if (digit_value(*p) >= base)
		return -EINVAL;
	for (; (digit = digit_value(*p)) < base; p++)
		if (__builtin_mul_overflow(n, base, &n) || __builtin_add_overflow(n, digit, &n) || n > max)
			return -ERANGE;
	*s = p;
	*val = n;
	return 0;
}
