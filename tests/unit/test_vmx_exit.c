/* SPDX-License-Identifier: GPL-2.0-only */
/* The VT-x decoder, events and registers, on an array in the VMCS's place. */
#include "unit.h"
#include "hvm/vmx/vmx.h"

static struct hvm_exit out;

static int setup(void **state)
{
	for (unsigned long f = 0; f < 0x8000; f += 2)
		vmcs_write(f, 0);
	memset(&out, 0xa5, sizeof(out));
	vmcs_write(VMCS_INSTRUCTION_LEN, 5);
	vmx_caps = (struct vmx_caps){
		.entry = 0x11fb,
		.cr0_on = X86_CR0_NE,
		.cr0_mask = X86_CR0_NE | X86_CR0_CD | X86_CR0_NW,
		.cr4_on = 0x2000 | X86_CR4_MCE,
		.cr4_mask = ~(X86_CR4_PAE | X86_CR4_PGE | X86_CR4_SMEP),
	};
	return 0;
}

static void decode(uint32_t reason, uint64_t qualification)
{
	vmcs_write(VMCS_EXIT_REASON, reason);
	vmcs_write(VMCS_QUALIFICATION, qualification);
	vmx_decode_exit(&out);
	assert_true(out.kind < NR_EXIT_KINDS);
	assert_int_equal(out.code, reason);
}

static void instructions_have_the_cpus_length(void **state)
{
	static const struct {
		uint8_t reason, kind;
	} rows[] = {
		{ 10, EXIT_CPUID },	 { 12, EXIT_HLT },	  { 18, EXIT_HYPERCALL },
		{ 30, EXIT_IO },	 { 31, EXIT_MSR_READ },	  { 32, EXIT_MSR_WRITE },
		{ 55, EXIT_XSETBV },	 { 13, EXIT_NOTHING },	  { 54, EXIT_NOTHING },
		{ 20, EXIT_INVALID_OP }, { 27, EXIT_INVALID_OP }, { 36, EXIT_INVALID_OP },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		decode(rows[i].reason, 0);
		assert_int_equal(out.kind, rows[i].kind);
		assert_int_equal(out.len, 5);
	}
}

static void asynchronous_exits_have_no_length(void **state)
{
	static const struct {
		uint8_t reason, kind;
	} rows[] = {
		{ 1, EXIT_EXTINT },  { 2, EXIT_SHUTDOWN }, { 7, EXIT_WINDOW },
		{ 8, EXIT_WINDOW },  { 29, EXIT_DR },	   { 48, EXIT_NESTED_FAULT },
		{ 52, EXIT_EXTINT }, { 3, EXIT_NOTHING },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		decode(rows[i].reason, 0);
		assert_int_equal(out.kind, rows[i].kind);
		assert_int_equal(out.len, 0);
	}
}

static void every_reason_decodes_to_something(void **state)
{
	for (uint32_t reason = 0; reason < 0x200; reason++)
		decode(reason, ~0ULL);
	decode(9, 0); /* task switch: nobody has them */
	assert_int_equal(out.kind, EXIT_UNKNOWN);
	decode(49, 0); /* EPT misconfiguration: our own fault */
	assert_int_equal(out.kind, EXIT_UNKNOWN);
	decode(0xffff, 0);
	assert_int_equal(out.kind, EXIT_UNKNOWN);
}

static void refused_entries(void **state)
{
	decode(33 | REASON_ENTRY_FAILED, 0);
	assert_int_equal(out.kind, EXIT_FAILED_ENTRY);
	decode(34 | REASON_ENTRY_FAILED, 0);
	assert_int_equal(out.kind, EXIT_FAILED_ENTRY);
	decode(41 | REASON_ENTRY_FAILED, 0);
	assert_int_equal(out.kind, EXIT_EXCEPTION);
	assert_int_equal(out.exception.vector, VECTOR_MC);
}

static void io_fields(void **state)
{
	decode(30, 0x1f0u << 16 | QUAL_IO_STRING | QUAL_IO_REP | 1); /* rep outsw */
	assert_int_equal(out.io.port, 0x1f0);
	assert_int_equal(out.io.size, 2);
	assert_true(out.io.write && out.io.string && out.io.rep);
	decode(30, 0xcfcu << 16 | QUAL_IO_IN | 3);
	assert_int_equal(out.io.port, 0xcfc);
	assert_int_equal(out.io.size, 4);
	assert_false(out.io.write || out.io.string || out.io.rep);
	decode(30, 0x60u << 16 | 1u << 6 /* immediate */);
	assert_int_equal(out.io.size, 1);
}

/* Both after the instruction, which the CPU has done but for what these are for. */
static void what_the_cpu_leaves_of_the_apic(void **state)
{
	decode(45, 0x61);
	assert_int_equal(out.kind, EXIT_EOI);
	assert_int_equal(out.eoi.vector, 0x61);
	assert_int_equal(out.len, 0);
	decode(56, 0x3f0);
	assert_int_equal(out.kind, EXIT_MSR_WRITE);
	assert_int_equal(out.len, 0);
}

static void cr_fields(void **state)
{
	decode(28, 8 | 0 << 4 | 9 << 8); /* mov %r9, %cr8 */
	assert_int_equal(out.cr.cr, 8);
	assert_int_equal(out.cr.gpr, R9);
	assert_true(out.cr.write);
	decode(28, 8 | 1 << 4 | 3 << 8); /* mov %cr8, %rbx */
	assert_int_equal(out.cr.gpr, RBX);
	assert_false(out.cr.write);
	decode(28, 2 << 4); /* CLTS and LMSW change no bit that is ours */
	assert_int_equal(out.kind, EXIT_UNKNOWN);
}

static void nested_fault_bits(void **state)
{
	vmcs_write(VMCS_GUEST_PHYSICAL, 0xfee00030);
	decode(48, QUAL_EPT_WRITE | QUAL_EPT_GVA_VALID | QUAL_EPT_TRANSLATED);
	assert_int_equal(out.fault.gpa, 0xfee00030);
	assert_true(out.fault.write && !out.fault.in_table_walk);
	decode(48, 1 | QUAL_EPT_GVA_VALID);
	assert_true(!out.fault.write && out.fault.in_table_walk);
	decode(48, 1); /* no linear address: a PDPTE load */
	assert_false(out.fault.in_table_walk || out.fault.fetch);
	decode(48, QUAL_EPT_FETCH);
	assert_true(out.fault.fetch && !out.fault.write);
}

static uint32_t event(unsigned int vector, unsigned int type, uint32_t flags)
{
	return vector | type << EVENT_TYPE_SHIFT | flags | EVENT_VALID;
}

static void exceptions_and_nmis_share_a_reason(void **state)
{
	vmcs_write(VMCS_EXIT_EVENT, event(17, EVENT_EXCEPTION, EVENT_ERROR_VALID));
	vmcs_write(VMCS_EXIT_ERROR, 0);
	decode(0, 0);
	assert_int_equal(out.kind, EXIT_EXCEPTION);
	assert_int_equal(out.exception.vector, 17);
	assert_true(out.exception.has_error);
	vmcs_write(VMCS_EXIT_EVENT, event(2, EVENT_NMI, 0));
	decode(0, 0);
	assert_int_equal(out.kind, EXIT_NMI);
}

static void interrupted_deliveries_come_back(void **state)
{
	struct hvm_event ev;

	assert_false(vmx_interrupted_event().valid);
	vmcs_write(VMCS_VECTORING_EVENT, event(14, EVENT_EXCEPTION, EVENT_ERROR_VALID));
	vmcs_write(VMCS_VECTORING_ERROR, 0x12);
	ev = vmx_interrupted_event();
	assert_true(ev.valid && ev.has_error);
	assert_int_equal(ev.vector, 14);
	assert_int_equal(ev.error, 0x12);
	assert_int_equal(vmx_pack_event(&ev, true), event(14, EVENT_EXCEPTION, EVENT_ERROR_VALID));
	vmcs_write(VMCS_VECTORING_EVENT, event(0xf3, EVENT_INTR, 0));
	ev = vmx_interrupted_event();
	assert_true(ev.valid && !ev.has_error && ev.type == EVENT_INTR);
	assert_int_equal(ev.error, 0);
}

static void software_events_are_executed_again_instead(void **state)
{
	for (unsigned int type = EVENT_SOFT; type <= EVENT_INT3; type++) {
		vmcs_write(VMCS_VECTORING_EVENT, event(3, type, 0));
		assert_false(vmx_interrupted_event().valid);
	}
}

/* VM entry refuses an error code in real mode, where none is pushed. */
static void real_mode_has_no_error_codes(void **state)
{
	struct hvm_event gp = { .vector = VECTOR_GP, .type = EVENT_EXCEPTION, .has_error = true };

	assert_int_equal(vmx_pack_event(&gp, false), event(VECTOR_GP, EVENT_EXCEPTION, 0));
}

static void nmis_stay_blocked_when_iret_faults(void **state)
{
	decode(48, QUAL_EPT_UNBLOCKED);
	assert_true(vmx_iret_faulted(&out));
	vmcs_write(VMCS_VECTORING_EVENT,
		   event(0x30, EVENT_INTR, 0)); /* then the bit means nothing */
	assert_false(vmx_iret_faulted(&out));
	setup(state);
	vmcs_write(VMCS_EXIT_EVENT,
		   event(17, EVENT_EXCEPTION, EVENT_ERROR_VALID | EVENT_IRET_UNBLOCKED));
	decode(0, 0);
	assert_true(vmx_iret_faulted(&out));
	decode(10, QUAL_EPT_UNBLOCKED);
	assert_false(vmx_iret_faulted(&out));
}

static void state_goes_in_and_comes_out(void **state)
{
	struct hvm_state in, back;

	(void)unit_seed();
	for (size_t i = 0; i < sizeof(in); i++)
		((uint8_t *)&in)[i] = (uint8_t)unit_rand();
	for (unsigned int i = 0; i < NR_SEGS; i++)
		in.seg[i].attr = (in.seg[i].attr & 0xfff) | 0x80;
	in.seg[SEG_GS].attr &= ~0x80;
	in.seg[SEG_TR].attr |= 2; /* an idle TSS is made busy */
	in.cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_CD;
	in.cr4 = X86_CR4_PAE | X86_CR4_SMEP;
	in.efer = EFER_LME | EFER_LMA | EFER_SCE;
	in.dr7 &= 0xffffffff;
	in.sysenter_cs &= 0xffffffff;
	in.gdtr_limit = 0xffff;
	in.idtr_limit &= 0xffff;
	vmx_vmcs_set_state(&in);
	memset(&back, 0, sizeof(back));
	vmx_vmcs_get_state(&back);
	assert_memory_equal(in.seg, back.seg, sizeof(in.seg));
	assert_int_equal(in.cr0, back.cr0);
	assert_int_equal(in.cr3, back.cr3);
	assert_int_equal(in.cr4, back.cr4);
	assert_int_equal(in.efer, back.efer);
	assert_int_equal(in.dr7, back.dr7);
	assert_int_equal(in.pat, back.pat);
	assert_int_equal(in.gdtr_base, back.gdtr_base);
	assert_int_equal(in.gdtr_limit, back.gdtr_limit);
	assert_int_equal(in.idtr_limit, back.idtr_limit);
	assert_int_equal(in.sysenter_cs, back.sysenter_cs);
	assert_int_equal(in.sysenter_eip, back.sysenter_eip);
	assert_true(vmcs_read(VMCS_GUEST_AR + 2 * SEG_GS) & AR_UNUSABLE);
	assert_false(vmcs_read(VMCS_GUEST_AR + 2 * SEG_CS) & AR_UNUSABLE);
}

static void start(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
	struct hvm_state s = { .cr0 = cr0, .cr4 = cr4, .efer = efer };

	vmx_vmcs_set_state(&s);
}

/* What must be on is on, what would switch the machine's caches off is not, and the guest notices neither. */
static void control_registers_have_a_copy_for_the_guest(void **state)
{
	start(X86_CR0_PE | X86_CR0_CD | X86_CR0_NW, X86_CR4_PAE, 0);
	assert_int_equal(vmcs_read(VMCS_GUEST_CR0), X86_CR0_PE | X86_CR0_NE);
	assert_int_equal(vmx_vmcs_get_cr0(), X86_CR0_PE | X86_CR0_CD | X86_CR0_NW);
	assert_int_equal(vmcs_read(VMCS_GUEST_CR4), X86_CR4_PAE | X86_CR4_MCE | 0x2000);
	assert_int_equal(vmx_vmcs_get_cr4(), X86_CR4_PAE);
	vmcs_write(VMCS_GUEST_CR4,
		   X86_CR4_PGE | X86_CR4_MCE | 0x2000); /* the guest wrote bits of its own */
	assert_int_equal(vmx_vmcs_get_cr4(), X86_CR4_PGE);
}

static void long_mode_follows_paging_and_lme(void **state)
{
	start(X86_CR0_PE, X86_CR4_PAE, EFER_LME | EFER_LMA);
	assert_int_equal(vmcs_read(VMCS_GUEST_EFER), EFER_LME);
	assert_int_equal(vmcs_read(VMCS_ENTRY_CONTROLS), 0x11fb);
	start(X86_CR0_PE | X86_CR0_PG, X86_CR4_PAE, EFER_LME);
	assert_int_equal(vmcs_read(VMCS_GUEST_EFER), EFER_LME | EFER_LMA);
	assert_int_equal(vmcs_read(VMCS_ENTRY_CONTROLS), 0x11fb | ENTRY_IA32E);
	vmx_vmcs_set_efer(EFER_LME | EFER_NXE); /* WRMSR: LMA stays as it is */
	assert_int_equal(vmcs_read(VMCS_GUEST_EFER), EFER_LME | EFER_LMA | EFER_NXE);
	start(X86_CR0_PE | X86_CR0_PG, X86_CR4_PAE, 0);
	assert_int_equal(vmcs_read(VMCS_ENTRY_CONTROLS), 0x11fb);
}

static void harmless_writes_of_our_bits_are_adopted(void **state)
{
	start(X86_CR0_PE, X86_CR4_PAE, 0);
	decode(28, 0);
	assert_true(vmx_adopt_cr(&out, X86_CR0_PE | X86_CR0_NE | X86_CR0_PG));
	assert_int_equal(vmx_vmcs_get_cr0(),
			 X86_CR0_PE | X86_CR0_NE); /* PG comes when the CPU executes it again */
	assert_false(vmx_adopt_cr(&out, X86_CR0_PE | X86_CR0_NW)); /* #GP: NW without CD */
	decode(28, 4);
	assert_true(vmx_adopt_cr(&out, X86_CR4_PAE | X86_CR4_MCE));
	assert_int_equal(vmx_vmcs_get_cr4(), X86_CR4_PAE | X86_CR4_MCE);
	assert_false(vmx_adopt_cr(&out, X86_CR4_PAE | X86_CR4_MCE |
						0x2000)); /* VMXE is for the handler to refuse */
	assert_int_equal(vmx_vmcs_get_cr4(), X86_CR4_PAE | X86_CR4_MCE);
	decode(28, 8);
	assert_false(vmx_adopt_cr(&out, 0));
	decode(28, 4 | 1 << 4);
	assert_false(vmx_adopt_cr(&out, X86_CR4_PAE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(instructions_have_the_cpus_length, setup),
		cmocka_unit_test_setup(asynchronous_exits_have_no_length, setup),
		cmocka_unit_test_setup(every_reason_decodes_to_something, setup),
		cmocka_unit_test_setup(refused_entries, setup),
		cmocka_unit_test_setup(io_fields, setup),
		cmocka_unit_test_setup(what_the_cpu_leaves_of_the_apic, setup),
		cmocka_unit_test_setup(cr_fields, setup),
		cmocka_unit_test_setup(nested_fault_bits, setup),
		cmocka_unit_test_setup(exceptions_and_nmis_share_a_reason, setup),
		cmocka_unit_test_setup(interrupted_deliveries_come_back, setup),
		cmocka_unit_test_setup(software_events_are_executed_again_instead, setup),
		cmocka_unit_test_setup(real_mode_has_no_error_codes, setup),
		cmocka_unit_test_setup(nmis_stay_blocked_when_iret_faults, setup),
		cmocka_unit_test_setup(state_goes_in_and_comes_out, setup),
		cmocka_unit_test_setup(control_registers_have_a_copy_for_the_guest, setup),
		cmocka_unit_test_setup(long_mode_follows_paging_and_lme, setup),
		cmocka_unit_test_setup(harmless_writes_of_our_bits_are_adopted, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
