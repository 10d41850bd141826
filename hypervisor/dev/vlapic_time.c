/* SPDX-License-Identifier: GPL-2.0-only */
/* The vLAPIC timer's view of time. Apart from vlapic_timer.c so that tests can supply their own. */
#include "dev/vlapic_priv.h"
#include "x86/time.h"

uint64_t vlapic_now_ns(void)
{
	return now();
}

/* Further away than this never comes; it keeps the scaling inside 64 bits. */
#define MAX_AHEAD_TICKS (1ULL << 50)

uint64_t vlapic_tsc_to_ns(const struct vcpu *v, uint64_t guest_tsc)
{
	uint64_t tsc = rdtsc_ordered(), guest_now = tsc + v->d->tsc_offset;

	if (guest_tsc <= guest_now)
		return tsc_to_now(tsc);
	/* Rounded up, so that the guest never reads a TSC before its deadline. */
	return tsc_to_now(tsc + min(guest_tsc - guest_now, MAX_AHEAD_TICKS)) + 1;
}
