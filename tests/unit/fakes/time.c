/* SPDX-License-Identifier: GPL-2.0-only */
/* Time passes when the test says so. One tick of the TSC is one ns. */
#include "fakes/fakes.h"
#include "x86/time.h"

uint64_t fake_now_ns;
uint64_t tsc_khz = 1000000;
struct tsc_scale tsc_scale = { .mul = 1u << 31, .shift = 1 };
uint64_t tsc_at_boot;

uint64_t now(void)
{
	return fake_now_ns;
}

uint64_t now_to_tsc(uint64_t ns)
{
	return ns;
}
