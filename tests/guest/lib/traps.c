/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptor tables, the common trap handler and its ways back: guard() and user_run() save a
 * context which the handler resumes. State is per CPU; nothing is locked.
 */
#include "lib/traps.h"
#include "lib/string.h"
#include "lib/test.h"

#define FLAG_IF (1u << 9)

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3], reserved1, ist[7], reserved2;
	uint16_t reserved3, iomap;
} __attribute__((packed));

struct idt_entry {
	uint16_t low, selector;
	uint8_t ist, type;
	uint16_t middle;
	uint32_t high, reserved;
};

struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

struct cpu_traps {
	uint64_t gdt[8];
	struct tss tss;
	struct context *guard, *user;
	struct fault fault;
	uint64_t user_value;
};

extern char trap_stubs[];
static struct cpu_traps per_cpu[NR_CPUS];
static struct idt_entry idt[256];
/* Traps from CPL 3, and double faults; apart from the normal stacks so that contexts survive. */
static char user_stacks[NR_CPUS][STACK_SIZE] __attribute__((aligned(16)));
static char fault_stacks[NR_CPUS][4096] __attribute__((aligned(16)));
static void (*handlers[256])(void);

static void idt_fill(void)
{
	for (unsigned int i = 0; i < 256; i++) {
		uintptr_t stub = (uintptr_t)trap_stubs + 16 * i;

		idt[i] = (struct idt_entry){ .low = stub, .middle = stub >> 16, .high = stub >> 32,
					     .selector = KERNEL_CS, .type = 0x8e };
	}
	idt[X86_DF].ist = 1;
	idt[VECTOR_USER_EXIT].type = 0xee; /* DPL 3 */
}

void traps_init_cpu(void)
{
	unsigned int cpu = this_cpu();
	struct cpu_traps *c = &per_cpu[cpu];
	uint64_t tss = (uintptr_t)&c->tss;
	struct table_register gdtr = { sizeof(c->gdt) - 1, (uintptr_t)c->gdt };
	struct table_register idtr = { sizeof(idt) - 1, (uintptr_t)idt };

	if (cpu == 0)
		idt_fill();
	c->gdt[1] = 0x00cf9b000000ffff;
	c->gdt[2] = 0x00cf93000000ffff;
	c->gdt[KERNEL_CS / 8] = 0x00af9b000000ffff;
	c->gdt[USER_DS / 8] = 0x00cff3000000ffff;
	c->gdt[USER_CS / 8] = 0x00affb000000ffff;
	c->gdt[TSS_SELECTOR / 8] = (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56 |
				   0x8900ULL << 32 | (sizeof(c->tss) - 1);
	c->gdt[TSS_SELECTOR / 8 + 1] = tss >> 32;
	/* A trap from CPL 3 must find itself on this CPU's stack: this_cpu() is told by it. */
	c->tss.rsp[0] = (uintptr_t)boot_stacks[cpu] + STACK_SIZE / 2;
	c->tss.ist[0] = (uintptr_t)fault_stacks[cpu] + sizeof(fault_stacks[cpu]);
	c->tss.iomap = sizeof(c->tss);
	__asm__ volatile("lgdt %0; lidt %1; ltr %w2" ::"m"(gdtr), "m"(idtr), "r"(TSS_SELECTOR)
			 : "memory");
}

void irq_set_handler(unsigned int vector, void (*fn)(void))
{
	handlers[vector] = fn;
}

static void __attribute__((noreturn)) die(const struct trap_regs *r)
{
	test_printf(
		"unexpected exception %lu error %lx at %lx, cr2 %lx\n"
		"  rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rbp %lx rsp %lx\n"
		"  r8 %lx r9 %lx r10 %lx r11 %lx r12 %lx r13 %lx r14 %lx r15 %lx cs %lx fl %lx\n",
		r->vector, r->error, r->rip, read_cr2(), r->rax, r->rbx, r->rcx, r->rdx, r->rsi,
		r->rdi, r->rbp, r->rsp, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14,
		r->r15, r->cs, r->rflags);
	test_abort();
}

void trap_handle(struct trap_regs *r); /* from head.S */
void trap_handle(struct trap_regs *r)
{
	/* The double fault stack is not a CPU's stack; only CPU 0 is expected to need it. */
	struct cpu_traps *c = &per_cpu[r->vector == X86_DF ? 0 : this_cpu()];

	if (r->vector == VECTOR_USER_EXIT && c->user) {
		c->user_value = r->rax;
		context_resume(c->user, 1);
	}
	if (r->vector == X86_NMI && handlers[X86_NMI]) {
		handlers[X86_NMI]();
		return;
	}
	if (r->vector >= 32) {
		if (!(r->rflags & FLAG_IF) && !test_has_failed())
			test_failure("interrupt %lu came at %lx, with interrupts off", r->vector, r->rip);
		if (handlers[r->vector])
			handlers[r->vector]();
		else if (r->vector != VECTOR_SPURIOUS)
			test_failure("unexpected interrupt %lu", r->vector);
		return;
	}
	c->fault =
		(struct fault){r->vector, r->error, r->vector == X86_PF ? read_cr2() : 0, r->rip};
	if (c->guard)
		context_resume(c->guard, 1);
	die(r);
}

int guard(void (*fn)(void *arg), void *arg)
{
	struct cpu_traps *c = &per_cpu[this_cpu()];
	struct context here, *outer = c->guard;

	c->fault.vector = -1;
	if (!context_save(&here)) {
		c->guard = &here;
		fn(arg);
	}
	c->guard = outer;
	return c->fault.vector;
}

const struct fault *guard_fault(void)
{
	return &per_cpu[this_cpu()].fault;
}

void user_enter(void (*fn)(void *), void *arg, uint64_t rsp) __attribute__((noreturn));

uint64_t user_run(void (*fn)(void *arg), void *arg)
{
	unsigned int cpu = this_cpu();
	struct cpu_traps *c = &per_cpu[cpu];
	struct context here;

	if (!context_save(&here)) {
		c->user = &here;
		user_enter(fn, arg, (uintptr_t)user_stacks[cpu] + STACK_SIZE - 8);
	}
	c->user = NULL;
	return c->user_value;
}
