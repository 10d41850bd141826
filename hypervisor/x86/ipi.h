/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages between physical CPUs. Nobody waits here: every CPU runs with interrupts off most of the time. */
#ifndef X86_IPI_H
#define X86_IPI_H

#include "lib/compiler.h"

void ipi_init(void);

/* Make cpu leave guest mode or idle and reach its next irq_window(); nothing else happens. */
void ipi_kick(unsigned int cpu);

/*
 * Run fn(arg) on cpu at its next interrupt window, in order per target. Does not wait for it.
 * -EBUSY when the target's queue is full (it holds 32): try again later.
 */
int ipi_call(unsigned int cpu, void (*fn)(void *arg), void *arg) __must_check;

#endif
