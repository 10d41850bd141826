/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine as the distro's compression libraries expect it. They are compiled for user space:
 * they use SSE, keep a stack-protector canary at %fs:0x28, and leave a red zone below the stack
 * pointer, which nothing touches because interrupts are off. The hypervisor itself uses none of
 * that, and no guest has a state in the FPU yet.
 */
#include "init/image.h"
#include "x86/cr.h"
#include "x86/msr.h"

static uint64_t saved_fs_base, saved_cr0;
static uint64_t canary_block[8] = { [5] = 0x48656c69756d0a00 }; /* [5] is at %fs:0x28 */

void unpack_begin(struct unpack *u)
{
	uint32_t mxcsr = 0x1f80; /* all exceptions masked */

	saved_cr0 = cr0_read();
	cr0_write((saved_cr0 & ~(X86_CR0_EM | X86_CR0_TS)) | X86_CR0_MP);
	cr4_write(cr4_read() | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT);
	__asm__ volatile("fninit; ldmxcsr %0" :: "m"(mxcsr));
	saved_fs_base = rdmsr(MSR_FS_BASE);
	wrmsr(MSR_FS_BASE, (uint64_t)canary_block);
}

void unpack_end(void)
{
	wrmsr(MSR_FS_BASE, saved_fs_base);
	cr0_write(saved_cr0);
}
