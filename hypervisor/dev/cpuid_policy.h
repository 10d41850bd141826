/* SPDX-License-Identifier: GPL-2.0-only */
/* The policy object: rows of answers in rising order of leaf and subleaf, and where each leaf
 * begins. */
#pragma once

#include "dev/cpuid.h"
#include "x86/features.h"

#define NR_BASIC_LEAVES	   0x17u
#define NR_EXTENDED_LEAVES 0x22u
#define CPUID_NO_ROW	   0xff

struct cpuid_policy {
	uint8_t nr;
	uint8_t nr_known; /* of those, leaves that 4.17's tools know; the others come last */
	uint8_t basic[NR_BASIC_LEAVES];	      /* first row of leaf i, CPUID_NO_ROW: all zero */
	uint8_t extended[NR_EXTENDED_LEAVES]; /* of leaf 0x80000000 + i */
	struct cpuid_leaf row[CPUID_MAX_LEAVES];
};

/* The row of leaf and subleaf, or NULL. Leaves without subleaves match any. */
struct cpuid_leaf *cpuid_policy_find(const struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf);
uint32_t cpuid_policy_word(const struct cpuid_policy *p, unsigned int word);

enum policy_level { LEVEL_HOST, LEVEL_GUEST };
/* Ask this CPU for every leaf we know; LEVEL_GUEST then keeps what a guest can be given. */
void cpuid_policy_make(struct cpuid_policy *p, enum policy_level level);
/* Lay leaves over p, cut to max. -EINVAL: *err, p unchanged. */
int cpuid_policy_merge(struct cpuid_policy *p, const struct cpuid_policy *top,
		       const struct cpuid_leaf *leaves, unsigned int nr,
		       const struct cpuid_leaf **err);

/* Seam, cpuid.c: what this machine's CPUs say. */
struct cpuid_leaf cpuid_host_leaf(uint32_t leaf, uint32_t subleaf);
