/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions and interrupts. A test runs whatever may fault through guard(); an exception
 * elsewhere ends the test as a failure with the registers printed, and the next test goes on.
 */
#pragma once

#include "lib/asm.h"

#define X86_DE 0
#define X86_DB 1
#define X86_NMI 2
#define X86_BP 3
#define X86_UD 6
#define X86_DF 8
#define X86_GP 13
#define X86_PF 14
#define X86_AC 17

struct trap_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

struct context {
	uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip, rflags;
};

/* The second return is marked as such for the compiler, as setjmp's is. */
int context_save(struct context *c) __attribute__((returns_twice));
void context_resume(struct context *c, int value) __attribute__((noreturn));

/* What the last guard() on this CPU caught. */
struct fault {
	int vector; /* -1: nothing */
	uint64_t error, address, rip;
};

/* GDT, TSS and IDT of this CPU; on each CPU before anything may trap. */
void traps_init_cpu(void);

/* Run fn(arg); returns the vector of the exception that ended it, or -1. */
int guard(void (*fn)(void *arg), void *arg);
const struct fault *guard_fault(void);

/* Call fn for each interrupt of this vector, on any CPU, interrupts disabled. No EOI is sent. */
void irq_set_handler(unsigned int vector, void (*fn)(void));

/* Run fn(arg) at CPL 3, interrupts on or off as they are. It must end in user_exit(); returns the value given there. */
uint64_t user_run(void (*fn)(void *arg), void *arg);

static inline void __attribute__((noreturn)) user_exit(uint64_t value)
{
	__asm__ volatile("int %0" ::"i"(VECTOR_USER_EXIT), "a"(value) : "memory");
	__builtin_unreachable();
}
