/* SPDX-License-Identifier: GPL-2.0-only */
/* This CPU's local APIC: xAPIC by MMIO, or x2APIC by MSR where the firmware already enabled it. */
#pragma once

#include "lib/base.h"

/* Registers by offset / 16, as in x2APIC MSR numbers (SDM 3A table 11-6). */
enum apic_reg {
	REG_ID = 0x02, REG_VERSION = 0x03, REG_TPR = 0x08, REG_APR = 0x09, REG_PPR = 0x0a,
	REG_EOI = 0x0b, REG_RRD = 0x0c, REG_LDR = 0x0d, REG_DFR = 0x0e, REG_SVR = 0x0f,
	REG_ISR = 0x10, REG_TMR = 0x18, REG_IRR = 0x20, REG_ESR = 0x28, REG_CMCI = 0x2f,
	REG_ICR = 0x30, REG_ICR2 = 0x31, REG_LVT_TIMER = 0x32, REG_LVT_THERMAL = 0x33,
	REG_LVT_PERF = 0x34, REG_LVT_LINT0 = 0x35, REG_LVT_LINT1 = 0x36, REG_LVT_ERROR = 0x37,
	REG_TIMER_INITIAL = 0x38, REG_TIMER_CURRENT = 0x39, REG_TIMER_DIVIDE = 0x3e,
	REG_SELF = 0x3f,
	NR_APIC_REGS = 0x40,
};
struct lapic_reg { /* one of them in the page of an xAPIC */
	uint32_t val, unused[3];
};

#define SVR_ENABLE	0x100u
#define LVT_MASKED	0x10000u

void lapic_init_boot(void); /* boot CPU: find and map it; then lapic_init_cpu() */
void lapic_init_cpu(void);  /* every CPU: enable, mask local lines */
void lapic_eoi(void);
/* Signal again what is pending: an emulator may have lost the signal. */
void lapic_look_again(void);
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
