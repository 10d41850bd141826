/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One physical CPU. Each has one 16 KiB block, 16 KiB aligned: a stack growing down from
 * the per-CPU area, which fills the top 2 KiB. The stack pointer therefore names the CPU, and no
 * segment register is ours: a guest's FS, GS, TR and LDTR stay loaded while we run.
 *
 *	block            block + 14 KiB            block + 16 KiB
 *	|  <---------- stack  |  .percpu of this CPU     |
 *
 * Interrupts: the hypervisor runs with IF=0 all the time, so whatever only its CPU touches needs no
 * lock. Interrupts are taken at one place of the run loop (irq_window) and in idle (cpu_idle_wait).
 * NMIs may come anywhere; their handler touches nothing but its own words.
 */
#pragma once

#include "lib/base.h"

#define NR_CPUS		64
#define STACK_SIZE	16384UL /* the block: stack and per-CPU area */
#define PERCPU_SIZE	2048UL

#define DECLARE_PERCPU(type, name) extern __typeof__(type) name
/* At file scope, with an optional initializer: DEFINE_PERCPU(struct timer_heap, timers); */
#define DEFINE_PERCPU(type, name)  __section(".percpu") __typeof__(type) name

extern char __percpu_start[], __percpu_end[]; /* the linked copy: first values */
extern uintptr_t percpu_bias_of[NR_CPUS];     /* set when the CPU's block is prepared */

/* What to add to a per-CPU variable's linked address. Not volatile: one CPU never becomes another. */
static inline uintptr_t percpu_bias(void)
{
	uintptr_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (sp | (STACK_SIZE - 1)) - ((uintptr_t)__percpu_start + PERCPU_SIZE - 1);
}

#define percpu_at(name, bias) (*(__typeof__(&(name)))((uintptr_t)&(name) + (bias)))
#define this_cpu(name)	   percpu_at(name, percpu_bias())
#define per_cpu(name, cpu) percpu_at(name, percpu_bias_of[cpu])

struct cpu_ident {
	uint32_t index;	  /* 0 is the boot CPU; dense */
	uint32_t apic_id; /* physical */
};
DECLARE_PERCPU(struct cpu_ident, cpu_ident);

/* CPUs 0 .. nr_cpus-1 are running. Rises during boot only. */
extern unsigned int nr_cpus;

static inline unsigned int cpu_id(void)
{
	return this_cpu(cpu_ident).index;
}

/* Take whatever interrupts are pending, now. Only from the run loop, with no lock held. */
static inline void irq_window(void)
{
	__asm__ volatile("sti; nop; cli" ::: "memory");
}

/* Sleep until an interrupt and take it. Check for work with IF=0 before: sti's shadow covers hlt. */
static inline void cpu_idle_wait(void)
{
	__asm__ volatile("sti; hlt; cli" ::: "memory");
}

/* The first thing above the stack's top, and the lowest address of this CPU's block. */
static inline void *cpu_stack_base(void)
{
	return (void *)((uintptr_t)__builtin_frame_address(0) & ~(STACK_SIZE - 1));
}

/*
 * Prepare block (STACK_SIZE bytes, so aligned, zeroed or not) as the home of CPU index: first values
 * of its per-CPU variables, its identity, percpu_bias_of. Returns the initial stack pointer.
 */
void *cpu_prepare_block(unsigned int index, uint32_t apic_id, void *block);

extern char boot_cpu_block[]; /* CPU 0's, inside the image */

/* Load GDT, IDT, control registers and PAT on the calling CPU; boot CPU and APs alike. */
void cpu_init(void);
