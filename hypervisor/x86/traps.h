/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exceptions and interrupts of the hypervisor itself. Any exception is our bug, except an access
 * listed in the fixup table (rdmsr_safe). All gates use the current stack: TR may be a guest's.
 */
#pragma once

#include "lib/base.h"

#define TRAP_NMI 2

struct trap_frame { /* as entry.S leaves it on the stack */
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

void traps_init(void); /* boot CPU: fill the IDT; cpu_init() loads it everywhere */
