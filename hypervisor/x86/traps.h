/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions and interrupts of the hypervisor itself. Any exception is our bug, except an access
 * listed in the fixup table (rdmsr_safe). All gates use the current stack: TR may be a guest's.
 */
#ifndef X86_TRAPS_H
#define X86_TRAPS_H

#include "lib/compiler.h"

#define TRAP_DE	 0
#define TRAP_DB	 1
#define TRAP_NMI 2
#define TRAP_BP	 3
#define TRAP_OF	 4
#define TRAP_BR	 5
#define TRAP_UD	 6
#define TRAP_NM	 7
#define TRAP_DF	 8
#define TRAP_TS	 10
#define TRAP_NP	 11
#define TRAP_SS	 12
#define TRAP_GP	 13
#define TRAP_PF	 14
#define TRAP_MF	 16
#define TRAP_AC	 17
#define TRAP_MC	 18
#define TRAP_XM	 19
#define TRAP_VE	 20
#define TRAP_CP	 21

struct trap_frame { /* as entry.S leaves it on the stack */
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

void traps_init(void); /* boot CPU: fill the IDT; cpu_init() loads it everywhere */

/* Registers and stack words to the console. */
void trap_dump(const struct trap_frame *f);

/* Called on every NMI that nobody here claims; set once by an upper floor. */
void traps_set_nmi_handler(void (*fn)(void));

#endif
