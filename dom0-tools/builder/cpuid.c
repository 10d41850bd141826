/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID topology. The APIC ids are 2 * vCPU (Xen's rule, which guests and tools know), so a package
 * has twice as many ids as vCPUs. What each vCPU sees as its own id is the hypervisor's part.
 * Fields: Intel SDM 2A, CPUID; AMD APM 3, appendix E.
 */
#include "dom0-tools/builder/cpuid.h"

#define L1_EBX_LOGICAL_SHIFT	16		/* ids per package */
#define L1_EDX_HTT		(1U << 28)
#define L4_EAX_CORES_SHIFT	26		/* core ids per package - 1 */
#define L4_EAX_THREADS_MASK	(0xfffU << 14)	/* ids that share the cache - 1 */
#define L4_EAX_TYPE_MASK	0x1fU
#define E1_ECX_CMP_LEGACY	(1U << 1)
#define E8_ECX_ID_SIZE_SHIFT	12

static unsigned int limit(unsigned int n, unsigned int most)
{
	return n < most ? n : most;
}

/* Bits needed to tell n ids apart. */
static unsigned int id_bits(unsigned int n)
{
	unsigned int bits = 0;

	while ((1U << bits) < n)
		bits++;
	return bits;
}

void cpuid_set_topology(xen_cpuid_leaf_t *leaf, unsigned int nr, unsigned int vcpus)
{
	unsigned int ids = 2 * vcpus;

	for (unsigned int i = 0; i < nr; i++) {
		xen_cpuid_leaf_t *l = &leaf[i];

		switch (l->leaf) {
		case 1:
			l->b = (l->b & ~(0xffU << L1_EBX_LOGICAL_SHIFT)) |
			       limit(ids, 255) << L1_EBX_LOGICAL_SHIFT;
			l->d |= L1_EDX_HTT;
			break;
		case 4: /* caches, Intel */
			if (l->a & L4_EAX_TYPE_MASK)
				l->a = (l->a &
					~(0x3fU << L4_EAX_CORES_SHIFT | L4_EAX_THREADS_MASK)) |
				       limit(ids - 1, 0x3f) << L4_EAX_CORES_SHIFT;
			break;
		case 0x80000001:
			l->c &= ~E1_ECX_CMP_LEGACY;
			break;
		case 0x80000008: /* core count, AMD; Intel has zeros here */
			if (l->c)
				l->c = id_bits(ids) << E8_ECX_ID_SIZE_SHIFT | limit(ids - 1, 0xff);
			break;
		}
	}
}
