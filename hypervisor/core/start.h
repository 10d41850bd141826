/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From start-up to service. What init/ does ends here, because init's own memory is given away: the
 * last steps of the boot CPU and all of the other CPUs' run in code that stays.
 */
#pragma once

#include "lib/base.h"

/* Entry of the other CPUs, from smp_boot_cpu(): sleeps until start_others(), then serves. */
void start_other_cpu(void) __noreturn;

/* This CPU's timers, run queue and virtualization. -ENODEV and the like from the backend. */
int __must_check start_this_cpu(void);

/*
 * Let the other CPUs go into service: each runs run(), the run loop, which never returns. Waits
 * until all have got there; panics when one does not within a second. Boot CPU, after sched_init().
 */
void start_others(void (*run)(void));

/* Give init's memory to the heap, then serve. Boot CPU, last thing. */
void start_service(void (*run)(void)) __noreturn;
