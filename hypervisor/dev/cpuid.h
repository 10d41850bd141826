/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What CPUID says to a guest: a policy per domain, an array of prepared answers, plus the few bits
 * that depend on the vCPU's state. Policies change only while the domain has never run.
 */
#pragma once

#include "core/domain.h"

/* Same layout as xen_cpuid_leaf_t. */
struct cpuid_leaf {
	uint32_t leaf, subleaf;
	uint32_t a, b, c, d;
};
#define CPUID_NO_SUBLEAF 0xffffffffU
#define CPUID_XEN_BASE	 0x40000000U

/* Index of sysctl get_cpu_policy and get_cpu_featureset: the same numbers. */
enum {
	POLICY_RAW, POLICY_HOST, POLICY_PV_MAX, POLICY_HVM_MAX, POLICY_PV_DEFAULT,
	POLICY_HVM_DEFAULT
};
#define CPUID_FEATURESET_WORDS 20
#define CPUID_MAX_LEAVES 64
#define CPUID_MAX_SERIALISED 128 /* what the tools may need for a policy of their own making */

void cpuid_init(void);	/* boot CPU, after features_init: the host's policies */
int cpuid_create(struct domain *d) __must_check; /* d->cpuid = the default policy; -ENOMEM */
void cpuid_free(struct domain *d);

/* regs: EAX EBX ECX EDX. */
void cpuid_answer(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint32_t regs[4]);

/* Host, max or default; NULL for the PV ones (POLICY_RAW is the host's, unfiltered). */
const struct cpuid_policy *cpuid_system_policy(unsigned int index);
/* Those that 4.17's tools know. */
unsigned int cpuid_nr_leaves(const struct cpuid_policy *p);
struct cpuid_leaf cpuid_leaf_at(const struct cpuid_policy *p, unsigned int i); /* i < nr */
/*
 * Lay leaves over d's policy: features are cut to what the host offers, unknown leaves are ignored.
 * -EINVAL with the culprit in *err, policy unchanged.
 */
int cpuid_set_leaves(struct domain *d, const struct cpuid_leaf *leaves, unsigned int nr,
		     const struct cpuid_leaf **err);
/* Feature words in Xen's order. */
void cpuid_featureset(const struct cpuid_policy *p, uint32_t words[CPUID_FEATURESET_WORDS]);

/* Does d's policy have this bit? */
bool cpuid_has(const struct domain *d, unsigned int feature); /* enum cpu_feature */
unsigned int cpuid_phys_bits(const struct domain *d);
uint64_t cpuid_xcr0_mask(const struct domain *d); /* what XCR0 may hold, 0 without XSAVE */
