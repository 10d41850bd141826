/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptor tables, one set for all CPUs. Nothing here changes after boot except the TSS's busy bit,
 * which is cleared before each LTR. The TSS is never used by the CPU (no ring change, no IST).
 */
#include "x86/desc.h"

struct gate hv_idt[256];
uint8_t hv_tss[104] __aligned(16);

uint64_t hv_gdt[6] __aligned(16) = { /* head.S loads it, too */
	[SEL_CODE64 / 8] = 0x00af9b000000ffff,
	[SEL_DATA / 8] = 0x00cf93000000ffff,
	[SEL_CODE32 / 8] = 0x00cf9b000000ffff,
};

void desc_set_gate(unsigned int vector, const void *entry)
{
	uintptr_t a = (uintptr_t)entry;

	hv_idt[vector] = (struct gate){
		.offset_low = a, .offset_mid = a >> 16, .offset_high = a >> 32,
		.selector = SEL_CODE64, .flags = 0x8e00,
	};
}

static void set_tss(void)
{
	uint64_t base = (uintptr_t)hv_tss;

	hv_gdt[SEL_TSS / 8] = (sizeof(hv_tss) - 1) | (base & 0xffffff) << 16 | 0x89ULL << 40 |
			      (base >> 24 & 0xff) << 56;
	hv_gdt[SEL_TSS / 8 + 1] = base >> 32;
}

void desc_load(void)
{
	struct desc_ptr gdtr = { sizeof(hv_gdt) - 1, (uintptr_t)hv_gdt };
	struct desc_ptr idtr = { sizeof(hv_idt) - 1, (uintptr_t)hv_idt };

	set_tss();
	__asm__ volatile("lgdt %0; lidt %1" :: "m"(gdtr), "m"(idtr));
	__asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:"
			 :: "i"(SEL_CODE64) : "rax", "memory");
	__asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%ss; mov %1, %%fs; mov %1, %%gs"
			 :: "r"(SEL_DATA), "r"(0));
	__asm__ volatile("lldt %w0; ltr %w1" :: "r"(0), "r"(SEL_TSS));
}
