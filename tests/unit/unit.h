/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every host unit test starts with: cmocka, and random numbers that can be replayed. A
 * random test calls unit_seed() first; it takes UNIT_SEED from the environment, or the clock, and
 * prints it.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static uint64_t unit_rng;

static inline uint64_t unit_seed(void)
{
	const char *env = getenv("UNIT_SEED");

	unit_rng = env ? strtoull(env, NULL, 0) : (uint64_t)time(NULL);
	print_message("UNIT_SEED=%llu\n", (unsigned long long)unit_rng);
	return unit_rng;
}

/* splitmix64: the whole state is one word, so any seed is a good one. */
static inline uint64_t unit_rand(void)
{
	uint64_t z = unit_rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static inline uint64_t unit_below(uint64_t n)
{
	return unit_rand() % n;
}
