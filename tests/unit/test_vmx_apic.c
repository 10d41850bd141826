/* SPDX-License-Identifier: GPL-2.0-only */
/* What the CPU is told of a guest's local APIC, and what it is asked afterwards; the CPU is an array and a page. */
#include "unit.h"
#include "hvm/vmx/vmx.h"

#define PAGE_HPA    0x7000
#define MSR_MAP_HPA 0x9000
#define ALL	    (PROC2_X2APIC | PROC2_APIC_REGS | PROC2_INTR_DELIVERY)

static struct vmx vmx;
static struct hvm_vcpu hv;
static struct lapic_reg page[NR_APIC_REGS];

static int setup(void **state)
{
	for (unsigned long f = 0; f < 0x8000; f += 2)
		vmcs_write(f, 0);
	memset(page, 0, sizeof(page));
	vmx = (struct vmx){ .msr_bitmap_hpa = MSR_MAP_HPA };
	hv = (struct hvm_vcpu){ .vmcb = &vmx, .apic_page = page };
	vmx_caps = (struct vmx_caps){ .proc = PROC_TPR_SHADOW, .proc2 = ALL };
	vmcs_write(VMCS_TPR_THRESHOLD, 5);
	vmcs_write(VMCS_INTERRUPT_STATUS, 0x1234);
	for (unsigned int i = 0; i < 4; i++)
		vmcs_write(VMCS_EOI_EXITS + 2 * i, ~0ULL);
	vmx_apic_init(PAGE_HPA);
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
	vmx_apic_init(PAGE_HPA);
	assert_int_equal(vmcs_read(VMCS_VIRTUAL_APIC), 1);
	hv.held_class = 3;
	hv.rvi = 0x41;
	hv.svi = 0x31;
	hv.apic_direct = hv.has_requests = true;
	vmx.proc = PROC_CR8_WRITE | PROC_CR8_READ;
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(vmx.proc, PROC_CR8_WRITE | PROC_CR8_READ);
	assert_int_equal(vmcs_read(VMCS_MSR_BITMAP), 0);
	vmx_apic_after_exit(&hv, &vmx);
	assert_int_equal(hv.rvi, 0x41);
	vmx_caps.proc = PROC_TPR_SHADOW;
	vmx_apic_before_entry(&hv, &vmx);
	vmx_apic_after_exit(&hv, &vmx);
	assert_int_equal(vmcs_read(VMCS_INTERRUPT_STATUS), 0);
	assert_true(hv.rvi == 0x41 && hv.svi == 0x31 && hv.has_requests);
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

static void a_write_to_cr8_is_noticed(void **state)
{
	page[REG_TPR].val = 0x45;
	vmx_apic_before_entry(&hv, &vmx);
	vmx_apic_after_exit(&hv, &vmx);
	assert_false(hv.tpr_written);
	vmx_apic_before_entry(&hv, &vmx);
	page[REG_TPR].val = 0x40; /* the CPU writes there */
	vmx_apic_after_exit(&hv, &vmx);
	assert_true(hv.tpr_written);
}

static void requests_go_in_and_what_became_of_them_comes_out(void **state)
{
	hv.rvi = 0x91;
	hv.svi = 0x41;
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(vmcs_read(VMCS_INTERRUPT_STATUS), 0x4191);
	vmcs_write(VMCS_INTERRUPT_STATUS, 0x9133); /* the CPU delivered 0x91; 0x33 waits */
	vmx_apic_after_exit(&hv, &vmx);
	assert_int_equal(hv.rvi, 0x33);
	assert_int_equal(hv.svi, 0x91);
	vmcs_write(VMCS_INTERRUPT_STATUS, 0x5a5a); /* nothing has changed: nothing is written */
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(vmcs_read(VMCS_INTERRUPT_STATUS), 0x5a5a);
	hv.rvi = hv.svi = 0; /* INIT */
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(vmcs_read(VMCS_INTERRUPT_STATUS), 0);
}

/* A level-triggered request below one that is there already changes nothing else, and its end must be told, too. */
static void who_is_waited_for_exits_at_the_end(void **state)
{
	hv.rvi = 0x91;
	vmx_apic_before_entry(&hv, &vmx);
	page[REG_TMR + 3].val = 1u << 1; /* 0x61 */
	page[REG_TMR + 7].val = 1u << 31;
	hv.has_requests = true;
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(vmcs_read(VMCS_EOI_EXITS), 0);
	assert_int_equal(vmcs_read(VMCS_EOI_EXITS + 2), 1ULL << 33);
	assert_int_equal(vmcs_read(VMCS_EOI_EXITS + 4), 0);
	assert_int_equal(vmcs_read(VMCS_EOI_EXITS + 6), 1ULL << 63);
	assert_false(hv.has_requests);
	page[REG_TMR + 3].val = 0; /* now by an edge */
	hv.has_requests = true;
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(vmcs_read(VMCS_EOI_EXITS + 2), 0);
}

static void msrs_are_open_only_while_they_may_be(void **state)
{
	hv.apic_direct = true;
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(vmcs_read(VMCS_MSR_BITMAP), MSR_MAP_HPA + 4096);
	hv.apic_direct = false;
	vmx_apic_before_entry(&hv, &vmx);
	assert_int_equal(vmcs_read(VMCS_MSR_BITMAP), MSR_MAP_HPA);
}

static bool is_open(const uint8_t *map, bool write, unsigned int reg)
{
	unsigned int msr = 0x800 + reg;

	return !(map[(write ? 0x800 : 0) + msr / 8] >> msr % 8 & 1);
}

/* What is computed (the count), or kept otherwise (ICR), or must raise #GP, exits in any case. */
static void expect_open(bool reads, bool writes)
{
	static const uint8_t read[] = { 2, 3, 8, 0xd, 0xf, 0x10, 0x17, 0x18, 0x1f, 0x20, 0x27, 0x28, 0x32, 0x33, 0x37, 0x38, 0x3e };
	static const uint8_t written[] = { 8, 0xb, 0x3f };
	static uint64_t map[512];
	unsigned int nr_reads = 0, nr_writes = 0, nr = 0;

	memset(map, 0xff, sizeof(map));
	vmx_apic_open_msrs(map);
	for (unsigned int reg = 0; reg < 0x40; reg++) {
		nr_reads += is_open((uint8_t *)map, false, reg);
		nr_writes += is_open((uint8_t *)map, true, reg);
	}
	for (unsigned int i = 0; i < sizeof(map) * 8; i++)
		nr += !(((uint8_t *)map)[i / 8] >> i % 8 & 1);
	assert_int_equal(nr, nr_reads + nr_writes); /* and no other MSR */
	assert_int_equal(nr_reads, reads ? 5 + 24 + 1 + 6 + 2 : 0);
	assert_int_equal(nr_writes, writes ? 3 : 0);
	for (unsigned int i = 0; i < sizeof(read); i++)
		assert_int_equal(is_open((uint8_t *)map, false, read[i]), reads);
	for (unsigned int i = 0; i < sizeof(written); i++)
		assert_int_equal(is_open((uint8_t *)map, true, written[i]), writes);
}

static void what_is_open_follows_from_the_cpu(void **state)
{
	expect_open(true, true);
	vmx_caps.proc2 = PROC2_X2APIC | PROC2_APIC_REGS;
	expect_open(true, false);
	vmx_caps.proc2 = PROC2_X2APIC | PROC2_INTR_DELIVERY;
	expect_open(false, true);
	vmx_caps.proc2 = 0;
	expect_open(false, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(starts_with_nothing_requested, setup),
		cmocka_unit_test_setup(a_cpu_without_it_is_left_alone, setup),
		cmocka_unit_test_setup(cr8_exits_only_while_it_holds_something, setup),
		cmocka_unit_test_setup(a_write_to_cr8_is_noticed, setup),
		cmocka_unit_test_setup(requests_go_in_and_what_became_of_them_comes_out, setup),
		cmocka_unit_test_setup(who_is_waited_for_exits_at_the_end, setup),
		cmocka_unit_test_setup(msrs_are_open_only_while_they_may_be, setup),
		cmocka_unit_test_setup(what_is_open_follows_from_the_cpu, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
