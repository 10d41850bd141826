/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions of the hypervisor: looked up in the fixup table, else dumped and the machine stopped.
 * Vectors from 32 on go to irq.c. NMIs stop this CPU when another one panics; others are ignored.
 */
#include "x86/asm.h"
#include "x86/console.h"
#include "x86/cpu.h"
#include "x86/cr.h"
#include "x86/desc.h"
#include "x86/hostmap.h"
#include "x86/irq.h"
#include "x86/msr.h"
#include "x86/smp.h"
#include "x86/traps.h"

struct fixup {
	uint64_t fault_rip, resume_rip;
};
extern const struct fixup __fixup_start[], __fixup_end[];
extern const char trap_stubs[], __text_end[];
void trap_handle(struct trap_frame *f);

static const char *const trap_names[32] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow", "bound", "invalid opcode",
	"no FPU", "double fault", "coprocessor overrun", "invalid TSS", "segment not present",
	"stack fault", "general protection", "page fault", "reserved", "x87 error", "alignment check",
	"machine check", "SIMD error", "virtualization exception", "control protection",
};

void traps_init(void)
{
	for (unsigned int i = 0; i < 256; i++)
		desc_set_gate(i, trap_stubs + i * 16);
}

/* Words of the stack that point into our text: calls and some leftovers, newest first. */
static void dump_calls(uint64_t rsp)
{
	const uint64_t *p = (const uint64_t *)(rsp & ~7ULL);
	unsigned int shown = 0;

	for (; ((uintptr_t)p & (STACK_SIZE - 1)) < STACK_SIZE - PERCPU_SIZE && shown < 24; p++)
		if (*p >= (uintptr_t)__image_start && *p < (uintptr_t)__init_end) {
			log_err("%s%lx", shown % 6 ? " " : shown ? "\n  " : "  ", *p);
			shown++;
		}
	log_err("\n");
}

static bool on_own_stack(uint64_t rsp)
{
	return rsp >= (uintptr_t)cpu_stack_base() && rsp < (uintptr_t)cpu_stack_base() + STACK_SIZE - PERCPU_SIZE;
}

static void trap_dump(const struct trap_frame *f)
{
	log_err("rip %04lx:%016lx rflags %08lx rsp %04lx:%016lx\n", f->cs, f->rip, f->rflags, f->ss, f->rsp);
	log_err("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
	log_err("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
	log_err("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
	log_err("r13 %016lx r14 %016lx r15 %016lx\n", f->r13, f->r14, f->r15);
	log_err("cr0 %08lx cr2 %016lx cr3 %08lx cr4 %08lx\n", cr0_read(), cr2_read(), cr3_read(), cr4_read());
	if (on_own_stack(f->rsp)) {
		log_err("code addresses on the stack:\n");
		dump_calls(f->rsp);
	}
}

static bool fixup_apply(struct trap_frame *f)
{
	for (const struct fixup *x = __fixup_start; x < __fixup_end; x++)
		if (x->fault_rip == f->rip) {
			f->rip = x->resume_rip;
			return true;
		}
	return false;
}

static void trap_exception(struct trap_frame *f)
{
	if (f->vector == TRAP_NMI) {
		smp_stop_if_asked(); /* any other NMI means nothing to us */
		return;
	}
	if (fixup_apply(f))
		return;
	console_force();
	log_err("\n*** exception %lu (%s), error code %#lx, on CPU %u\n", f->vector,
		trap_names[f->vector] ? trap_names[f->vector] : "reserved", f->error, cpu_id());
	trap_dump(f);
	panic("exception in the hypervisor; please report the lines above\n");
}

void trap_handle(struct trap_frame *f)
{
	if (f->vector >= 32)
		irq_dispatch(f->vector);
	else
		trap_exception(f);
}

/* On #GP the fixup resumes at 2: with the error still in place. */
int rdmsr_safe(uint32_t msr, uint64_t *val)
{
	uint32_t lo = 0, hi = 0;
	int rc = -EIO;

	__asm__ volatile("1: rdmsr; xor %0, %0; 2:\n"
			 ".pushsection .fixup, \"a\"; .quad 1b, 2b; .popsection"
			 : "+r"(rc), "+a"(lo), "+d"(hi) : "c"(msr));
	*val = (uint64_t)hi << 32 | lo;
	return rc;
}
