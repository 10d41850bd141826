/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Against speculation across the guest's border: what this CPU needs, decided once from its features,
 * with spec-ctrl= to overrule. Read-only after spec_init(). On a CPU that needs nothing all are false.
 */
#pragma once

#include "x86/desc.h"
#include "x86/msr.h"

extern bool spec_stuff_rsb;	/* refill the return stack buffer after each exit */
extern bool spec_ibpb;		/* branch predictor barrier when a CPU changes domain */

extern bool spec_l1d_flush;	/* empty the L1 data cache before each entry: L1TF */
extern bool spec_verw;		/* overwrite microarchitectural buffers before each entry: MDS */

/* What spec-ctrl= says of each. AUTO: what this CPU needs. */
enum spec_choice { SPEC_AUTO, SPEC_NO, SPEC_YES };
void spec_init(enum spec_choice rsb, enum spec_choice ibpb);
/* Each CPU, once: automatic IBRS where the CPU has it. */
void spec_cpu_init(void);
/* Last thing before an entry, where the CPU can leak our data into a guest. */
static inline void spec_before_guest(void)
{
	static const uint16_t data_segment = SEL_DATA;

	if (unlikely(spec_l1d_flush)) /* clears the buffers, too */
		wrmsr(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
	else if (unlikely(spec_verw))
		__asm__ volatile("verw %0" :: "m"(data_segment) : "cc", "memory");
}
/* Before a vCPU of another domain than the last one runs on this CPU. */
void spec_domain_switch(void);
