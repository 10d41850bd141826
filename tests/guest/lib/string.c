/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory and string functions. The compiler calls the first four by itself. Plain loops: TCG
 * executes them fast enough, and rep-string instructions on unmapped memory are for tests only.
 */
#include "lib/string.h"

void *memcpy(void *dst, const void *src, size_t n)
{
	void *ret = dst;

	__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(n) :: "memory");
	return ret;
}

void *memmove(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;

	if (d <= s)
		return memcpy(dst, src, n);
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *ret = dst;

	__asm__ volatile("rep stosb" : "+D"(dst), "+c"(n) : "a"(c) : "memory");
	return ret;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

bool mem_is(const void *p, int c, size_t n)
{
	const uint8_t *b = p;

	while (n--)
		if (*b++ != (uint8_t)c)
			return false;
	return true;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	return 0;
}

const char *strstr(const char *s, const char *word)
{
	size_t n = strlen(word);

	for (; *s; s++)
		if (!strncmp(s, word, n))
			return s;
	return n ? NULL : s;
}

uint64_t parse_number(const char *s)
{
	unsigned int base = 10;
	uint64_t value = 0;

	if (s[0] == '0' && s[1] == 'x') {
		base = 16;
		s += 2;
	}
	for (;; s++) {
		unsigned int digit = *s >= '0' && *s <= '9' ? *s - '0' :
				     *s >= 'a' && *s <= 'f' ? *s - 'a' + 10 : 16;

		if (digit >= base)
			return value;
		value = value * base + digit;
	}
}
