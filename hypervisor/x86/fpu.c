/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FPU state by XSAVE where the CPU has it, by FXSAVE where not. XCR0 holds every state of the machine while
 * we save or load, so a guest that lowered its own XCR0 loses nothing of the rest. While a vCPU is loaded
 * XCR0 is its own.
 */
#include "x86/cpuid.h"
#include "x86/cr.h"
#include "x86/features.h"
#include "x86/fpu.h"

#define FXSAVE_SIZE	512
#define FCW_DEFAULT	0x037f
#define MXCSR_DEFAULT	0x1f80

void fpu_init_cpu(void)
{
	cr4_write(cr4_read() | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT);
	if (cpuid(1).ecx >> (F_XSAVE % 32) & 1) {
		cr4_write(cr4_read() | X86_CR4_OSXSAVE);
		if (cpu_features.xcr0_mask)
			xcr0_write(cpu_features.xcr0_mask);
	}
	__asm__ volatile("fninit");
}

size_t fpu_area_size(void)
{
	return cpu_has(F_XSAVE) ? cpu_features.xsave_size : FXSAVE_SIZE;
}

void fpu_area_init(void *area)
{
	uint16_t fcw = FCW_DEFAULT;
	uint32_t mxcsr = MXCSR_DEFAULT;

	/* XSTATE_BV 0 means: all components in their initial state, whatever the area says. */
	memset(area, 0, fpu_area_size());
	memcpy(area, &fcw, sizeof(fcw));
	memcpy((char *)area + 24, &mxcsr, sizeof(mxcsr));
}

void fpu_save(void *area, uint64_t *xcr0)
{
	uint64_t mask = cpu_features.xcr0_mask;

	if (!cpu_has(F_XSAVE)) {
		__asm__ volatile("fxsave64 %0" : "=m"(*(char (*)[FXSAVE_SIZE])area));
		return;
	}
	*xcr0 = xcr0_read();
	if (*xcr0 != mask)
		xcr0_write(mask);
	__asm__ volatile("xsave64 (%0)" :: "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
			 : "memory");
}

/*
 * AMD's older CPUs load the pointers to the last x87 instruction and its operand only when an exception is
 * pending. Make them point here, not to where the last guest was.
 */
static void hide_pointers(void)
{
	static const int32_t here;

	if (cpu_is_amd() && !cpu_has(F_RSTR_FP_ERR_PTRS))
		__asm__ volatile("fnclex; ffree %%st(7); fildl %0" :: "m"(here));
}

void fpu_restore(const void *area, uint64_t xcr0)
{
	uint64_t mask = cpu_features.xcr0_mask;

	hide_pointers();
	if (!cpu_has(F_XSAVE)) {
		__asm__ volatile("fxrstor64 %0" :: "m"(*(const char (*)[FXSAVE_SIZE])area));
		return;
	}
	if (xcr0_read() != mask)
		xcr0_write(mask);
	__asm__ volatile("xrstor64 (%0)" :: "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
			 : "memory");
	if (xcr0 != mask)
		xcr0_write(xcr0);
}
