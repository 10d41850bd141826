/* SPDX-License-Identifier: GPL-2.0-only */
/* What the CPU is told of a guest's local APIC, and what it is asked afterwards; the CPU is an array and a page. */
#include "unit.h"
#include "hvm/vmx/vmx.h"

#define PAGE_HPA    0x7000
#define MSR_MAP_HPA 0x9000
#define TPR	    (0x80 / 4)
#define ISR(vector) ((0x100 + (vector) / 32 * 16) / 4)

static uint32_t page[PAGE_SIZE / 4];
static struct vmx vmx;
static struct hvm_vcpu hv;

static int setup(void **state)
{
	for (unsigned long f = 0; f < 0x8000; f += 2)
		vmcs_write(f, 0);
	memset(page, 0, sizeof(page));
	vmx = (struct vmx){ .apic_page = page, .msr_bitmap_hpa = MSR_MAP_HPA };
	hv = (struct hvm_vcpu){ .vmcb = &vmx };
	vmx_caps = (struct vmx_caps){ .proc = PROC_TPR_SHADOW, .proc2 = PROC2_X2APIC | PROC2_INTR_DELIVERY };
	vmcs_write(VMCS_TPR_THRESHOLD, 5);
	vmcs_write(VMCS_INTERRUPT_STATUS, 0x1234);
	for (unsigned int i = 0; i < 4; i++)
		vmcs_write(VMCS_EOI_EXITS + 2 * i, ~0ULL);
	vmx_apic_init(&vmx, PAGE_HPA);
	return 0;
}

static void starts_with_nothing_requested(void **state)
{
	assert_int_equal(vmcs_read(VMCS_VIRTUAL_APIC), PAGE_HPA);
	assert_int_equal(vmcs_read(VMCS_TPR_THRESHOLD), 0);
	assert_int_equal(vmcs_read(VMCS_INTERRUPT_STATUS), 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(vmcs_read(VMCS_EOI_EXITS + 2 * i), 0);
}

/* Fields of what a CPU does not have are not there: VMWRITE to them fails. */
static void a_cpu_without_it_is_left_alone(void **state)
{
	vmx_caps.proc = vmx_caps.proc2 = 0;
	vmcs_write(VMCS_VIRTUAL_APIC, 1);
	vmx_apic_init(&vmx, PAGE_HPA);
	assert_int_equal(vmcs_read(VMCS_VIRTUAL_APIC), 1);
	hv.cr8 = 7;
	hv.held_class = 3;
	hv.direct_eoi = 0x41;
	vmx.proc = PROC_CR8_WRITE | PROC_CR8_READ;
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(vmx.proc, PROC_CR8_WRITE | PROC_CR8_READ);
	assert_int_equal(vmcs_read(VMCS_INTERRUPT_STATUS), 0);
	vmx_apic_after_exit(&hv, &vmx);
	assert_int_equal(hv.cr8, 7);
	assert_int_equal(hv.direct_eoi, 0x41);
	vmx_caps.proc = PROC_TPR_SHADOW;
	vmx_apic_before_entry(&hv, &vmx);
	vmx_apic_after_exit(&hv, &vmx);
	assert_int_equal(vmcs_read(VMCS_INTERRUPT_STATUS), 0);
	assert_int_equal(hv.direct_eoi, 0x41);
}

static void cr8_goes_both_ways(void **state)
{
	hv.cr8 = 6;
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(page[TPR], 0x60);
	page[TPR] = 0x90;
	vmx_apic_after_exit(&hv, &vmx);
	assert_int_equal(hv.cr8, 9);
}

static void cr8_exits_only_while_it_holds_something(void **state)
{
	hv.held_class = 4;
	vmx_apic_before_entry(&hv, &vmx);
	assert_true(vmx.proc & PROC_CR8_WRITE);
	hv.held_class = 0;
	vmx_apic_before_entry(&hv, &vmx);
	assert_false(vmx.proc & PROC_CR8_WRITE);
}

static void expect_lent(unsigned int vector)
{
	for (unsigned int i = 0; i < 256; i += 32)
		assert_int_equal(page[ISR(i)], vector && vector / 32 == i / 32 ? 1u << vector % 32 : 0);
	assert_int_equal(vmcs_read(VMCS_INTERRUPT_STATUS), vector << 8);
	assert_int_equal(vmcs_read(VMCS_MSR_BITMAP), vector ? MSR_MAP_HPA + 4096 : MSR_MAP_HPA);
}

static void an_end_without_exit_is_noticed(void **state)
{
	hv.direct_eoi = 0xf3;
	vmx_apic_before_entry(&hv, &vmx);
	expect_lent(0xf3);
	vmx_apic_after_exit(&hv, &vmx);
	assert_int_equal(hv.direct_eoi, 0xf3); /* not yet */
	vmx_apic_before_entry(&hv, &vmx);
	page[ISR(0xf3)] = 0; /* the CPU does that */
	vmcs_write(VMCS_INTERRUPT_STATUS, 0);
	vmx_apic_after_exit(&hv, &vmx);
	assert_int_equal(hv.direct_eoi, 0);
	vmx_apic_before_entry(&hv, &vmx);
	expect_lent(0);
}

static void what_was_lent_can_be_taken_back(void **state)
{
	hv.direct_eoi = 0x41;
	vmx_apic_before_entry(&hv, &vmx);
	vmx_apic_after_exit(&hv, &vmx);
	hv.direct_eoi = 0;
	vmx_apic_before_entry(&hv, &vmx);
	expect_lent(0);
	vmx_apic_after_exit(&hv, &vmx);
	hv.direct_eoi = 0x52;
	vmx_apic_before_entry(&hv, &vmx);
	expect_lent(0x52);
	hv.direct_eoi = 0x91; /* the one for the other at once */
	vmx_apic_before_entry(&hv, &vmx);
	expect_lent(0x91);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts_with_nothing_requested, setup),
		cmocka_unit_test_setup(a_cpu_without_it_is_left_alone, setup),
		cmocka_unit_test_setup(cr8_goes_both_ways, setup),
		cmocka_unit_test_setup(cr8_exits_only_while_it_holds_something, setup),
		cmocka_unit_test_setup(an_end_without_exit_is_noticed, setup),
		cmocka_unit_test_setup(what_was_lent_can_be_taken_back, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
