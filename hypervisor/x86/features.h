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
	NR_POLICY_WORDS, FW_8_A_EDX = NR_POLICY_WORDS, NR_CPUID_WORDS,
	FW_ARCH_CAPS = NR_CPUID_WORDS, NR_FEATURE_WORDS
};

/* Where CPUID has each. reg: 0 EAX .. 3 EDX. */
struct cpuid_word {
	uint32_t leaf, subleaf;
	uint8_t reg;
};
extern const struct cpuid_word cpuid_word[NR_CPUID_WORDS];

#define FEATURE(word, bit) ((word) * 32 + (bit))
#define F_VMX		FEATURE(FW_1_ECX, 5)
#define F_PCID		FEATURE(FW_1_ECX, 17)
#define F_TSC_DEADLINE	FEATURE(FW_1_ECX, 24)
#define F_XSAVE		FEATURE(FW_1_ECX, 26)
#define F_FSGSBASE	FEATURE(FW_7_EBX, 0)
#define F_SMEP		FEATURE(FW_7_EBX, 7)
#define F_SMAP		FEATURE(FW_7_EBX, 20)
#define F_UMIP		FEATURE(FW_7_ECX, 2)
#define F_MD_CLEAR	FEATURE(FW_7_EDX, 10)
#define F_IBRSB		FEATURE(FW_7_EDX, 26) /* Intel: SPEC_CTRL.IBRS and PRED_CMD.IBPB */
#define F_L1D_FLUSH	FEATURE(FW_7_EDX, 28)
#define F_ARCH_CAPS	FEATURE(FW_7_EDX, 29)
#define F_RDCL_NO	FEATURE(FW_ARCH_CAPS, 0)
#define F_SKIP_L1D_FLUSH FEATURE(FW_ARCH_CAPS, 3)
#define F_MDS_NO	FEATURE(FW_ARCH_CAPS, 5)
#define F_SVM		FEATURE(FW_8_1_ECX, 2)
#define F_NX		FEATURE(FW_8_1_EDX, 20)
#define F_FFXSR		FEATURE(FW_8_1_EDX, 25)
#define F_PAGE1GB	FEATURE(FW_8_1_EDX, 26)
#define F_RDTSCP	FEATURE(FW_8_1_EDX, 27)
#define F_INVARIANT_TSC	FEATURE(FW_8_7_EDX, 8)
#define F_FP_ERR_PTRS	FEATURE(FW_8_8_EBX, 2) /* FXRSTOR and XRSTOR load the pointers in any case */
#define F_IBPB		FEATURE(FW_8_8_EBX, 12) /* AMD */
#define F_IBRS		FEATURE(FW_8_8_EBX, 14)
#define F_AMD_STIBP	FEATURE(FW_8_8_EBX, 15)
#define F_AMD_SSBD	FEATURE(FW_8_8_EBX, 24)
#define F_PSFD		FEATURE(FW_8_8_EBX, 28)
#define F_SVM_NPT	FEATURE(FW_8_A_EDX, 0)
#define F_SVM_SPEC_CTRL	FEATURE(FW_8_A_EDX, 20)
#define F_SVM_NRIPS	FEATURE(FW_8_A_EDX, 3)
#define F_AUTO_IBRS	FEATURE(FW_8_21_EAX, 8)

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
