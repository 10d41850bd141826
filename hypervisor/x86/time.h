/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time is the TSC, scaled. now() counts ns from boot and uses the same multiplier and shift that
 * guests get in pvclock, so both compute the same number. TSCs are taken to run together on all CPUs.
 */
#pragma once

#include "x86/asm.h"

/* ns = ((ticks << shift) or (ticks >> -shift)) * mul >> 32, pvclock's rule */
struct tsc_scale {
	uint32_t mul;
	int8_t shift;
};

extern uint64_t tsc_khz;	   /* set by time_init */
extern struct tsc_scale tsc_scale; /* set by time_init */
extern uint64_t tsc_at_boot;	   /* now() == 0 */
extern uint64_t wall_at_boot_ns;   /* Unix time then: from the RTC, later as Dom0 sets it */

/* Calibrate; needs acpi_init() for the PM timer and HPET. */
void time_init(void);

static inline uint64_t tsc_scale_apply(struct tsc_scale s, uint64_t ticks)
{
	ticks = s.shift >= 0 ? ticks << s.shift : ticks >> -s.shift;
	return (uint64_t)((unsigned __int128)ticks * s.mul >> 32);
}

static inline uint64_t tsc_to_now(uint64_t tsc)
{
	return tsc_scale_apply(tsc_scale, tsc - tsc_at_boot);
}

/* ns since boot, the same on every CPU, never backwards on one CPU. */
static inline uint64_t now(void)
{
	return tsc_to_now(rdtsc_ordered());
}

uint64_t now_to_tsc(uint64_t ns);     /* the tick at which now() reaches ns, rounded up */
void time_delay_us(unsigned int us);  /* busy wait; boot only */
struct tsc_scale tsc_scale_of_ratio(uint64_t num, uint64_t den);
