/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLB tags. Each CPU hands out ASIDs in turn; a fresh one has nothing in the TLB, so "flush this
 * guest" means "take the next". When they run out the CPU flushes everything once and starts a new generation.
 */
#include "hvm/svm/svm.h"
#include "x86/features.h"

DEFINE_PERCPU(uint64_t, svm_asid_gen) = NR_CPUS;	 /* no vCPU's, and no CPU's after the first use */
static DEFINE_PERCPU(uint32_t, asid_next) = UINT32_MAX; /* the first use starts a generation */

void svm_forget_asids(void)
{
	this_cpu(asid_next) = UINT32_MAX;
}

void svm_new_asid(struct hvm_vcpu *hv)
{
	struct vmcb *vmcb = vmcb_of(hv);
	uint64_t *gen = &this_cpu(svm_asid_gen);

	if (this_cpu(asid_next) >= cpu_features.svm_asids) {
		*gen = (*gen | cpu_id()) + NR_CPUS; /* the low bits name the CPU */
		this_cpu(asid_next) = 1; /* 0 is the host's */
		vmcb->tlb_control = TLB_FLUSH_ALL;
	}
	vmcb->asid = this_cpu(asid_next)++;
	vmcb_dirty(vmcb, CLEAN_ASID);
	hv->asid_gen = *gen;
}
