/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC in random sequences of arrivals, acceptances and EOIs, against a model that is nothing but four arrays
 * of flags; once as Helium alone serves it, and once with a CPU that does part of the work, as SDM 3C 29 says
 * of virtual interrupt delivery. And accesses of any kind to its registers.
 */
#include "vlapic_setup.h"

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
		TEST(random_against_model),
		TEST(random_with_a_cpu_that_helps),
		TEST(random_register_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
