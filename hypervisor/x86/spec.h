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

/* option: the text after spec-ctrl=, or NULL: "no", or a list of [no-]rsb, [no-]ibpb. -EINVAL: unknown word. */
int spec_init(const char *option);
/* Each CPU, once: automatic IBRS where the CPU has it. */
void spec_cpu_init(void);
/* Before a vCPU of another domain than the last one runs on this CPU. */
void spec_domain_switch(void);

#endif
