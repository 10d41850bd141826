/* SPDX-License-Identifier: GPL-2.0-only */
/* The first steps on the boot CPU: its own area, exceptions, control registers. Then init's story. */
#include "x86/cpu.h"
#include "x86/hostmap.h"
#include "x86/traps.h"

_Static_assert(STACK_SIZE - PERCPU_SIZE == 0x3800, "boot/head.S knows where the first stack begins");

void __init x86_start(const struct boot_info *bi)
{
	cpu_prepare_block(0, 0, boot_cpu_block);
	traps_init();
	cpu_init();
	if (bi->error)
		panic("%s\n", bi->error);
	hv_main(bi);
}
