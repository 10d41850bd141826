/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers in nanoseconds of now(). Each belongs to one CPU's heap; that CPU's hardware timer is set to the
 * first. Callbacks run on that CPU with no lock held; they may set their timer again.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include "lib/spinlock.h"

struct timer {
	uint64_t deadline_ns;
	void (*fn)(void *arg);
	void *arg;
	uint32_t slot;	/* place in the heap + 1, 0 = not set; timer lock of cpu */
	uint16_t cpu;
};

void timer_init(struct timer *t, void (*fn)(void *), void *arg);
/* Set or move; it will run on the calling CPU. A past deadline fires at the next timer_run(). Any CPU. */
void timer_set(struct timer *t, uint64_t deadline_ns);
/* After it returns the callback will not start; it may still be running on another CPU. Any CPU. */
void timer_stop(struct timer *t);
bool timer_is_set(const struct timer *t);
/* The CPU's timer interrupt: run what is due, set the hardware for the next. Own CPU, no lock held. */
void timer_run(void);
void timer_cpu_init(void); /* each CPU, before its first timer */

#endif
