/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The choice by CPU. A guest can train the predictors that we then use, and leave entries in the return
 * stack buffer: CPUs with automatic IBRS isolate both themselves; QEMU's TCG predicts nothing and offers no
 * IBPB, which is how an emulated CPU is told apart here: nothing to control means nothing is done.
 */
#include "x86/features.h"
#include "x86/spec.h"

bool spec_stuff_rsb, spec_ibpb, spec_l1d_flush, spec_verw;

static bool choose(enum spec_choice asked, bool needed)
{
	return asked == SPEC_AUTO ? needed : asked == SPEC_YES;
}

void spec_init(enum spec_choice rsb, enum spec_choice ibpb)
{
	bool has_ibpb = cpu_has(F_IBPB) || cpu_has(F_IBRSB);

	spec_stuff_rsb = choose(rsb, has_ibpb && !cpu_has(F_AUTO_IBRS));
	spec_ibpb = choose(ibpb, has_ibpb) && has_ibpb;
	if (ibpb == SPEC_YES && !has_ibpb)
		log_warn("spec-ctrl=ibpb: this CPU has no IBPB; ignored\n");
	/* Intel's CPUs name both what they are immune to and, by these two features, the cure that they have. */
	spec_l1d_flush = cpu_has(F_L1D_FLUSH) && !cpu_has(F_RDCL_NO) && !cpu_has(F_SKIP_L1DFL);
	spec_verw = cpu_has(F_MD_CLEAR) && !cpu_has(F_MDS_NO);
	log_info("Speculation: rsb %s, ibpb %s, l1d-flush %s, verw %s\n", spec_stuff_rsb ? "yes" : "no",
		 spec_ibpb ? "yes" : "no", spec_l1d_flush ? "yes" : "no", spec_verw ? "yes" : "no");
}

/* With it the CPU keeps predictions of less privileged code, guests included, away from ours by itself. */
void spec_cpu_init(void)
{
	if (cpu_has(F_AUTO_IBRS))
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_AIBRSE);
}

void spec_domain_switch(void)
{
	if (spec_ibpb)
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
}
