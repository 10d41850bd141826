/* SPDX-License-Identifier: GPL-2.0-only */
/* What this machine's CPUs say. Apart from cpuid_policy.c so that tests can pretend to be any CPU.
 */
#include "dev/cpuid_policy.h"
#include "x86/cpuid.h"
#include "x86/features.h"
#include "x86/time.h"

struct cpuid_leaf cpuid_host_leaf(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r = cpuid_count(leaf, subleaf);

	return (struct cpuid_leaf){ leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx };
}

uint64_t cpuid_host_xcr0(void)
{
	return cpu_features.xcr0_mask;
}

uint64_t cpuid_host_tsc_khz(void)
{
	return tsc_khz;
}

bool cpuid_host_switches_spec_ctrl(void)
{
	return cpu_has(F_SVM_SPEC_CTRL);
}

bool cpuid_host_is_amd(void)
{
	return cpu_is_amd();
}
