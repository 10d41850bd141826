/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Against speculation across the guest's border: what this CPU needs, decided once from its features,
 * with spec-ctrl= to overrule. Read-only after spec_init(). On a CPU that needs nothing all are false.
 */
#ifndef X86_SPEC_H
#define X86_SPEC_H

#include "lib/compiler.h"

extern bool spec_stuff_rsb;	/* refill the return stack buffer after each exit */
extern bool spec_ibpb;		/* branch predictor barrier when a CPU changes domain */

/* What spec-ctrl= says of each. AUTO: what this CPU needs. */
enum spec_choice { SPEC_AUTO, SPEC_NO, SPEC_YES };
void spec_init(enum spec_choice rsb, enum spec_choice ibpb);
/* Each CPU, once: automatic IBRS where the CPU has it. */
void spec_cpu_init(void);
/* Before a vCPU of another domain than the last one runs on this CPU. */
void spec_domain_switch(void);

#endif
