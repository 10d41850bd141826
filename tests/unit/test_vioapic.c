/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dom0's IO-APICs against a model of the real one: lines that are up or down, pins that are masked.
 * After every step no interrupt may be lost (a level line that is up is in service or will fire)
 * and none may storm.
 */
#include "dev_setup.h"
#include "dev/mmio.h"
#include "dev/vioapic.h"
#include "lib/errno.h"
#include "x86/ioapic.h"
#include "x86/irq.h"

#define NR_PINS	 24
#define GSI_BASE 0
#define OWN_GSI	 4 /* the hypervisor's serial port */

/* The real IO-APIC. */
static struct real_pin {
	bool masked, level, low, up;
	unsigned int vector;
	unsigned int nr_fired;
} real[NR_PINS];
static struct { irq_fn *fn; void *arg; } handlers[256];
static unsigned int next_vector;
static const struct ioapic_info info = {
	.hpa = 0xfec00000, .id = 2, .gsi_base = GSI_BASE, .nr_pins = NR_PINS
};
unsigned int nr_cpus = 2;

unsigned int ioapic_count(void)
{
	return 1;
}

const struct ioapic_info *ioapic_info(unsigned int index)
{
	return &info;
}

int irq_alloc_vector(irq_fn *fn, void *arg)
{
	if (next_vector > VEC_DYNAMIC_LAST)
		return -ENOSPC;
	handlers[next_vector].fn = fn;
	handlers[next_vector].arg = arg;
	return (int)next_vector++;
}

void irq_free_vector(int vector)
{
	handlers[vector].fn = NULL;
}

int ioapic_route(uint32_t gsi, unsigned int vector, unsigned int cpu, bool level, bool low)
{
	assert_true(cpu < nr_cpus);
	real[gsi].vector = vector;
	real[gsi].level = level;
	real[gsi].low = low;
	return 0;
}

bool ioapic_is_routed(uint32_t gsi)
{
	return real[gsi].vector;
}

void ioapic_set_masked(uint32_t gsi, bool masked)
{
	real[gsi].masked = masked;
}

/* MMIO: the one page is remembered. */
static mmio_fn page_fn;
static void *page_ctx;

int mmio_register(struct domain *d, uint64_t gpa, uint64_t size, mmio_fn fn, void *ctx)
{
	assert_int_equal(gpa, info.hpa);
	page_fn = fn;
	page_ctx = ctx;
	return 0;
}

static void page_write(unsigned int offset, uint32_t val)
{
	uint64_t wide = val;

	page_fn(&test_vcpu[0], page_ctx, info.hpa + offset, 4, true, &wide);
}

static uint32_t reg_read(unsigned int reg)
{
	uint64_t val = 0;

	page_write(0, reg);
	page_fn(&test_vcpu[0], page_ctx, info.hpa + 0x10, 4, false, &val);
	return (uint32_t)val;
}

static void reg_write(unsigned int reg, uint32_t val)
{
	page_write(0, reg);
	page_write(0x10, val);
}

#define LOW(pin)  (0x10 + 2 * (pin))
#define HIGH(pin) (0x11 + 2 * (pin))
#define LEVEL	  0x8000u
#define LOW_ACT	  0x2000u
#define MASKED	  0x10000u
#define REMOTE	  0x4000u

/* What a pin of the real chip does when its line is up and it is open. Bounded: a storm is a
 * failure. */
static void settle_lines(void)
{
	for (unsigned int gsi = 0; gsi < NR_PINS; gsi++) {
		struct real_pin *r = &real[gsi];

		for (unsigned int n = 0; r->level && r->up && !r->masked; n++) {
			if (n == 2)
				fail_msg("GSI %u storms", gsi);
			r->nr_fired++;
			handlers[r->vector].fn(handlers[r->vector].arg);
		}
	}
}

static void raise(unsigned int gsi)
{
	struct real_pin *r = &real[gsi];
	bool was_up = r->up;

	r->up = true;
	if (!r->level && !was_up && !r->masked && r->vector) {
		r->nr_fired++;
		handlers[r->vector].fn(handlers[r->vector].arg);
	}
	settle_lines();
}

static void lower(unsigned int gsi)
{
	real[gsi].up = false;
}

/* The guest takes what is pending on vcpu; -1: nothing. */
static int take(unsigned int cpu)
{
	int vector = vlapic_pending(&test_vcpu[cpu]);

	if (vector >= 0)
		vlapic_accept(&test_vcpu[cpu], (uint8_t)vector);
	return vector;
}

static void eoi(unsigned int cpu)
{
	assert_int_equal(vlapic_msr_write(&test_vcpu[cpu], 0x80b, 0), 0);
	settle_lines();
}

static int setup(void **state)
{
	domain_setup(state);
	memset(real, 0, sizeof(real));
	for (unsigned int i = 0; i < NR_PINS; i++)
		real[i].masked = true;
	real[OWN_GSI].vector = 0xe0;
	next_vector = VEC_DYNAMIC_FIRST;
	assert_int_equal(vioapic_create(&test_domain), 0);
	for (unsigned int i = 0; i < NR_TEST_VCPUS; i++)
		assert_int_equal(vlapic_msr_write(&test_vcpu[i], 0x80f, 0x1ff), 0);
	return 0;
}

static int teardown(void **state)
{
	vioapic_free(&test_domain);
	for (unsigned int i = 0; i < NR_PINS; i++)
		assert_true(real[i].masked);
	return domain_teardown(state);
}

static void registers(void **state)
{
	assert_int_equal(reg_read(0), 2u << 24);
	assert_int_equal(reg_read(1), 23u << 16 | 0x11);
	assert_int_equal(reg_read(LOW(5)), MASKED);
	assert_int_equal(reg_read(0x40), 0); /* past the last pin */
	reg_write(LOW(5), ~0u);
	assert_int_equal(reg_read(LOW(5)), 0x1afff); /* read-only bits stay 0 */
	reg_write(HIGH(5), ~0u);
	assert_int_equal(reg_read(HIGH(5)), 0xff000000);
	reg_write(0x40, 0);
	reg_write(0xff, 0);
}

static void edge_interrupt(void **state)
{
	reg_write(HIGH(7), 2u << 24); /* APIC ID 2 = vCPU 1 */
	reg_write(LOW(7), 0x41);
	assert_true(!real[7].masked && !real[7].level);
	raise(7);
	lower(7);
	assert_int_equal(take(1), 0x41);
	raise(7);
	eoi(1);
	assert_int_equal(take(1), 0x41); /* the second came while the first was in service */
	assert_int_equal(take(0), -1);
}

static void level_interrupt_until_eoi(void **state)
{
	reg_write(LOW(9), LEVEL | 0x51);
	raise(9);
	assert_int_equal(real[9].nr_fired, 1);
	assert_true(real[9].masked);
	assert_int_equal(reg_read(LOW(9)), LEVEL | REMOTE | 0x51);
	assert_int_equal(take(0), 0x51);
	eoi(0); /* line is still up: again */
	assert_int_equal(real[9].nr_fired, 2);
	assert_int_equal(take(0), 0x51);
	lower(9);
	eoi(0);
	assert_int_equal(real[9].nr_fired, 2);
	assert_false(real[9].masked);
	assert_int_equal(reg_read(LOW(9)), LEVEL | 0x51);
}

static void masked_while_in_service(void **state)
{
	reg_write(LOW(9), LEVEL | LOW_ACT | 0x51);
	assert_true(real[9].low);
	raise(9);
	assert_int_equal(take(0), 0x51);
	reg_write(LOW(9), MASKED | LEVEL | LOW_ACT | 0x51);
	eoi(0);
	assert_true(real[9].masked);
	reg_write(LOW(9), LEVEL | LOW_ACT | 0x51);
	settle_lines();
	assert_int_equal(real[9].nr_fired, 2);
	assert_int_equal(take(0), 0x51);
}

/* An IO-APIC without EOI register is given one by flipping the pin to edge and back. */
static void edge_flip_is_an_eoi(void **state)
{
	reg_write(LOW(9), LEVEL | 0x51);
	raise(9);
	lower(9);
	reg_write(LOW(9), MASKED | 0x51);
	assert_int_equal(reg_read(LOW(9)), MASKED | 0x51);
	reg_write(LOW(9), MASKED | LEVEL | 0x51);
	reg_write(LOW(9), LEVEL | 0x51);
	assert_false(real[9].masked);
}

static void the_hypervisors_line_stays_ours(void **state)
{
	reg_write(LOW(OWN_GSI), 0x44);
	assert_true(real[OWN_GSI].masked);
	assert_int_equal(real[OWN_GSI].vector, 0xe0);
}

static void no_vector_left(void **state)
{
	next_vector = VEC_DYNAMIC_LAST + 1;
	reg_write(LOW(3), 0x43);
	assert_true(real[3].masked);
	assert_int_equal(reg_read(LOW(3)), 0x43);
}

static void check_pins(void)
{
	for (unsigned int i = 0; i < NR_PINS; i++) {
		uint32_t low = reg_read(LOW(i));

		if (low & REMOTE)
			assert_true((low & LEVEL) && (real[i].masked || i == OWN_GSI));
		if (low & MASKED)
			assert_true(real[i].masked);
	}
	assert_int_equal(fake_locks_held, 0);
}

static void random_lines_and_entries(void **state)
{
	unit_seed();
	for (unsigned int n = 0; n < 20000; n++) {
		unsigned int pin = unit_random(NR_PINS), cpu = unit_random(NR_TEST_VCPUS);

		switch (unit_random(7)) {
		case 0:
			reg_write(LOW(pin), 0x30 + pin * 8 + (unit_random(2) ? LEVEL : 0) +
						    (unit_random(3) ? 0 : MASKED));
			settle_lines();
			break;
		case 1:
			reg_write(HIGH(pin), unit_random(8) << 24);
			break;
		case 2 ... 3:
			raise(pin);
			break;
		case 4:
			lower(pin);
			break;
		case 5:
			take(cpu);
			break;
		case 6:
			eoi(cpu);
			break;
		}
		check_pins();
	}
	/* Quiet down: all lines low, everything ended; every unmasked bound pin must be open again.
	 */
	for (unsigned int i = 0; i < NR_PINS; i++)
		lower(i);
	for (unsigned int n = 0; n < 2000; n++)
		for (unsigned int cpu = 0; cpu < NR_TEST_VCPUS; cpu++) {
			take(cpu);
			eoi(cpu);
		}
	for (unsigned int i = 0; i < NR_PINS; i++) {
		uint32_t low = reg_read(LOW(i));

		assert_false(low & REMOTE);
		if (!(low & MASKED) && i != OWN_GSI &&
		    real[i].masked) { /* nobody took its message: a write opens it */
			reg_write(LOW(i), low);
			assert_false(real[i].masked);
		}
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers),
		TEST(edge_interrupt),
		TEST(level_interrupt_until_eoi),
		TEST(masked_while_in_service),
		TEST(edge_flip_is_an_eoi),
		TEST(the_hypervisors_line_stays_ours),
		TEST(no_vector_left),
		TEST(random_lines_and_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
