/* SPDX-License-Identifier: GPL-2.0-only */
/* Selectors and descriptor tables of the hypervisor. One GDT and one IDT serve all CPUs. */
#pragma once

#define SEL_CODE64 0x08
#define SEL_DATA   0x10
#define SEL_CODE32 0x18
#define SEL_TSS	   0x20 /* two slots; VT-x wants a valid TR, nothing else uses it */

#ifndef __ASSEMBLY__
#include "lib/base.h"

struct desc_ptr {
	uint16_t limit;
	uint64_t base;
} __packed;

struct gate {
	uint16_t offset_low, selector;
	uint16_t flags; /* present, DPL 0, interrupt gate, no IST */
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};

extern uint64_t hv_gdt[6];
extern struct gate hv_idt[256];
extern uint8_t hv_tss[104];

void desc_set_gate(unsigned int vector, const void *entry);
void desc_load(void); /* this CPU: GDT, segments, TR, IDT */
#endif
