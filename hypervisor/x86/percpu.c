/* SPDX-License-Identifier: GPL-2.0-only */
/* Per-CPU blocks (drawing in x86/cpu.h) and what every CPU does first. */
#include "x86/cpu.h"
#include "x86/cr.h"
#include "x86/desc.h"
#include "x86/fpu.h"
#include "x86/msr.h"

char boot_cpu_block[STACK_SIZE] __section(".bss.stack"); /* aligned by the linker script */
uintptr_t percpu_bias_of[NR_CPUS];
unsigned int nr_cpus = 1;
DEFINE_PERCPU(struct cpu_ident, cpu_ident);

void *cpu_prepare_block(unsigned int index, uint32_t apic_id, void *block)
{
	char *area = (char *)block + STACK_SIZE - PERCPU_SIZE;

	BUG_ON((uintptr_t)block % STACK_SIZE || index >= NR_CPUS);
	memcpy(area, __percpu_start, __percpu_end - __percpu_start);
	percpu_bias_of[index] = (uintptr_t)area - (uintptr_t)__percpu_start;
	per_cpu(cpu_ident, index) = (struct cpu_ident){ index, apic_id };
	return area;
}

void cpu_init(void)
{
	desc_load();
	/* EM and TS clear for good: FPU state is switched eagerly, never by trap. */
	cr0_write(X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_PG);
	cr4_write(X86_CR4_PAE | X86_CR4_MCE | X86_CR4_DE);
	wrmsr(MSR_PAT, PAT_POWER_ON);
	fpu_init_cpu();
}
