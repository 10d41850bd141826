/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC: registers in both modes, who gets which message, the timer. Random sequences of it are
 * test_vlapic_model.c's.
 */
#include "vlapic_setup.h"

static void starts_in_x2apic_mode(void **state)
{
	uint64_t val;

	assert_int_equal(vlapic_msr_read(&test_vcpu[0], MSR_APIC_BASE, &val), 0);
	assert_int_equal(val, 0xfee00d00);
	assert_int_equal(vlapic_msr_read(&test_vcpu[1], MSR_APIC_BASE, &val), 0);
	assert_int_equal(val, 0xfee00c00);
	assert_int_equal(read_msr(2, REG_ID), 4);
	assert_int_equal(read_msr(2, REG_LDR), 1 << 4);
	assert_int_equal(read_msr(0, REG_VERSION), 0x50014);
	assert_int_equal(read_msr(0, REG_SVR), 0xff);
	assert_int_equal(vlapic_pending(&test_vcpu[0]), -1);
}

static void refuses_what_x2apic_lacks(void **state)
{
	static const uint8_t unreadable[] = { 0,	1,	  REG_APR, REG_EOI, REG_DFR,
					      REG_ICR2, REG_SELF, 0x3a,	   0x2f };
	static const uint8_t unwritable[] = { REG_ID,  REG_VERSION, REG_PPR, REG_LDR,
					      REG_DFR, REG_ISR,	    REG_IRR, REG_ICR2 };
	struct vcpu *v = &test_vcpu[0];
	unsigned int i;
	uint64_t val;

	for (i = 0; i < sizeof(unreadable); i++)
		assert_int_equal(vlapic_msr_read(v, X2APIC(unreadable[i]), &val), -EINVAL);
	for (i = 0; i < sizeof(unwritable); i++)
		assert_int_equal(vlapic_msr_write(v, X2APIC(unwritable[i]), 0), -EINVAL);
	assert_int_equal(vlapic_msr_write(v, X2APIC(REG_EOI), 1), -EINVAL);
	assert_int_equal(vlapic_msr_write(v, X2APIC(REG_ESR), 1), -EINVAL);
	assert_int_equal(vlapic_msr_write(v, X2APIC(REG_TPR), 0x100), -EINVAL);
	assert_int_equal(vlapic_msr_write(v, X2APIC(REG_SVR), 1ULL << 32), -EINVAL);
	assert_int_equal(vlapic_msr_write(v, X2APIC(REG_ICR), 1u << 31), -EINVAL);
	assert_int_equal(vlapic_msr_write(v, X2APIC(REG_SELF), 0x100), -EINVAL);
}

static void apic_base_steps(void **state)
{
	struct vcpu *v = &test_vcpu[0];

	assert_int_equal(vlapic_msr_write(v, MSR_APIC_BASE, 0xfee00900),
			 -EINVAL); /* x2APIC to xAPIC */
	assert_int_equal(vlapic_msr_write(v, MSR_APIC_BASE, 0xfee00500),
			 -EINVAL); /* EXTD without EN */
	assert_int_equal(vlapic_msr_write(v, MSR_APIC_BASE, 0xfed00d00), -EINVAL); /* elsewhere */
	assert_int_equal(vlapic_msr_write(v, MSR_APIC_BASE, 0xfee00d01), -EINVAL);
	assert_int_equal(vlapic_msr_write(v, MSR_APIC_BASE, 0xfee00100), 0);
	assert_false(vlapic_is_enabled(v));
	assert_int_equal(vlapic_msr_write(v, MSR_APIC_BASE, 0xfee00d00),
			 -EINVAL); /* off to x2APIC */
	assert_int_equal(vlapic_msr_write(v, MSR_APIC_BASE, 0xfee00900), 0);
	assert_int_equal(vlapic_msr_write(v, MSR_APIC_BASE, 0xfee00d00), 0);
	assert_int_equal(read_msr(0, REG_ID), 0);
}

static uint64_t page_read(unsigned int cpu, unsigned int reg)
{
	uint64_t val = 0;

	vlapic_mmio(&test_vcpu[cpu], NULL, VLAPIC_GPA + reg * 16, 4, false, &val);
	return (uint32_t)val;
}

static void page_write(unsigned int cpu, unsigned int reg, uint32_t val)
{
	uint64_t wide = val;

	vlapic_mmio(&test_vcpu[cpu], NULL, VLAPIC_GPA + reg * 16, 4, true, &wide);
}

static void to_xapic(unsigned int cpu)
{
	uint64_t base = 0xfee00000 | (cpu ? 0 : 0x100);

	assert_int_equal(vlapic_msr_write(&test_vcpu[cpu], MSR_APIC_BASE, base), 0);
	assert_int_equal(vlapic_msr_write(&test_vcpu[cpu], MSR_APIC_BASE, base | 0x800), 0);
}

static void xapic_page(void **state)
{
	uint64_t val;

	assert_int_equal(page_read(1, REG_ID), 0xffffffff); /* still in x2APIC mode */
	to_xapic(1);
	assert_int_equal(vlapic_msr_read(&test_vcpu[1], X2APIC(REG_ID), &val), -EINVAL);
	assert_int_equal(page_read(1, REG_ID), 2u << 24);
	page_write(1, REG_ID, 7u << 24);
	assert_int_equal(page_read(1, REG_ID), 2u << 24);
	page_write(1, REG_LDR, 0x20ffffff);
	assert_int_equal(page_read(1, REG_LDR), 0x20000000);
	page_write(1, REG_DFR, 0);
	assert_int_equal(page_read(1, REG_DFR), 0x0fffffff);
	page_write(1, REG_TPR, 0x45);
	assert_int_equal(page_read(1, REG_PPR), 0x45);
	assert_int_equal(hvm_tpr(&test_vcpu[1].hvm), 0x45);
	val = 0;
	vlapic_mmio(&test_vcpu[1], NULL, VLAPIC_GPA + REG_VERSION * 16 + 2, 1, false, &val);
	assert_int_equal(val & 0xff, 5);
}

static void software_disabled_takes_nothing(void **state)
{
	struct apic_msg m = { .dest = 2, .mode = APIC_FIXED, .vector = 0x50 };

	assert_false(vlapic_deliver(&test_domain, &m));
	write_msr(1, REG_SVR, 0x1ff);
	assert_true(vlapic_deliver(&test_domain, &m));
	assert_int_equal(vlapic_pending(&test_vcpu[1]), 0x50);
	write_msr(1, REG_SVR, 0xff); /* keeps what it has, gives nothing */
	assert_int_equal(vlapic_pending(&test_vcpu[1]), -1);
	assert_int_equal(read_msr(1, REG_LVT_LINT0), LVT_MASKED);
	fake_kicks = 0;
	write_msr(1, REG_SVR, 0x1ff);
	assert_true(fake_kicks >= 1);
	assert_int_equal(vlapic_pending(&test_vcpu[1]), 0x50);
}

static void post_kicks_once(void **state)
{
	enable_all();
	fake_kicks = 0;
	vlapic_post(&test_vcpu[1], 0xf3, false);
	vlapic_post(&test_vcpu[1], 0xf3, false);
	assert_int_equal(fake_kicks, 1);
	assert_ptr_equal(fake_kick_last, &test_vcpu[1]);
	assert_int_equal(test_vcpu[1].todo, TODO_INTR);
}

static void what_the_task_priority_holds_back(void **state)
{
	struct vcpu *v = &test_vcpu[0];

	enable_all();
	vlapic_set_tpr(v, 0x60);
	assert_int_equal(vlapic_held_class(v), 0);
	vlapic_post(v, 0x61, false);
	vlapic_post(v, 0x41, false);
	assert_int_equal(vlapic_pending(v), -1);
	assert_int_equal(vlapic_held_class(v), 6);
	vlapic_set_tpr(v, 0x50);
	assert_int_equal(vlapic_held_class(v), 0); /* nothing holds 0x61 back any more */
	deliver(v, 0x61);
	assert_int_equal(vlapic_held_class(v), 0); /* 0x41 waits for an EOI, and then for CR8 */
	fake_kicks = 0;
	write_msr(0, REG_EOI, 0);
	assert_int_equal(vlapic_pending(v), -1);
	assert_int_equal(vlapic_held_class(v), 4);
	assert_int_equal(fake_kicks, 1);
	vlapic_set_tpr(v, 0);
	assert_int_equal(vlapic_pending(v), 0x41);
}

static void level_eoi_is_broadcast(void **state)
{
	enable_all();
	last_level_eoi = 0;
	vlapic_post(&test_vcpu[0], 0x61, true);
	deliver(&test_vcpu[0], 0x61);
	write_msr(0, REG_EOI, 0);
	assert_int_equal(last_level_eoi, 0x61);
	last_level_eoi = 0;
	vlapic_post(&test_vcpu[0], 0x61, false); /* the same vector as an edge */
	deliver(&test_vcpu[0], 0x61);
	write_msr(0, REG_EOI, 0);
	assert_int_equal(last_level_eoi, 0);
}

static void ipi_destinations(void **state)
{
	enable_all();
	write_msr(0, REG_ICR, 4ULL << 32 | 0x41); /* physical, APIC ID 4 = vCPU 2 */
	assert_true(irr_has(2, 0x41) && !irr_has(0, 0x41) && !irr_has(1, 0x41));
	write_msr(0, REG_ICR, 3ULL << 32 | 0x42); /* no such APIC */
	write_msr(0, REG_ICR, 0xffffffffULL << 32 | 0x43);
	assert_true(irr_has(0, 0x43) && irr_has(1, 0x43) && irr_has(2, 0x43) && !irr_has(1, 0x42));
	write_msr(0, REG_ICR,
		  (1ULL << 2 | 1ULL << 4) << 32 | 0x844); /* logical, cluster 0, bits 2 and 4 */
	assert_true(!irr_has(0, 0x44) && irr_has(1, 0x44) && irr_has(2, 0x44));
	write_msr(0, REG_ICR, (1ULL << 16 | 1ULL << 2) << 32 | 0x845); /* cluster 1 */
	assert_false(irr_has(1, 0x45));
	write_msr(1, REG_ICR, 1u << 18 | 0x46);
	assert_true(!irr_has(0, 0x46) && irr_has(1, 0x46) && !irr_has(2, 0x46));
	write_msr(1, REG_ICR, 2u << 18 | 0x47);
	assert_true(irr_has(0, 0x47) && irr_has(1, 0x47) && irr_has(2, 0x47));
	write_msr(1, REG_ICR, 3u << 18 | 0x48);
	assert_true(irr_has(0, 0x48) && !irr_has(1, 0x48) && irr_has(2, 0x48));
	write_msr(2, REG_SELF, 0x49);
	assert_true(irr_has(2, 0x49) && !irr_has(0, 0x49));
}

static void ipi_modes(void **state)
{
	write_msr(0, REG_ICR, 2ULL << 32 | 0x4500); /* INIT, assert: the target's APIC may be off */
	assert_int_equal(nr_inits[1], 1);
	write_msr(0, REG_ICR, 2ULL << 32 | 0x8500); /* INIT level de-assert */
	assert_int_equal(nr_inits[1], 1);
	write_msr(0, REG_ICR, 2ULL << 32 | 0x4608);
	assert_int_equal(last_sipi[1], 8);
	write_msr(0, REG_ICR, 3u << 18 | 0x400);
	assert_true(nr_nmis[0] == 0 && nr_nmis[1] == 1 && nr_nmis[2] == 1);
	write_msr(0, REG_SVR, 0x1ff);
	write_msr(0, REG_ICR, 0x0f); /* vector 15 does not exist */
	write_msr(0, REG_ESR, 0);
	assert_int_equal(read_msr(0, REG_ESR), ESR_SEND_ILLEGAL);
	write_msr(0, REG_ESR, 0);
	assert_int_equal(read_msr(0, REG_ESR), 0);
}

static void xapic_logical(void **state)
{
	struct apic_msg m = { .dest = 0x05, .logical = true, .mode = APIC_FIXED, .vector = 0x55 };

	for (unsigned int i = 0; i < NR_TEST_VCPUS; i++) {
		to_xapic(i);
		page_write(i, REG_SVR, 0x1ff);
		page_write(i, REG_LDR, 1u << (24 + i));
	}
	assert_true(vlapic_deliver(&test_domain, &m)); /* flat: bits 0 and 2 */
	assert_int_equal(vlapic_pending(&test_vcpu[0]), 0x55);
	assert_int_equal(vlapic_pending(&test_vcpu[1]), -1);
	assert_int_equal(vlapic_pending(&test_vcpu[2]), 0x55);
	page_write(1, REG_DFR, 0);
	page_write(1, REG_LDR, 0x32000000);
	m = (struct apic_msg){ .dest = 0x36, .logical = true, .mode = APIC_FIXED, .vector = 0x56 };
	assert_true(vlapic_deliver(&test_domain, &m)); /* clusters: 3, bits 1 and 2 */
	assert_int_equal(vlapic_pending(&test_vcpu[1]), 0x56);
}

static void lowest_priority_goes_to_the_least_busy(void **state)
{
	struct apic_msg m = { .dest = 0xff, .logical = true, .mode = APIC_LOWEST, .vector = 0x70 };

	enable_all();
	write_msr(0, REG_TPR, 0x40);
	write_msr(1, REG_TPR, 0x20);
	write_msr(2, REG_TPR, 0x30);
	assert_true(vlapic_deliver(&test_domain, &m));
	assert_int_equal(vlapic_pending(&test_vcpu[1]), 0x70);
	assert_int_equal(vlapic_pending(&test_vcpu[0]), -1);
	assert_int_equal(vlapic_pending(&test_vcpu[2]), -1);
}

static void timer_one_shot(void **state)
{
	enable_all();
	write_msr(0, REG_TIMER_DIVIDE, 0x3); /* by 16: 160 ns a tick */
	write_msr(0, REG_LVT_TIMER, 0xec);
	write_msr(0, REG_TIMER_INITIAL, 100);
	pass_ns(8000);
	assert_int_equal(read_msr(0, REG_TIMER_CURRENT), 50);
	pass_ns(7999);
	assert_int_equal(vlapic_pending(&test_vcpu[0]), -1);
	pass_ns(1);
	assert_int_equal(vlapic_pending(&test_vcpu[0]), 0xec);
	assert_int_equal(read_msr(0, REG_TIMER_CURRENT), 0);
	deliver(&test_vcpu[0], 0xec);
	write_msr(0, REG_EOI, 0);
	pass_ns(100000);
	assert_int_equal(vlapic_pending(&test_vcpu[0]), -1);
}

static void timer_periodic(void **state)
{
	unsigned int ticks = 0;

	enable_all();
	write_msr(0, REG_TIMER_DIVIDE, 0xb); /* by 1 */
	write_msr(0, REG_LVT_TIMER, LVT_TIMER_PERIOD | 0xec);
	write_msr(0, REG_TIMER_INITIAL, 100000); /* 1 ms */
	for (unsigned int i = 0; i < 100; i++) {
		pass_ns(100000);
		if (vlapic_pending(&test_vcpu[0]) == 0xec) {
			deliver(&test_vcpu[0], 0xec);
			write_msr(0, REG_EOI, 0);
			ticks++;
		}
	}
	assert_int_equal(ticks, 10);
	write_msr(0, REG_TIMER_INITIAL, 0);
	pass_ns(10000000);
	assert_int_equal(vlapic_pending(&test_vcpu[0]), -1);
	write_msr(0, REG_TIMER_INITIAL, 1); /* 10 ns: held back to 100 us */
	fake_kicks = 0;
	for (unsigned int i = 0; i < 10; i++) {
		pass_ns(100000);
		deliver(&test_vcpu[0], 0xec);
		write_msr(0, REG_EOI, 0);
	}
	assert_in_range(fake_kicks, 9, 11);
}

/* A domain that stands still must not cost the host 10,000 interrupts a second for each vCPU. */
static void timer_of_who_does_not_run(void **state)
{
	enable_all();
	write_msr(0, REG_TIMER_DIVIDE, 0xb);
	write_msr(0, REG_LVT_TIMER, LVT_TIMER_PERIOD | 0xec);
	write_msr(0, REG_TIMER_INITIAL, 10000); /* 100 us */
	test_vcpu[0].sched.running_on = -1;
	nr_fired = 0;
	pass_ns(1000000000);
	assert_in_range(nr_fired, 99, 102);
	assert_int_equal(vlapic_pending(&test_vcpu[0]), 0xec);
	test_vcpu[0].sched.running_on = 0;
	deliver(&test_vcpu[0], 0xec);
	write_msr(0, REG_EOI, 0);
	assert_in_range(read_msr(0, REG_TIMER_CURRENT), 1, 10000);
	pass_ns(10000000);
	nr_fired = 0;
	pass_ns(10000000); /* back to its pace, taken or not */
	assert_in_range(nr_fired, 99, 101);
}

static void timer_tsc_deadline(void **state)
{
	uint64_t val;

	enable_all();
	assert_int_equal(vlapic_msr_write(&test_vcpu[0], MSR_TSC_DEADLINE, 5000),
			 0); /* other mode: ignored */
	assert_int_equal(vlapic_msr_read(&test_vcpu[0], MSR_TSC_DEADLINE, &val), 0);
	assert_int_equal(val, 0);
	write_msr(0, REG_LVT_TIMER, LVT_TIMER_TSC | 0xec);
	assert_int_equal(vlapic_msr_write(&test_vcpu[0], MSR_TSC_DEADLINE, 5000), 0);
	assert_int_equal(vlapic_msr_read(&test_vcpu[0], MSR_TSC_DEADLINE, &val), 0);
	assert_int_equal(val, 5000);
	write_msr(0, REG_TIMER_INITIAL, 77); /* no effect in this mode */
	pass_ns(4000);
	assert_int_equal(vlapic_pending(&test_vcpu[0]), 0xec);
	assert_int_equal(vlapic_msr_read(&test_vcpu[0], MSR_TSC_DEADLINE, &val), 0);
	assert_int_equal(val, 0);
	assert_int_equal(vlapic_msr_write(&test_vcpu[0], MSR_TSC_DEADLINE, 9000), 0);
	assert_int_equal(vlapic_msr_write(&test_vcpu[0], MSR_TSC_DEADLINE, 0), 0);
	deliver(&test_vcpu[0], 0xec);
	write_msr(0, REG_EOI, 0);
	pass_ns(100000);
	assert_int_equal(vlapic_pending(&test_vcpu[0]), -1);
}

static void a_late_callback_of_a_stopped_timer_does_nothing(void **state)
{
	struct timer *t = &test_vcpu[0].vlapic->timer;

	enable_all();
	write_msr(0, REG_LVT_TIMER, 0xec);
	write_msr(0, REG_TIMER_INITIAL, 100);
	write_msr(0, REG_TIMER_INITIAL, 0);
	fake_now_ns += 1000000;
	t->fn(t->arg); /* was under way on another CPU */
	assert_int_equal(vlapic_pending(&test_vcpu[0]), -1);
}

static void reset_keeps_the_mode(void **state)
{
	enable_all();
	vlapic_post(&test_vcpu[1], 0x80, false);
	write_msr(1, REG_LVT_TIMER, 0xec);
	write_msr(1, REG_TIMER_INITIAL, 1000);
	vlapic_set_tpr(&test_vcpu[1], 0x90);
	vlapic_reset(&test_vcpu[1]);
	assert_int_equal(read_msr(1, REG_SVR), 0xff);
	assert_int_equal(read_msr(1, REG_TPR), 0);
	assert_int_equal(read_msr(1, REG_LVT_TIMER), LVT_MASKED);
	assert_false(irr_has(1, 0x80));
	assert_int_equal(read_msr(1, REG_ID), 2);
}

static void state_survives_save_and_restore(void **state)
{
	struct vlapic_state s, again;

	enable_all();
	write_msr(0, REG_LVT_TIMER, LVT_TIMER_TSC | 0xec);
	assert_int_equal(vlapic_msr_write(&test_vcpu[0], MSR_TSC_DEADLINE, 123456), 0);
	vlapic_post(&test_vcpu[0], 0x91, true);
	vlapic_post(&test_vcpu[0], 0x33, false);
	deliver(&test_vcpu[0], 0x91);
	vlapic_get_state(&test_vcpu[0], &s);
	vlapic_reset(&test_vcpu[0]);
	assert_int_equal(vlapic_set_state(&test_vcpu[0], &s), 0);
	vlapic_get_state(&test_vcpu[0], &again);
	assert_memory_equal(&s, &again, sizeof(s));
	check_invariants(0);
	s.apic_base = 0x1000;
	assert_int_equal(vlapic_set_state(&test_vcpu[0], &s), -EINVAL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, domain_setup, domain_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(starts_in_x2apic_mode),
		TEST(refuses_what_x2apic_lacks),
		TEST(apic_base_steps),
		TEST(xapic_page),
		TEST(software_disabled_takes_nothing),
		TEST(post_kicks_once),
		TEST(what_the_task_priority_holds_back),
		TEST(level_eoi_is_broadcast),
		TEST(ipi_destinations),
		TEST(ipi_modes),
		TEST(xapic_logical),
		TEST(lowest_priority_goes_to_the_least_busy),
		TEST(timer_one_shot),
		TEST(timer_periodic),
		TEST(timer_of_who_does_not_run),
		TEST(timer_tsc_deadline),
		TEST(a_late_callback_of_a_stopped_timer_does_nothing),
		TEST(reset_keeps_the_mode),
		TEST(state_survives_save_and_restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
