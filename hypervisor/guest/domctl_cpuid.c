/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID policies between dev/cpuid.c and the tools, for domctl and sysctl. There are no MSR
 * policies: what a guest's MSRs say follows from CPUID. The tools send two nevertheless; both must
 * say "nothing special".
 */
#include "dev/cpuid.h"
#include "guest/domctl.h"
#include "guest/shared_info.h"
#include "mem/kalloc.h"

#define MSR_PLATFORM_INFO     0xce
#define MAX_MSRS	      2

_Static_assert(sizeof(struct cpuid_leaf) == sizeof(xen_cpuid_leaf_t),
	       "leaves have the ABI's layout");

/*
 * Fills *nr; a NULL array asks how large the tools' buffers must be, for policies of their own
 * making too.
 */
static int leaves_out(const struct cpuid_policy *p, guest_ptr_t to, uint32_t *nr)
{
	uint32_t have = cpuid_nr_leaves(p), room = *nr, i;

	*nr = guest_ptr_null(to) ? CPUID_MAX_SERIALISED : have;
	if (guest_ptr_null(to))
		return 0;
	if (room < have)
		return -ENOBUFS;
	for (i = 0; i < have; i++) {
		struct cpuid_leaf leaf = cpuid_leaf_at(p, i);

		if (copy_to_guest_at(to, i, &leaf, sizeof(leaf)))
			return -EFAULT;
	}
	return 0;
}

int domctl_get_cpu_policy(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;

	p->nr_msrs = guest_ptr_null(HANDLE_PTR(p->msrs)) ? MAX_MSRS : 0;
	return leaves_out(d->cpuid, HANDLE_PTR(p->leaves), &p->nr_leaves);
}

static int set_leaves(struct domain *d, struct xen_domctl_cpu_policy *p)
{
	size_t size = p->nr_leaves * sizeof(struct cpuid_leaf);
	const struct cpuid_leaf *culprit = NULL;
	struct cpuid_leaf *leaves;
	int rc;

	if (!size)
		return 0;
	leaves = kalloc(size);
	if (!leaves)
		return -ENOMEM;
	rc = copy_from_guest(leaves, HANDLE_PTR(p->leaves), size);
	if (!rc)
		rc = cpuid_set_leaves(d, leaves, p->nr_leaves, &culprit);
	if (rc && culprit) {
		p->err_leaf = culprit->leaf;
		p->err_subleaf = culprit->subleaf;
	}
	kfree(leaves, size);
	return rc;
}

int domctl_set_cpu_policy(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
	xen_msr_entry_t msr;

	p->err_leaf = p->err_subleaf = p->err_msr = ~0u;
	if (READ_ONCE(d->guest->was_unpaused))
		return -EEXIST; /* a guest that has looked keeps what it saw */
	if (p->nr_leaves > 4 * CPUID_MAX_LEAVES)
		return -E2BIG;
	if (p->nr_msrs > MAX_MSRS)
		return -E2BIG;
	for (uint32_t i = 0; i < p->nr_msrs; i++) {
		if (copy_from_guest_at(&msr, HANDLE_PTR(p->msrs), i, sizeof(msr)))
			return -EFAULT;
		if ((msr.idx == MSR_PLATFORM_INFO || msr.idx == MSR_ARCH_CAPABILITIES) &&
		    !msr.flags && !msr.val)
			continue;
		p->err_msr = msr.idx;
		return -EINVAL;
	}
	return set_leaves(d, p);
}

int sysctl_get_cpu_policy(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_policy *p = &op->u.cpu_policy;
	const struct cpuid_policy *policy;

	if (p->_rsvd || p->index > POLICY_HVM_DEFAULT)
		return -EINVAL;
	policy = cpuid_system_policy(p->index);
	if (!policy)
		return -EOPNOTSUPP; /* PV */
	p->nr_msrs = guest_ptr_null(HANDLE_PTR(p->msrs)) ? MAX_MSRS : 0;
	return leaves_out(policy, HANDLE_PTR(p->leaves), &p->nr_leaves);
}

int sysctl_get_cpu_featureset(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_featureset *f = &op->u.cpu_featureset;
	uint32_t words[CPUID_FEATURESET_WORDS],
		nr = min(f->nr_features, (uint32_t)ARRAY_SIZE(words));
	const struct cpuid_policy *policy;
	bool short_array = f->nr_features < ARRAY_SIZE(words);

	if (f->index > POLICY_HVM_DEFAULT)
		return -EINVAL;
	policy = cpuid_system_policy(f->index);
	if (!policy)
		return -EOPNOTSUPP;
	f->nr_features = ARRAY_SIZE(words);
	if (guest_ptr_null(HANDLE_PTR(f->features)))
		return 0;
	cpuid_featureset(policy, words);
	if (copy_to_guest(HANDLE_PTR(f->features), words, nr * sizeof(words[0])))
		return -EFAULT;
	f->nr_features = nr;
	return short_array ? -ENOBUFS : 0;
}
