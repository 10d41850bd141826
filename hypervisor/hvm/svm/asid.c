/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLB tags. Each CPU hands out ASIDs in turn; a fresh one has nothing in the TLB, so "flush this
 * guest" means "take the next". When they run out the CPU flushes everything once and starts a new generation.
 */
#include "hvm/svm/svm.h"
#include "x86/cpu.h"
#include "x86/features.h"

static DEFINE_PERCPU(uint64_t, asid_gen) = 0;
static DEFINE_PERCPU(uint32_t, asid_next) = UINT32_MAX; /* the first use starts generation 1 */

uint32_t svm_asid(struct hvm_vcpu *hv, bool flush, bool *flush_all)
{
	*flush_all = false;
	if (likely(!flush && hv->last_cpu == (int32_t)cpu_id() && hv->asid_gen == this_cpu(asid_gen)))
		return hv->asid;
	if (this_cpu(asid_next) >= cpu_features.svm_asids) {
		this_cpu(asid_gen)++;
		this_cpu(asid_next) = 1; /* 0 is the host's */
		*flush_all = true;
	}
	hv->asid = this_cpu(asid_next)++;
	hv->asid_gen = this_cpu(asid_gen);
	hv->last_cpu = (int32_t)cpu_id();
	return hv->asid;
}
