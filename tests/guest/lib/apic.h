/* SPDX-License-Identifier: GPL-2.0-only */
/* The local APIC in either mode: registers by their xAPIC offset (0x20 ID, 0xb0 EOI ...). */
#pragma once

#include "lib/asm.h"

#define MSR_APIC_BASE	0x1b
#define APIC_BASE_BSP	(1UL << 8)
#define APIC_BASE_X2	(1UL << 10)
#define APIC_BASE_EN	(1UL << 11)
#define APIC_GPA	0xfee00000UL

#define APIC_ID		0x20
#define APIC_VERSION	0x30
#define APIC_TPR	0x80
#define APIC_PPR	0xa0
#define APIC_EOI	0xb0
#define APIC_LDR	0xd0
#define APIC_DFR	0xe0
#define APIC_SVR	0xf0
#define APIC_ISR	0x100
#define APIC_TMR	0x180
#define APIC_IRR	0x200
#define APIC_ESR	0x280
#define APIC_ICR	0x300
#define APIC_ICR2	0x310
#define APIC_LVTT	0x320
#define APIC_LVT0	0x350
#define APIC_LVT1	0x360
#define APIC_LVTERR	0x370
#define APIC_TMICT	0x380
#define APIC_TMCCT	0x390
#define APIC_TDCR	0x3e0

#define ICR_FIXED	0x000
#define ICR_NMI		0x400
#define ICR_INIT	0x500
#define ICR_STARTUP	0x600
#define ICR_ASSERT	0x4000
#define ICR_SELF	0x40000
#define ICR_ALL		0x80000
#define ICR_OTHERS	0xc0000

/* Enable this CPU's APIC; x2APIC mode where CPUID offers it, unless the test asked for xAPIC. */
void apic_init_cpu(bool want_xapic);
bool apic_is_x2(void);
uint32_t apic_read(unsigned int reg);
void apic_write(unsigned int reg, uint32_t value);
void apic_eoi(void);
/* Write the ICR; dest is an APIC ID, ignored with a shorthand. */
void apic_send(uint32_t dest, uint32_t low);
/* vCPU n has APIC ID 2 * n on Xen and on Helium. */
uint32_t apic_id_of_vcpu(unsigned int vcpu);
