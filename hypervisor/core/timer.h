/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers in nanoseconds of now(). Each belongs to one CPU's heap; that CPU's hardware timer is
 * set to the first. Callbacks run on that CPU with no lock held; they may set their timer again.
 */
#pragma once

#include "lib/spinlock.h"

struct timer {
	uint64_t deadline_ns;
	void (*fn)(void *arg);
	void *arg;
	struct timer *left, *right, *parent; /* in the heap; timer lock of cpu, like all below */
	uint16_t cpu;
	uint8_t rank;
	bool is_set;
};

void timer_init(struct timer *t, void (*fn)(void *), void *arg);
/*
 * Set or move; it will run on the calling CPU. A past deadline fires at the next timer_run(). Any
 * CPU.
 */
void timer_set(struct timer *t, uint64_t deadline_ns);
/* After it returns the callback will not start; it may still be running on another CPU. Any CPU. */
void timer_stop(struct timer *t);
/*
 * The same, and the callback is not running either: before the timer's memory goes. With no lock
 * held that the callback takes; the callback does not set its timer again.
 */
void timer_stop_sync(struct timer *t);
bool timer_is_set(const struct timer *t);
/*
 * The CPU's timer interrupt: run what is due, set the hardware for the next. Own CPU, no lock
 * held.
 */
void timer_run(void);
void timer_cpu_init(void); /* each CPU, before its first timer */
/* Is every timer of the CPU where it belongs? For tests and debug keys. */
bool timer_check(unsigned int cpu);
