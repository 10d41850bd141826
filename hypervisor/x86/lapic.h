/* SPDX-License-Identifier: GPL-2.0-only */
/* This CPU's local APIC: xAPIC by MMIO, or x2APIC by MSR where the firmware already enabled it. */
#ifndef X86_LAPIC_H
#define X86_LAPIC_H

#include "lib/compiler.h"

void lapic_init_boot(void); /* boot CPU: find and map it; then lapic_init_cpu() */
void lapic_init_cpu(void);  /* every CPU: enable, mask local lines */
void lapic_eoi(void);
bool lapic_is_x2apic(void);
bool lapic_is_ready(void); /* lapic_init_boot() has run */

/* Wake irq VEC_TIMER on this CPU at deadline_ns of now(); in the past means at once, ~0 means never. */
#define LAPIC_TIMER_OFF UINT64_MAX
void lapic_timer_set(uint64_t deadline_ns);
void lapic_timer_calibrate(void); /* boot CPU, after time_init() */

#define ICR_FIXED	0x000
#define ICR_NMI		0x400
#define ICR_INIT	0x500
#define ICR_STARTUP	0x600
#define ICR_ASSERT	0x4000
#define ICR_LEVEL	0x8000
void lapic_icr_write(uint32_t apic_id, uint32_t low);
void lapic_nmi_others(void);

#endif
