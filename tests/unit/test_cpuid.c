/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPUID policies made from imaginary machines: what a guest must not see, what it must, and what a
 * toolstack can do to a policy and what not. Random merges keep the invariants.
 */
#include "unit.h"
#include "dev/cpuid_policy.h"
#include "lib/errno.h"
#include "x86/features.h"
#include "x86/time.h"

struct cpu_features cpu_features;
uint64_t tsc_khz = 2300000;

static struct {
	bool is_amd;
	uint32_t max_basic, max_extended;
	uint32_t fill; /* every feature register says this */
} host;

struct cpuid_leaf cpuid_host_leaf(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_leaf l = { leaf, subleaf, host.fill, host.fill, host.fill, host.fill };

	switch (leaf) {
	case 0:
		return host.is_amd ? (struct cpuid_leaf){ 0,	      subleaf,	  host.max_basic,
							  0x68747541, 0x444d4163, 0x69746e65 }
				   : (struct cpuid_leaf){ 0,	      subleaf,	  host.max_basic,
							  0x756e6547, 0x6c65746e, 0x49656e69 };
	case 4:
		l.a = subleaf < 4 ? 0x121 + subleaf * 32 : 0;
		break;
	case 7:
		l.a = subleaf ? host.fill : 2;
		break;
	case 0xd:
		if (subleaf >= 2)
			l.a = 64, l.b = 576 + 64 * (subleaf - 2);
		break;
	case 0x80000000:
		l.a = host.max_extended;
		break;
	case 0x80000008:
		l.a = 0x3034; /* 52 bits physical, 48 linear */
		break;
	}
	return l;
}

static struct cpuid_policy top, policy;

static void make(bool is_amd, uint64_t xcr0, uint32_t fill)
{
	host.is_amd = is_amd;
	host.max_basic = is_amd ? 0x10 : 0x1f;
	host.max_extended = is_amd ? 0x80000021 : 0x80000008;
	cpu_features.vendor = is_amd ? VENDOR_AMD : VENDOR_INTEL;
	cpu_features.xcr0_mask = xcr0;
	host.fill = fill;
	cpuid_policy_make(&top, LEVEL_GUEST);
	policy = top;
}

static uint32_t reg(uint32_t leaf, uint32_t subleaf, unsigned int r)
{
	const struct cpuid_leaf *l = cpuid_policy_find(&policy, leaf, subleaf);
	uint32_t regs[4] = { 0 };

	if (l) {
		regs[0] = l->a;
		regs[1] = l->b;
		regs[2] = l->c;
		regs[3] = l->d;
	}
	return regs[r];
}

enum { A, B, C, D };

static void check_policy(const struct cpuid_policy *p)
{
	uint32_t c1 = cpuid_policy_word(p, 1), b7 = cpuid_policy_word(p, 5);
	const struct cpuid_leaf *xsave = cpuid_policy_find(p, 0xd, 0);

	for (unsigned int w = 0; w < NR_POLICY_WORDS; w++)
		assert_int_equal(cpuid_policy_word(p, w) & ~cpuid_policy_word(&top, w), 0);
	assert_int_equal(c1 & (1u << 21 | 1u << 24 | 1u << 31), 1u << 21 | 1u << 24 | 1u << 31);
	assert_int_equal(c1 & (1u << 3 | 1u << 5 | 1u << 27), 0);
	if (!(c1 & 1u << 26))
		assert_int_equal(xsave->a, 0);
	if (!(xsave->a & 4))
		assert_int_equal((c1 & 1u << 28) | (b7 & 1u << 5), 0);
	if (!(c1 & 1u << 17))
		assert_int_equal(b7 & 1u << 10, 0);
	assert_true(p->nr_known <= p->nr && p->nr <= CPUID_MAX_LEAVES);
	for (unsigned int i = 1; i < p->nr_known; i++)
		assert_true(p->row[i].leaf > p->row[i - 1].leaf ||
			    (p->row[i].leaf == p->row[i - 1].leaf &&
			     p->row[i].subleaf > p->row[i - 1].subleaf));
}

static void amd_with_everything(void **state)
{
	make(true, 0xe7, ~0u);
	check_policy(&policy);
	assert_int_equal(reg(0, 0, A), 0xd);
	assert_int_equal(reg(0, 0, B), 0x68747541); /* the vendor stays */
	assert_int_equal(reg(0x80000001, 0, C) & (1u << 2 | 1u << 10 | 1u << 22),
			 0);					  /* SVM, IBS, TOPOEXT */
	assert_int_equal(reg(1, 0, D) & (1u << 7 | 1u << 14), 0); /* MCE, MCA */
	assert_int_equal(reg(6, 0, A), 4);
	assert_int_equal(reg(0xa, 0, A) | reg(5, 0, A) | reg(0x8000000a, 0, A), 0);
	assert_int_equal(reg(0x80000008, 0, A), 0x3030); /* no more than 48 bits */
	assert_int_equal(reg(0xd, 0, A), 0xe7);
	assert_int_equal(reg(0xd, 0, C), 576 + 64 * 5 + 64);
	assert_int_equal(reg(0xd, 1, A) & 8, 0); /* XSAVES */
	assert_int_equal(reg(7, 0, B) & (1u << 1 | 1u << 2), 0);
}

static void spec_ctrl_only_where_it_is_switched(void **state)
{
	make(true, 7, ~0u);
	assert_int_equal(reg(0x80000008, 0, B) & (1u << 14 | 1u << 24), 0);
	cpu_features.word[FW_8_A_EDX] = 1u << F_SVM_SPEC_CTRL % 32;
	make(true, 7, ~0u);
	cpu_features.word[FW_8_A_EDX] = 0;
	assert_int_equal(reg(0x80000008, 0, B) & (1u << 14 | 1u << 24), 1u << 14 | 1u << 24);
}

static void intel_with_everything(void **state)
{
	make(false, 7, ~0u);
	check_policy(&policy);
	assert_int_equal(reg(0, 0, A), 0x16);
	assert_int_equal(reg(0x15, 0, C), 100000000);
	assert_int_equal(reg(0x15, 0, B) / reg(0x15, 0, A), 23); /* 2.3 GHz of 100 MHz */
	assert_int_equal(reg(7, 0, B) & 1u << 16, 0);		 /* no AVX-512 state */
	assert_int_equal(reg(7, 0, D) & (1u << 26 | 1u << 31), 0); /* SPEC_CTRL is not switched */
}

static void machine_with_nothing(void **state)
{
	make(true, 0, 0);
	check_policy(&policy);
	assert_int_equal(reg(1, 0, C), 1u << 21 | 1u << 24 | 1u << 31);
	assert_int_equal(reg(0xd, 0, A), 0);
}

static void leaves_beyond_the_machine(void **state)
{
	make(false, 7, ~0u);
	host.max_basic = 4; /* Intel repeats the last leaf's data above */
	cpuid_policy_make(&policy, LEVEL_GUEST);
	assert_int_equal(reg(7, 0, B), 0);
	assert_null(cpuid_policy_find(&policy, 0x17, 0));
	assert_null(cpuid_policy_find(&policy, 0x80000030, 0));
	assert_null(cpuid_policy_find(&policy, 0x40000000, 0));
	assert_null(cpuid_policy_find(&policy, 7, 9));
}

static void a_toolstack_can_take_but_not_add(void **state)
{
	struct cpuid_leaf in[2] = { { 1, CPUID_NO_SUBLEAF, 0x800f12, 0, ~0u, ~0u },
				    { 7, 0, 0, 0, 0, 0 } };
	const struct cpuid_leaf *err = NULL;

	make(true, 7, ~0u);
	assert_int_equal(cpuid_policy_merge(&policy, &top, in, 2, &err), 0);
	check_policy(&policy);
	assert_int_equal(reg(1, 0, A), 0x800f12);
	assert_int_equal(reg(7, 0, B), 0);
	in[0].c = 0; /* no XSAVE: all that needs it goes too */
	assert_int_equal(cpuid_policy_merge(&policy, &top, in, 1, &err), 0);
	check_policy(&policy);
	assert_int_equal(reg(0xd, 0, A), 0);
}

static void refuses_another_vendor_and_wider_addresses(void **state)
{
	struct cpuid_leaf vendor = { 0, CPUID_NO_SUBLEAF, 0xd, 1, 2, 3 };
	struct cpuid_leaf width = { 0x80000008, CPUID_NO_SUBLEAF, 0x3034, 0, 0, 0 };
	const struct cpuid_leaf *err = NULL;
	struct cpuid_policy before;

	make(true, 7, ~0u);
	before = policy;
	assert_int_equal(cpuid_policy_merge(&policy, &top, &vendor, 1, &err), -EINVAL);
	assert_ptr_equal(err, &vendor);
	assert_int_equal(cpuid_policy_merge(&policy, &top, &width, 1, &err), -EINVAL);
	assert_ptr_equal(err, &width);
	assert_memory_equal(&before, &policy, sizeof(policy));
}

static void random_merges(void **state)
{
	static const uint32_t leaves[] = { 0,	       1,	   2,	       4,
					   6,	       7,	   0xb,	       0xd,
					   0x15,       0x33,	   0x40000000, 0x80000000,
					   0x80000001, 0x80000008, 0x80000021, 0xffffffff };

	unit_seed();
	for (unsigned int i = 0; i < 20000; i++) {
		struct cpuid_leaf in[4];
		const struct cpuid_leaf *err;

		if (i % 100 == 0)
			make(unit_below(2),
			     unit_below(2)   ? 0xe7
			     : unit_below(2) ? 7
					     : 3,
			     (uint32_t)unit_rand());
		for (unsigned int k = 0; k < 4; k++)
			in[k] = (struct cpuid_leaf){ leaves[unit_below(sizeof(leaves) / 4)],
						     unit_below(2) ? CPUID_NO_SUBLEAF
								   : (uint32_t)unit_below(4),
						     (uint32_t)unit_rand(),
						     (uint32_t)unit_rand(),
						     (uint32_t)unit_rand(),
						     (uint32_t)unit_rand() };
		(void)cpuid_policy_merge(&policy, &top, in, (unsigned int)unit_below(5), &err);
		check_policy(&policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amd_with_everything),
		cmocka_unit_test(intel_with_everything),
		cmocka_unit_test(spec_ctrl_only_where_it_is_switched),
		cmocka_unit_test(machine_with_nothing),
		cmocka_unit_test(leaves_beyond_the_machine),
		cmocka_unit_test(a_toolstack_can_take_but_not_add),
		cmocka_unit_test(refuses_another_vendor_and_wider_addresses),
		cmocka_unit_test(random_merges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
