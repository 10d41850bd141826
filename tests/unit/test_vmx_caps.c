/* SPDX-License-Identifier: GPL-2.0-only */
/* Which controls come of which capability MSRs, and what is said when one is missing. */
#include "unit.h"
#include "hvm/vmx/vmx.h"

enum {
	BASIC = 0,
	PIN = 1,
	PROC = 2,
	EXIT_CTLS = 3,
	ENTRY = 4,
	MISC = 5,
	CR0_FIXED0 = 6,
	CR4_FIXED0 = 8,
	PROC2 = 11,
	EPT = 12,
	TRUE_AHEAD = 12
};

static uint64_t msr[VMX_NR_MSRS];
static struct vmx_caps caps;

static uint64_t allow(uint32_t must, uint32_t may)
{
	return must | (uint64_t)may << 32;
}

/* A CPU of about 2015: the values that SDM 3C appendix A and such CPUs give. */
static int setup(void **state)
{
	memset(msr, 0, sizeof(msr));
	msr[BASIC] = 0x00da040000000012 | 1ULL << 55;
	msr[PIN] = allow(0x16, 0x7f);
	msr[PROC] = allow(0x0401e172, 0xfff9fffe);
	msr[EXIT_CTLS] = allow(0x00036dff, 0x01ffffff);
	msr[ENTRY] = allow(0x000011ff, 0x0003ffff);
	msr[MISC] = 0x00000000000401e5;
	msr[CR0_FIXED0] = 0x80000021;
	msr[CR4_FIXED0] = 0x2000;
	msr[PROC2] = allow(0, 0x0000ffff);
	msr[EPT] = 0x00000f0106334141;
	msr[PIN + TRUE_AHEAD] = allow(0x16, 0x7f);
	msr[PROC + TRUE_AHEAD] = allow(0x04006172, 0xfff9fffe);
	msr[EXIT_CTLS + TRUE_AHEAD] = allow(0x00036dfb, 0x01ffffff);
	msr[ENTRY + TRUE_AHEAD] = allow(0x000011fb, 0x0003ffff);
	return 0;
}

static void compute(void)
{
	assert_null(vmx_caps_compute(msr, &caps));
}

static void expect_missing(const char *word)
{
	const char *missing = vmx_caps_compute(msr, &caps);

	assert_non_null(missing);
	if (!strstr(missing, word))
		fail_msg("\"%s\" is not about %s", missing, word);
}

static void a_real_cpu_has_all_that_is_needed(void **state)
{
	compute();
	assert_int_equal(caps.revision, 0x12);
	assert_int_equal(caps.timer_shift, 5);
	assert_int_equal(caps.pin, 0x16 | 1u << 0 | 1u << 3 | 1u << 5 | 1u << 6);
	assert_int_equal(caps.proc2,
			 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 9 |
				 1u << 12 | 1u << 15);
	assert_int_equal(caps.ept, 0x06334141);
}

static void every_control_is_one_that_the_cpu_allows(void **state)
{
	const uint32_t *out[] = { &caps.pin, &caps.proc, &caps.exit, &caps.entry };

	compute();
	for (unsigned int i = 0; i < ARRAY_SIZE(out); i++) {
		uint64_t allowed = msr[PIN + i + TRUE_AHEAD];

		assert_int_equal(*out[i] & (uint32_t)allowed, (uint32_t)allowed);
		assert_int_equal(*out[i] & ~(uint32_t)(allowed >> 32), 0);
	}
}

/* Windows open only on request, guests start outside long mode, and CR3 is their own. */
static void what_is_switched_is_off_at_first(void **state)
{
	compute();
	assert_false(caps.proc & (PROC_INTR_WINDOW | PROC_NMI_WINDOW));
	assert_false(caps.entry & ENTRY_IA32E);
	assert_false(caps.proc & (3u << 15 | 1u << 9 | 1u << 12 | 1u << 24));
	assert_true(caps.proc & PROC_MOV_DR);
}

static void missing_controls_are_named(void **state)
{
	static const struct {
		uint8_t msr, bit;
		const char *word;
	} rows[] = {
		{ PROC2, 1, "EPT" },
		{ PROC2, 7, "unrestricted" },
		{ PIN + TRUE_AHEAD, 5, "virtual NMIs" },
		{ PROC + TRUE_AHEAD, 31, "second controls" },
		{ PROC + TRUE_AHEAD, 28, "bitmaps" },
		{ PROC + TRUE_AHEAD, 2, "interrupt and NMI windows" },
		{ EXIT_CTLS + TRUE_AHEAD, 20, "EFER" },
		{ ENTRY + TRUE_AHEAD, 14, "PAT" },
		{ ENTRY + TRUE_AHEAD, 9, "64-bit" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		setup(state);
		msr[rows[i].msr] &= ~(1ULL << (32 + rows[i].bit));
		expect_missing(rows[i].word);
	}
}

static void kinds_of_ept_that_do_not_do(void **state)
{
	static const uint8_t bits[] = { 6, 14, 16, 20, 25 };

	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++) {
		setup(state);
		msr[EPT] &= ~(1ULL << bits[i]);
		assert_non_null(vmx_caps_compute(msr, &caps));
	}
}

/* A CPU from before EPT has neither the second controls nor their MSR: what is missing most is said. */
static void an_old_cpu_is_told_about_ept(void **state)
{
	msr[PROC2] = msr[EPT] = 0;
	msr[PROC + TRUE_AHEAD] &= ~(1ULL << 63);
	expect_missing("EPT");
}

static void what_is_only_wanted_may_be_missing(void **state)
{
	msr[PROC2] = allow(0, 1u << 1 | 1u << 7);
	msr[PIN + TRUE_AHEAD] &= ~(1ULL << (32 + 6));
	compute();
	assert_int_equal(caps.proc2, 1u << 1 | 1u << 7);
	assert_false(caps.pin & PIN_PREEMPTION_TIMER);
	assert_false(caps.exit & EXIT_SAVE_TIMER); /* VM entry refuses it alone */
}

/* With a TPR shadow CR8 needs no exits; without one VM entry refuses what builds on it. */
static void help_with_the_apic_has_its_conditions(void **state)
{
	compute();
	assert_true(caps.proc & PROC_TPR_SHADOW);
	assert_false(caps.proc & (PROC_CR8_READ | PROC_CR8_WRITE));
	msr[PROC2] &= ~((uint64_t)PROC2_INTR_DELIVERY << 32); /* as for vmx=no-vid */
	compute();
	assert_int_equal(caps.proc2 & (PROC2_X2APIC | PROC2_APIC_REGS | PROC2_INTR_DELIVERY), PROC2_X2APIC | PROC2_APIC_REGS);
	msr[PROC2] &= ~(1ULL << (32 + 4));
	compute();
	assert_true(caps.proc & PROC_TPR_SHADOW);
	assert_false(caps.proc2 & (PROC2_X2APIC | PROC2_APIC_REGS | PROC2_INTR_DELIVERY));
	setup(state);
	msr[PROC + TRUE_AHEAD] &= ~(1ULL << (32 + 21));
	compute();
	assert_int_equal(caps.proc & (PROC_CR8_READ | PROC_CR8_WRITE), PROC_CR8_READ | PROC_CR8_WRITE);
	assert_false(caps.proc2 & (PROC2_X2APIC | PROC2_APIC_REGS | PROC2_INTR_DELIVERY));
}

/* Without "true" MSRs CR3 exits cannot be switched off, and nobody here handles them. */
static void without_true_controls_cr3_stands_in_the_way(void **state)
{
	msr[BASIC] &= ~(1ULL << 55);
	expect_missing("CR3");
}

static void control_registers(void **state)
{
	compute();
	/* PE and PG are an unrestricted guest's own; NE is not, nor is caching */
	assert_int_equal(caps.cr0_on, X86_CR0_NE);
	assert_int_equal(caps.cr0_mask, X86_CR0_NE | X86_CR0_CD | X86_CR0_NW);
	assert_int_equal(caps.cr4_on, 0x2000 | X86_CR4_MCE);
	assert_true(caps.cr4_mask & X86_CR4_MCE);
	assert_true(caps.cr4_mask & 0x2000);
	assert_true(caps.cr4_mask & 1UL << 22); /* PKE */
	assert_false(caps.cr4_mask & (X86_CR4_PAE | X86_CR4_PGE | X86_CR4_OSXSAVE | X86_CR4_SMEP | X86_CR4_SMAP |
				      X86_CR4_PCIDE | X86_CR4_FSGSBASE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_real_cpu_has_all_that_is_needed, setup),
		cmocka_unit_test_setup(every_control_is_one_that_the_cpu_allows, setup),
		cmocka_unit_test_setup(what_is_switched_is_off_at_first, setup),
		cmocka_unit_test_setup(missing_controls_are_named, setup),
		cmocka_unit_test_setup(kinds_of_ept_that_do_not_do, setup),
		cmocka_unit_test_setup(an_old_cpu_is_told_about_ept, setup),
		cmocka_unit_test_setup(what_is_only_wanted_may_be_missing, setup),
		cmocka_unit_test_setup(help_with_the_apic_has_its_conditions, setup),
		cmocka_unit_test_setup(without_true_controls_cr3_stands_in_the_way, setup),
		cmocka_unit_test_setup(control_registers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
