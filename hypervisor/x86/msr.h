/* SPDX-License-Identifier: GPL-2.0-only */
/* Model-specific registers, with the manuals' names, and the instructions that reach them. */
#pragma once

#include "lib/base.h"

#define MSR_TSC			0x00000010
#define MSR_APIC_BASE		0x0000001b
#define  APIC_BASE_BSP		(1ULL << 8)
#define  APIC_BASE_X2APIC	(1ULL << 10)
#define  APIC_BASE_ENABLE	(1ULL << 11)
#define MSR_FEATURE_CONTROL	0x0000003a
#define MSR_SPEC_CTRL		0x00000048
#define  SPEC_CTRL_IBRS		(1ULL << 0)
#define  SPEC_CTRL_STIBP	(1ULL << 1)
#define  SPEC_CTRL_SSBD		(1ULL << 2)
#define  SPEC_CTRL_PSFD		(1ULL << 7)
#define MSR_PRED_CMD		0x00000049
#define  PRED_CMD_IBPB		(1ULL << 0)
#define MSR_UCODE_REV		0x0000008b
#define MSR_MTRR_CAP		0x000000fe
#define MSR_ARCH_CAPABILITIES	0x0000010a
#define MSR_FLUSH_CMD		0x0000010b
#define  FLUSH_CMD_L1D		(1ULL << 0)
#define MSR_SYSENTER_CS		0x00000174
#define MSR_SYSENTER_ESP	0x00000175
#define MSR_SYSENTER_EIP	0x00000176
#define MSR_MCG_CAP		0x00000179
#define MSR_MCG_STATUS		0x0000017a
#define MSR_MISC_ENABLE		0x000001a0
#define MSR_DEBUGCTL		0x000001d9
#define MSR_MTRR_PHYSBASE0	0x00000200
#define MSR_MTRR_FIX64K		0x00000250
#define MSR_PAT			0x00000277
#define MSR_MTRR_DEF_TYPE	0x000002ff
#define MSR_TSC_DEADLINE	0x000006e0
#define MSR_X2APIC_BASE		0x00000800
#define MSR_EFER		0xc0000080
#define  EFER_SCE		(1ULL << 0)
#define  EFER_LME		(1ULL << 8)
#define  EFER_LMA		(1ULL << 10)
#define  EFER_NXE		(1ULL << 11)
#define  EFER_SVME		(1ULL << 12)
#define  EFER_FFXSR		(1ULL << 14)
#define  EFER_AIBRSE		(1ULL << 21)
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_CSTAR		0xc0000083
#define MSR_SFMASK		0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_TSC_AUX		0xc0000103
#define MSR_AMD_SYSCFG		0xc0010010
#define MSR_AMD_HWCR		0xc0010015
#define MSR_VM_CR		0xc0010114
#define  VM_CR_SVMDIS		(1ULL << 4)
#define MSR_VM_HSAVE_PA		0xc0010117
#define MSR_AMD_DE_CFG		0xc0011029
#define  DE_CFG_LFENCE_SERIALIZE (1ULL << 1)

/* PAT as Linux and the architecture's power-on value agree for entries 0-3: WB WT UC- UC, twice. */
#define PAT_POWER_ON 0x0007040600070406ULL

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t val)
{
	__asm__ volatile("wrmsr" :: "c"(msr), "a"((uint32_t)(val & ~0u)), "d"((uint32_t)(val >> 32)) : "memory");
}

/* The same for an MSR that may not exist: -EIO on #GP, and *val is then 0. */
int rdmsr_safe(uint32_t msr, uint64_t *val) __must_check;
