/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpuid: the hypervisor's own leaves and the few bits of the others that guests act upon. The
 * vendor must be unchanged: Linux chooses its hypercall instruction by it. The bits of leaf +4
 * say how to deliver events and which vCPU this is; the APIC ID in leaf 1 and leaf 0xb is twice
 * that.
 */
#include "lib/apic.h"
#include "lib/smp.h"
#include "lib/test.h"

#define HV 0x40000000

static void check_vcpu_leaves(void *arg)
{
	uint32_t r[4];

	cpuid(HV + 4, 0, r);
	CHECK_EQ(r[0] >> 3 & 1, 1);
	CHECK_EQ(r[1], this_cpu());
	cpuid(1, 0, r);
	CHECK_EQ(r[1] >> 24, apic_id_of_vcpu(this_cpu()));
	cpuid(0, 0, r);
	if (r[0] >= 0xb) {
		cpuid(0xb, 0, r);
		if (r[1]) /* a zero EBX: the leaf is not there */
			CHECK_EQ(r[3], apic_id_of_vcpu(this_cpu()));
	}
	CHECK_EQ(apic_is_x2() ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24,
		 apic_id_of_vcpu(this_cpu()));
}

static void check_base_leaves(void)
{
	uint32_t r[4];

	cpuid(HV, 0, r);
	CHECK(r[0] >= HV + 2 && r[0] <= HV + 0x10);
	CHECK(!memcmp(r + 1, "XenVMMXenVMM", 12));
	cpuid(HV + 1, 0, r);
	CHECK_EQ(r[0], xen_version(XENVER_version, NULL));
	cpuid(HV + 2, 0, r);
	CHECK_EQ(r[0], 1);	    /* one hypercall page */
	CHECK_EQ(r[1], 0x40000000); /* its MSR */
	CHECK_EQ(r[2], 0);
	cpuid(HV + 4, 0, r);
	CHECK_EQ(r[0] >> 6 & 1, 1); /* per-vCPU upcall vector */
	CHECK_EQ(r[0] & 3, 0);	    /* no APIC virtualization claimed: no pirqs */
}

TEST(cpuid, IN_DOM0 | IN_DOMU, 2)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	CHECK_EQ(r[2] >> 31 & 1, 1); /* hypervisor */
	CHECK_EQ(r[2] >> 21 & 1, 1); /* x2APIC */
	CHECK_EQ(r[2] >> 5 & 1, 0);  /* no VMX */
	CHECK_EQ(r[3] >> 9 & 1, 1);  /* APIC */
	cpuid(0x80000001, 0, r);
	CHECK_EQ(r[2] >> 2 & 1, 0);  /* no SVM */
	CHECK_EQ(r[3] >> 29 & 1, 1); /* long mode */
	cpuid(0x80000008, 0, r);
	CHECK((r[0] & 0xff) >= 36);
	check_base_leaves();
	check_vcpu_leaves(NULL);
	REQUIRE(smp_start(1));
	smp_call(1, check_vcpu_leaves, NULL);
	CHECK(smp_wait(1, NSEC_PER_SEC));
	smp_stop(1);
}
