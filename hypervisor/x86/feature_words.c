/* SPDX-License-Identifier: GPL-2.0-only */
/* The feature words of CPUID, see features.h. Pure. */
#include "x86/features.h"

enum { EAX, EBX, ECX, EDX };

const struct cpuid_word cpuid_word[NR_FEATURE_WORDS] = {
	[FW_1_EDX] = { 1, 0, EDX },	       [FW_1_ECX] = { 1, 0, ECX },
	[FW_8_1_EDX] = { 0x80000001, 0, EDX }, [FW_8_1_ECX] = { 0x80000001, 0, ECX },
	[FW_D1_EAX] = { 0xd, 1, EAX },	       [FW_7_EBX] = { 7, 0, EBX },
	[FW_7_ECX] = { 7, 0, ECX },	       [FW_8_7_EDX] = { 0x80000007, 0, EDX },
	[FW_8_8_EBX] = { 0x80000008, 0, EBX }, [FW_7_EDX] = { 7, 0, EDX },
	[FW_71_EAX] = { 7, 1, EAX },	       [FW_8_21_EAX] = { 0x80000021, 0, EAX },
	[FW_71_EBX] = { 7, 1, EBX },	       [FW_72_EDX] = { 7, 2, EDX },
	[FW_71_ECX] = { 7, 1, ECX },	       [FW_71_EDX] = { 7, 1, EDX },
	[FW_8_A_EDX] = { 0x8000000a, 0, EDX },
};
