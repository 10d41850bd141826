/* SPDX-License-Identifier: GPL-2.0-only */
/* Waking the other CPUs by INIT-SIPI-SIPI, one at a time, with memory that the caller supplies. */
#pragma once

#include "lib/base.h"

/* Put the trampoline into the RAM page at hpa, below 1 MiB; it is free again after smp_finish(). */
void smp_prepare(uint64_t trampoline_hpa);

/*
 * Start the CPU that will get index nr_cpus, on block (STACK_SIZE, so aligned).
 * It runs cpu_init(), lapic_init_cpu() and then entry(), which never returns. Returns the new index,
 * or -ENODEV when there is no further CPU in ACPI, -ETIME when it did not answer within a second
 * (the block must then stay unused for good).
 */
int smp_boot_cpu(void *block, void (*entry)(void)) __must_check;

/* Wipe the trampoline. */
void smp_finish(void);

/* Stop every other CPU for good, by NMI; for panic and reboot. */
void smp_stop_others(void);
/* From the NMI handler: does not return when smp_stop_others() is what this NMI means. */
void smp_stop_if_asked(void);
