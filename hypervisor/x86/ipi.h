/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages between physical CPUs. Nobody waits here: every CPU runs with interrupts off most of the time. */
#pragma once

#include "lib/base.h"

void ipi_init(void);

/* Make cpu leave guest mode or idle and reach its next irq_window(); nothing else happens. */
void ipi_kick(unsigned int cpu);

/* Drop cpu's TLB entries of the hypervisor's own address space, at its next interrupt window. Does not wait. */
void ipi_flush(unsigned int cpu);
