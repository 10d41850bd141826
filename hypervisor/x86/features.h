/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the boot CPU can do, read once from CPUID: words of feature bits, and a few numbers. APs are
 * taken to be alike; smp.c checks that and says so when they are not. Read-only after features_init.
 */
#pragma once

#include "lib/base.h"

/* Those that guests may have come first, in the order of Xen's feature sets. */
enum feature_word {
	FW_1_EDX, FW_1_ECX, FW_8_1_EDX, FW_8_1_ECX, FW_D1_EAX, FW_7_EBX, FW_7_ECX, FW_8_7_EDX,
	FW_8_8_EBX, FW_7_EDX, FW_71_EAX, FW_8_21_EAX, FW_71_EBX, FW_72_EDX, FW_71_ECX, FW_71_EDX,
	NR_POLICY_WORDS, FW_ARCH_CAPS = NR_POLICY_WORDS, FW_8_A_EDX, NR_FEATURE_WORDS
};

/* Where CPUID has each, but for FW_ARCH_CAPS, which is an MSR. reg: 0 EAX .. 3 EDX. */
struct cpuid_word {
	uint32_t leaf, subleaf;
	uint8_t reg;
};
extern const struct cpuid_word cpuid_word[NR_FEATURE_WORDS];

/* F_VMX, F_SVM, F_XSAVE...: Xen's name for each bit, at its place in the words above. */
#define XEN_CPUFEATURE(name, bit) F_##name = bit,
enum cpu_feature {
#include <xen/arch-x86/cpufeatureset.h>
	F_SVM_NPT = FW_8_A_EDX * 32 + 0,
	F_SVM_NRIPS = FW_8_A_EDX * 32 + 3,
	F_SVM_SPEC_CTRL = FW_8_A_EDX * 32 + 20,
};

enum cpu_vendor { VENDOR_OTHER, VENDOR_INTEL, VENDOR_AMD, VENDOR_HYGON };

struct cpu_features {
	enum cpu_vendor vendor;
	char vendor_id[13];
	char name[49]; /* brand string */
	uint32_t signature; /* CPUID 1 EAX */
	unsigned int family, model, stepping;
	uint32_t max_leaf, max_ext_leaf;
	uint32_t word[NR_FEATURE_WORDS];
	unsigned int phys_bits;
	unsigned int svm_asids;
	unsigned int xsave_size; /* bytes for every state in xcr0_mask, standard format */
	uint64_t xcr0_mask;	 /* what XCR0 may hold on this machine, 0 without XSAVE */
};
extern struct cpu_features cpu_features;

void features_init(void);

static inline bool cpu_has(unsigned int feature)
{
	return cpu_features.word[feature / 32] >> (feature % 32) & 1;
}

static inline bool cpu_is_amd(void)
{
	return cpu_features.vendor == VENDOR_AMD || cpu_features.vendor == VENDOR_HYGON;
}
