/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answering CPUID. Most leaves are a copy of the policy's row; a few depend on who asks: APIC ID,
 * number of vCPUs, OSXSAVE, the size of the XSAVE area, and Xen's own leaves.
 */
#include "dev/cpuid_policy.h"
#include "dev/vlapic.h"
#include "mem/kalloc.h"
#include "x86/cpuid.h"
#include "x86/time.h"
#include <xen/arch-x86/cpuid.h>

/* Xen's leaves; <xen/arch-x86/cpuid.h> names the bits. */
#define XEN_VERSION		0x00040011 /* 4.17 */
#define XEN_MAX_LEAF		(CPUID_XEN_BASE + 5)
#define HYPERCALL_PAGE_MSR	0x40000000
#define LEAF3_TSC_RELIABLE	(1u << 1)
#define LEAF3_RDTSCP		(1u << 2)

static struct cpuid_policy host_policy, guest_policy;

struct cpuid_leaf cpuid_host_leaf(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r = cpuid_count(leaf, subleaf);

	return (struct cpuid_leaf){ leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx };
}

void cpuid_init(void)
{
	cpuid_policy_make(&host_policy, LEVEL_HOST);
	cpuid_policy_make(&guest_policy, LEVEL_GUEST);
}

const struct cpuid_policy *cpuid_system_policy(unsigned int index)
{
	switch (index) {
	case POLICY_RAW:
	case POLICY_HOST:
		return &host_policy;
	case POLICY_HVM_MAX:
	case POLICY_HVM_DEFAULT:
		return &guest_policy;
	default:
		return NULL;
	}
}

int cpuid_create(struct domain *d)
{
	d->cpuid = kalloc(sizeof(*d->cpuid));
	if (!d->cpuid)
		return -ENOMEM;
	*d->cpuid = guest_policy;
	return 0;
}

void cpuid_free(struct domain *d)
{
	kfree(d->cpuid, sizeof(*d->cpuid));
	d->cpuid = NULL;
}

static void answer_time(const struct vcpu *v, uint32_t subleaf, uint32_t regs[4])
{
	uint64_t offset = v->d->tsc_offset;

	switch (subleaf) {
	case 0:
		regs[0] = (cpu_has(F_ITSC) ? LEAF3_TSC_RELIABLE : 0) |
			  (cpu_has(F_RDTSCP) ? LEAF3_RDTSCP : 0);
		regs[2] = (uint32_t)tsc_khz;
		break;
	case 1:
		regs[0] = (uint32_t)offset;
		regs[1] = (uint32_t)(offset >> 32);
		regs[2] = tsc_scale.mul;
		regs[3] = (uint32_t)(int32_t)tsc_scale.shift;
		break;
	case 2:
		regs[0] = (uint32_t)tsc_khz;
		break;
	}
}

static void answer_xen(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
	switch (leaf - CPUID_XEN_BASE) {
	case 0:
		regs[0] = XEN_MAX_LEAF;
		regs[1] = XEN_CPUID_SIGNATURE_EBX;
		regs[2] = XEN_CPUID_SIGNATURE_ECX;
		regs[3] = XEN_CPUID_SIGNATURE_EDX;
		break;
	case 1:
		regs[0] = XEN_VERSION;
		break;
	case 2:
		regs[0] = 1;
		regs[1] = HYPERCALL_PAGE_MSR;
		break;
	case 3:
		answer_time(v, subleaf, regs);
		break;
	case 4:
		regs[0] = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT |
			  XEN_HVM_CPUID_UPCALL_VECTOR;
		regs[1] = v->id;
		regs[2] = v->d->id;
		break;
	}
}

/* Bits needed to number the APIC IDs 0 .. 2 * max_vcpus - 1. */
static unsigned int apic_id_bits(const struct domain *d)
{
	unsigned int bits = 1;

	while ((1u << bits) < 2 * d->max_vcpus)
		bits++;
	return bits;
}

/* Size of the XSAVE area for the states in xcr0; compacted when asked for by subleaf 1. */
static uint32_t xsave_size(const struct cpuid_policy *p, uint64_t xcr0, bool compacted)
{
	uint32_t size = 576;

	for (unsigned int i = 2; i < 20; i++) {
		const struct cpuid_leaf *row = xcr0 >> i & 1 ? cpuid_policy_find(p, 0xd, i) : NULL;

		if (row && compacted)
			size += row->a;
		else if (row)
			size = max(size, row->a + row->b);
	}
	return size;
}

static void answer_topology(const struct vcpu *v, uint32_t subleaf, uint32_t regs[4])
{
	regs[2] = subleaf & 0xff;
	regs[3] = 2u * v->id;
	if (subleaf == 0) { /* one thread per core; bit 0 of the ID names it */
		regs[0] = 1;
		regs[1] = 1;
		regs[2] |= 1 << 8;
	} else if (subleaf == 1) {
		regs[0] = apic_id_bits(v->d);
		regs[1] = v->d->max_vcpus;
		regs[2] |= 2 << 8;
	}
}

/* XCR0 is the guest's own while it is loaded. One socket, one thread per core, a core per vCPU. */
static void patch(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
	unsigned int nr_ids = 1u << apic_id_bits(v->d);

	switch (leaf) {
	case 1:
		regs[1] =
			(regs[1] & 0xff00) | min(nr_ids, 255u) << 16 | (uint32_t)(2 * v->id) << 24;
		if (nr_ids > 2)
			regs[3] |= 1u << 28;
		if (hvm_ops->cr4(&v->hvm) & X86_CR4_OSXSAVE)
			regs[2] |= 1u << 27;
		if (!vlapic_is_enabled(v))
			regs[3] &= ~(1u << 9);
		break;
	case 4: /* private caches have one user, the last level everybody */
		if (!(regs[0] & 0x1f))
			break;
		regs[0] &= 0x3fff;
		regs[0] |= (nr_ids / 2 - 1) << 26;
		regs[0] |= (regs[0] >> 5 & 7) >= 3 ? (nr_ids - 1) << 14 : 1 << 14;
		break;
	case 0xb:
		answer_topology(v, subleaf, regs);
		break;
	case 0xd:
		if (subleaf == 0 && regs[0])
			regs[1] = xsave_size(v->d->cpuid, xcr0_read(), false);
		else if (subleaf == 1 && (regs[0] & 2))
			regs[1] = xsave_size(v->d->cpuid, xcr0_read(), true);
		break;
	case 0x80000008:
		regs[2] = apic_id_bits(v->d) << 12 | (nr_ids - 1);
		break;
	}
}

void cpuid_answer(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
	const struct cpuid_policy *p = v->d->cpuid;
	const struct cpuid_leaf *row;

	regs[0] = regs[1] = regs[2] = regs[3] = 0;
	if (leaf - CPUID_XEN_BASE <= XEN_MAX_LEAF - CPUID_XEN_BASE) {
		answer_xen(v, leaf, subleaf, regs);
		return;
	}
	row = cpuid_policy_find(p, leaf, subleaf);
	if (!row && leaf != 0xb)
		return;
	if (row) {
		regs[0] = row->a;
		regs[1] = row->b;
		regs[2] = row->c;
		regs[3] = row->d;
	}
	if ((leaf & 0x7fffffff) - 1 <= 0xc)
		patch(v, leaf, subleaf, regs);
}

/*
 * The tools read a policy into an object of their own and write that back through an array of the
 * same size, with a leaf for each number up to the largest, all subleaves of 4, and two of the
 * hypervisor's. So a list for them ends with empty leaves: the extended ones that have no row, then
 * PADDING times the hypervisor's first.
 */
#define PADDING 10

static unsigned int nr_empty_extended(const struct cpuid_policy *p)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < NR_EXTENDED_LEAVES; i++)
		nr += p->extended[i] == CPUID_NO_ROW;
	return nr;
}

unsigned int cpuid_nr_leaves(const struct cpuid_policy *p)
{
	return p->nr_known + nr_empty_extended(p) + PADDING;
}

struct cpuid_leaf cpuid_leaf_at(const struct cpuid_policy *p, unsigned int i)
{
	if (i < p->nr_known)
		return p->row[index_nospec(i, p->nr_known)];
	i -= p->nr_known;
	for (unsigned int leaf = 0; leaf < NR_EXTENDED_LEAVES; leaf++)
		if (p->extended[leaf] == CPUID_NO_ROW && i-- == 0)
			return (struct cpuid_leaf){
				0x80000000 + leaf, CPUID_NO_SUBLEAF, 0, 0, 0, 0
			};
	return (struct cpuid_leaf){ CPUID_XEN_BASE, CPUID_NO_SUBLEAF, 0, 0, 0, 0 };
}

int cpuid_set_leaves(struct domain *d, const struct cpuid_leaf *leaves, unsigned int nr,
		     const struct cpuid_leaf **err)
{
	return cpuid_policy_merge(d->cpuid, &guest_policy, leaves, nr, err);
}

void cpuid_featureset(const struct cpuid_policy *p, uint32_t words[CPUID_FEATURESET_WORDS])
{
	for (unsigned int w = 0; w < CPUID_FEATURESET_WORDS; w++)
		words[w] = w < NR_POLICY_WORDS ? cpuid_policy_word(p, w) : 0;
}

bool cpuid_has(const struct domain *d, unsigned int feature)
{
	unsigned int w = feature / 32;

	return w < NR_POLICY_WORDS && (cpuid_policy_word(d->cpuid, w) >> feature % 32 & 1);
}

unsigned int cpuid_phys_bits(const struct domain *d)
{
	const struct cpuid_leaf *row = cpuid_policy_find(d->cpuid, 0x80000008, 0);

	return row->a & 0xff;
}

uint64_t cpuid_xcr0_mask(const struct domain *d)
{
	const struct cpuid_leaf *row = cpuid_policy_find(d->cpuid, 0xd, 0);

	return row->a;
}
