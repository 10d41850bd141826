/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC: registers in both modes, who gets which message, the timer, and a random sequence
 * of arrivals, acceptances and EOIs against a model that is nothing but four arrays of flags. In that
 * sequence a CPU with virtual interrupt delivery does part of the work, as SDM 3C 29 says.
 */
#include "dev_setup.h"
#include "dev/vioapic.h"
#include "lib/errno.h"
#include "x86/msr.h"

#define X2APIC(reg) (MSR_X2APIC_BASE + (reg))

static unsigned int last_level_eoi;

void vioapic_eoi(struct domain *d, uint8_t vector)
{
	last_level_eoi = vector;
}

static void write_msr(unsigned int cpu, unsigned int reg, uint64_t val)
{
	assert_int_equal(vlapic_msr_write(&test_vcpu[cpu], X2APIC(reg), val), 0);
}

static uint64_t read_msr(unsigned int cpu, unsigned int reg)
{
	uint64_t val = 0;

	assert_int_equal(vlapic_msr_read(&test_vcpu[cpu], X2APIC(reg), &val), 0);
	return val;
}

static void enable_all(void)
{
	for (unsigned int i = 0; i < NR_TEST_VCPUS; i++)
		write_msr(i, REG_SVR, 0x1ff);
}

/* An entry that delivers it. */
static void deliver(struct vcpu *v, uint8_t vector)
{
	assert_int_equal(vlapic_pending(v), vector);
	vlapic_accept(v, vector);
}

static bool irr_has(unsigned int cpu, unsigned int vector)
{
	(void)vlapic_pending(&test_vcpu[cpu]); /* an entry */
	return read_msr(cpu, REG_IRR + vector / 32) >> vector % 32 & 1;
}

static void check_invariants(unsigned int cpu)
{
	struct vlapic *l = test_vcpu[cpu].vlapic;

	struct hvm_vcpu *hv = &test_vcpu[cpu].hvm;
	uint8_t tpr = hvm_tpr(hv);

	assert_true(l->accepts == ((l->apic_base & APIC_BASE_ENABLE) && (l->regs[REG_SVR].val & SVR_ENABLE)));
	assert_int_equal(hv->svi, vlapic_highest(l, REG_ISR));
	assert_int_equal(hv->rvi, l->accepts ? vlapic_highest(l, REG_IRR) : 0);
	assert_int_equal(l->regs[REG_PPR].val, max(tpr >> 4, hv->svi >> 4) == tpr >> 4 ? tpr : hv->svi & 0xf0);
	assert_int_equal(fake_locks_held, 0);
}

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

/* The model: flags by vector, and loops instead of tricks. */
static struct {
	bool irr[256], isr[256], held[256]; /* held: came while the APIC was off */
	bool level[256];
	bool cpu_helps;
	unsigned int tpr;
	bool enabled;
} model;

static int model_highest(const bool *flags)
{
	int i = 255;

	while (i >= 0 && !flags[i])
		i--;
	return i;
}

static int model_pending(void)
{
	int class = max((int)model.tpr / 16,
			model_highest(model.isr) < 0 ? 0 : model_highest(model.isr) / 16);
	int top = model_highest(model.irr);

	return model.enabled && top >= 0 && top / 16 > class ? top : -1;
}

/* What the CPU does by itself, from page, RVI and SVI: SDM 3C 29.1.3 to 29.2.2. */
static uint32_t *cpu_word(struct vcpu *v, unsigned int map, unsigned int vector)
{
	return &v->hvm.apic_page[map + vector / 32].val;
}

static uint8_t cpu_highest(struct vcpu *v, unsigned int map)
{
	int i = 255;

	while (i > 0 && !(*cpu_word(v, map, (unsigned int)i) >> i % 32 & 1))
		i--;
	return (uint8_t)i;
}

static void cpu_update_ppr(struct vcpu *v)
{
	uint32_t tpr = v->hvm.apic_page[REG_TPR].val;

	v->hvm.apic_page[REG_PPR].val = tpr >> 4 >= v->hvm.svi >> 4 ? tpr & 0xff : v->hvm.svi & 0xf0;
}

static void cpu_deliver(struct vcpu *v)
{
	uint8_t vector = v->hvm.rvi;

	*cpu_word(v, REG_ISR, vector) |= 1u << vector % 32;
	v->hvm.svi = vector;
	v->hvm.apic_page[REG_PPR].val = vector & 0xf0;
	*cpu_word(v, REG_IRR, vector) &= ~(1u << vector % 32);
	v->hvm.rvi = cpu_highest(v, REG_IRR);
}

static void cpu_eoi(struct vcpu *v)
{
	uint8_t vector = v->hvm.svi;

	*cpu_word(v, REG_ISR, vector) &= ~(1u << vector % 32);
	v->hvm.svi = cpu_highest(v, REG_ISR);
	cpu_update_ppr(v);
	vlapic_ended(v, vector); /* its bit in the EOI-exit bitmap is TMR's */
}

static void cpu_set_tpr(struct vcpu *v, uint8_t tpr)
{
	v->hvm.apic_page[REG_TPR].val = tpr;
	cpu_update_ppr(v);
	vlapic_tpr_changed(v);
}

static void cpu_self_ipi(struct vcpu *v, uint8_t vector)
{
	*cpu_word(v, REG_IRR, vector) |= 1u << vector % 32;
	v->hvm.rvi = (uint8_t)max(v->hvm.rvi, vector);
}

static void random_eoi(struct vcpu *v, bool by_cpu)
{
	int vector = model_highest(model.isr);

	last_level_eoi = 0;
	if (by_cpu)
		cpu_eoi(v);
	else
		write_msr(0, REG_EOI, 0);
	assert_int_equal(last_level_eoi, vector >= 0 && model.level[vector] ? vector : 0);
	if (vector >= 0)
		model.isr[vector] = false;
}

static void random_step(struct vcpu *v)
{
	unsigned int vector = 16 + unit_random(240);
	bool by_cpu = model.cpu_helps && unit_random(2);
	int top = model_pending();

	switch (unit_random(9)) {
	case 0 ... 2:
		model.level[vector] = unit_random(2);
		vlapic_post(v, (uint8_t)vector, model.level[vector]);
		(model.enabled ? model.irr : model.held)[vector] = true;
		break;
	case 3 ... 4:
		if (top < 0)
			break;
		assert_int_equal(v->hvm.rvi, top);
		(by_cpu ? cpu_deliver(v) : vlapic_accept(v, (uint8_t)top));
		model.irr[top] = false;
		model.isr[top] = true;
		break;
	case 5:
		random_eoi(v, by_cpu);
		break;
	case 6:
		model.tpr = unit_random(4) ? 0 : unit_random(256);
		if (by_cpu)
			cpu_set_tpr(v, (uint8_t)model.tpr);
		else
			write_msr(0, REG_TPR, model.tpr);
		break;
	case 7:
		model.enabled = unit_random(8);
		write_msr(0, REG_SVR, model.enabled ? 0x1ff : 0xff);
		for (vector = 0; model.enabled && vector < 256; vector++) {
			model.irr[vector] |= model.held[vector];
			model.held[vector] = false;
		}
		break;
	case 8:
		if (!by_cpu || !v->hvm.apic_direct) /* the MSR is closed */
			break;
		cpu_self_ipi(v, (uint8_t)vector);
		model.irr[vector] = true;
		break;
	}
}

static void random_sequence(bool cpu_helps)
{
	struct vcpu *v = &test_vcpu[0];

	unit_seed();
	memset(&model, 0, sizeof(model));
	model.cpu_helps = cpu_helps;
	for (unsigned int i = 0; i < 200000; i++) {
		random_step(v);
		assert_int_equal(vlapic_pending(v), model_pending());
		if (cpu_helps)
			assert_int_equal(v->hvm.apic_direct, model.enabled);
		else if (model_pending() >= 0)
			assert_true(v->todo & TODO_INTR);
		else
			v->todo = 0;
		check_invariants(0);
	}
	for (unsigned int i = 16; i < 256; i++)
		assert_int_equal(irr_has(0, i), model.irr[i]);
}

static void random_against_model(void **state)
{
	random_sequence(false);
}

static void random_with_a_cpu_that_helps(void **state)
{
	random_sequence(true);
}

/* Any access whatever: nothing breaks, nothing escapes its width. */
static void random_register_accesses(void **state)
{
	unit_seed();
	for (unsigned int i = 0; i < 100000; i++) {
		unsigned int cpu = unit_random(NR_TEST_VCPUS);
		struct vcpu *v = &test_vcpu[cpu];
		uint64_t val = unit_random(2) ? unit_random(0x200)
					      : (uint64_t)unit_random(1u << 31) << unit_random(33);

		switch (unit_random(5)) {
		case 0:
			(void)vlapic_msr_write(v, X2APIC(unit_random(0x40)), val);
			break;
		case 1:
			(void)vlapic_msr_read(v, X2APIC(unit_random(0x40)), &val);
			break;
		case 2:
			vlapic_mmio(v, NULL, VLAPIC_GPA + unit_random(4089), 1u << unit_random(4),
				    unit_random(2), &val);
			break;
		case 3:
			(void)vlapic_msr_write(v, unit_random(2) ? MSR_TSC_DEADLINE : MSR_APIC_BASE,
					       unit_random(2) ? 0xfee00000 | unit_random(4) << 10
							      : val);
			break;
		case 4:
			pass_ns(unit_random(100000));
			break;
		}
		for (cpu = 0; cpu < NR_TEST_VCPUS; cpu++)
			check_invariants(cpu);
	}
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
		TEST(random_against_model),
		TEST(random_with_a_cpu_that_helps),
		TEST(random_register_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
