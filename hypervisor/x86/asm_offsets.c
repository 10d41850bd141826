/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Struct offsets for assembly. The Makefile compiles this to assembly text and turns each marker
 * "->NAME $value" into a line of build/gen/asm_offsets.h.
 */
#include "lib/compiler.h"
#include "x86/cpu.h"
#include "x86/traps.h"

#define DEFINE(sym, val) __asm__ volatile("\n->" #sym " %0" :: "i"(val))
#define OFFSET(sym, type, member) DEFINE(sym, offsetof(type, member))

void asm_offsets(void);

void asm_offsets(void)
{
	DEFINE(STACK_SIZE_ASM, STACK_SIZE);
	DEFINE(PERCPU_SIZE_ASM, PERCPU_SIZE);
	OFFSET(TRAP_FRAME_VECTOR, struct trap_frame, vector);
}
