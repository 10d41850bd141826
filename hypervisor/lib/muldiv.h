/* SPDX-License-Identifier: GPL-2.0-only */
/* Products and quotients through 128 bits, which the compiler would call a library for. */
#pragma once

#include "lib/base.h"

/* (hi:lo) / d, rounded down; the quotient must fit, so hi < d. */
static inline uint64_t div128(uint64_t hi, uint64_t lo, uint64_t d)
{
	uint64_t q;

	__asm__("divq %3" : "=a"(q), "+d"(hi) : "0"(lo), "rm"(d) : "cc");
	return q;
}

/* a * b / d, rounded down; the quotient must fit. */
static inline uint64_t mul_div(uint64_t a, uint64_t b, uint64_t d)
{
	unsigned __int128 p = (unsigned __int128)a * b;

	return div128((uint64_t)(p >> 64), (uint64_t)p, d);
}
