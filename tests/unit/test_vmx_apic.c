/* SPDX-License-Identifier: GPL-2.0-only */
/* What the CPU is told of a guest's local APIC, and what it is asked afterwards; the CPU is an array. */
#include "unit.h"
#include "hvm/vmx/vmx.h"

#define PAGE_HPA    0x7000

static struct vmx vmx;
static struct hvm_vcpu hv;

static int setup(void **state)
{
	for (unsigned long f = 0; f < 0x8000; f += 2)
		vmcs_write(f, 0);
	vmx = (struct vmx){ 0 };
	hv = (struct hvm_vcpu){ .vmcb = &vmx };
	vmx_caps = (struct vmx_caps){ .proc = PROC_TPR_SHADOW };
	vmcs_write(VMCS_TPR_THRESHOLD, 5);
	vmx_apic_init(PAGE_HPA);
	return 0;
}

static void knows_its_page(void **state)
{
	assert_int_equal(vmcs_read(VMCS_VIRTUAL_APIC), PAGE_HPA);
	assert_int_equal(vmcs_read(VMCS_TPR_THRESHOLD), 0);
}

/* Fields of what a CPU does not have are not there: VMWRITE to them fails. */
static void a_cpu_without_it_is_left_alone(void **state)
{
	vmx_caps.proc = vmx_caps.proc2 = 0;
	vmcs_write(VMCS_VIRTUAL_APIC, 1);
	vmx_apic_init(PAGE_HPA);
	assert_int_equal(vmcs_read(VMCS_VIRTUAL_APIC), 1);
	hv.held_class = 3;
	vmx.proc = PROC_CR8_WRITE | PROC_CR8_READ;
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(vmx.proc, PROC_CR8_WRITE | PROC_CR8_READ);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(knows_its_page, setup),
		cmocka_unit_test_setup(a_cpu_without_it_is_left_alone, setup),
		cmocka_unit_test_setup(cr8_exits_only_while_it_holds_something, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
