/* SPDX-License-Identifier: GPL-2.0-only */
/* The SVM decoder, event packing and register conversion on hand-made VMCBs. */
#include "unit.h"
#include "hvm/svm/svm.h"
#include "x86/msr.h"

static struct vmcb vmcb;
static struct hvm_exit out;

static int setup(void **state)
{
	memset(&vmcb, 0, sizeof(vmcb));
	memset(&out, 0xa5, sizeof(out));
	vmcb.rip = 0x1000;
	vmcb.nrip = 0x1004;
	return 0;
}

static void decode(uint64_t code, bool nrips)
{
	vmcb.exitcode = code;
	svm_decode_exit(&vmcb, nrips, &out);
	assert_true(out.kind < NR_EXIT_KINDS);
	assert_int_equal(out.code, code);
}

static void lengths_come_from_nrip_or_the_instruction(void **state)
{
	decode(SVM_EXIT_CPUID, false);
	assert_int_equal(out.kind, EXIT_CPUID);
	assert_int_equal(out.len, 2);
	decode(SVM_EXIT_CPUID, true);
	assert_int_equal(out.len, 4);
	decode(SVM_EXIT_VMMCALL, false);
	assert_int_equal(out.kind, EXIT_HYPERCALL);
	assert_int_equal(out.len, 3);
	decode(SVM_EXIT_XSETBV, false);
	assert_int_equal(out.kind, EXIT_XSETBV);
	assert_int_equal(out.len, 3);
	decode(SVM_EXIT_HLT, false);
	assert_int_equal(out.len, 1);
}

static void asynchronous_exits_have_no_length(void **state)
{
	static const uint64_t codes[] = { SVM_EXIT_INTR, SVM_EXIT_NMI, SVM_EXIT_VINTR, SVM_EXIT_SHUTDOWN, SVM_EXIT_NPF };

	for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++) {
		decode(codes[i], true);
		assert_int_equal(out.len, 0);
	}
}

static void msr_direction(void **state)
{
	decode(SVM_EXIT_MSR, false);
	assert_int_equal(out.kind, EXIT_MSR_READ);
	vmcb.exitinfo1 = 1;
	decode(SVM_EXIT_MSR, false);
	assert_int_equal(out.kind, EXIT_MSR_WRITE);
}

static void io_fields(void **state)
{
	/* rep outsw, port 0x1f0, 32-bit addresses, segment DS */
	vmcb.exitinfo1 = 0x1f0u << 16 | 3u << 10 | 1u << 8 | 1u << 5 | IOIO_STRING | IOIO_REP;
	vmcb.exitinfo2 = 0x1003;
	decode(SVM_EXIT_IOIO, false);
	assert_int_equal(out.kind, EXIT_IO);
	assert_int_equal(out.io.port, 0x1f0);
	assert_int_equal(out.io.size, 2);
	assert_true(out.io.write && out.io.string && out.io.rep);
	assert_int_equal(out.len, 3);
	vmcb.exitinfo1 = 0x60u << 16 | 1u << 4 | IOIO_IN;
	decode(SVM_EXIT_IOIO, false);
	assert_false(out.io.write || out.io.string || out.io.rep);
	assert_int_equal(out.io.size, 1);
}

static void nested_fault_bits(void **state)
{
	vmcb.exitinfo1 = NPF_WRITE | NPF_TABLE_WALK;
	vmcb.exitinfo2 = 0xfee00030;
	decode(SVM_EXIT_NPF, false);
	assert_int_equal(out.kind, EXIT_NESTED_FAULT);
	assert_int_equal(out.fault.gpa, 0xfee00030);
	assert_true(out.fault.write && !out.fault.fetch && out.fault.in_table_walk);
	vmcb.exitinfo1 = NPF_FETCH;
	decode(SVM_EXIT_NPF, false);
	assert_true(!out.fault.write && out.fault.fetch && !out.fault.in_table_walk);
}

static void every_code_decodes_to_something(void **state)
{
	for (uint64_t code = 0; code < 0x500; code++)
		decode(code, code & 1);
	decode(SVM_EXIT_ERR, false);
	assert_int_equal(out.kind, EXIT_FAILED_ENTRY);
	decode(0xffffffff, false); /* as QEMU 7.2 tells it */
	assert_int_equal(out.kind, EXIT_FAILED_ENTRY);
	decode(0x30, false);
	assert_int_equal(out.kind, EXIT_DR);
	decode(SVM_EXIT_WRITE_CR8, true);
	assert_true(out.kind == EXIT_CR && out.cr.cr == 8 && out.cr.write);
	assert_int_equal(out.cr.gpr, NR_GPRS); /* the instruction says */
	decode(SVM_EXIT_EXCP_BASE + 17, false);
	assert_int_equal(out.kind, EXIT_EXCEPTION);
	assert_true(out.exception.has_error);
	decode(0x65, false);
	assert_int_equal(out.kind, EXIT_UNKNOWN);
}

static void events_survive_packing(void **state)
{
	struct hvm_event pf = { .vector = 14, .type = EVENT_EXCEPTION, .has_error = true, .error = 0x12 }, back;

	vmcb.exitcode = SVM_EXIT_NPF;
	vmcb.exitintinfo = svm_pack_event(&pf);
	back = svm_interrupted_event(&vmcb);
	assert_true(back.valid && back.has_error);
	assert_int_equal(back.vector, 14);
	assert_int_equal(back.type, EVENT_EXCEPTION);
	assert_int_equal(back.error, 0x12);
}

/* QEMU 7.2 leaves EXITINTINFO behind on exits that cannot interrupt a delivery. */
static void stale_event_of_an_intr_exit_is_not_delivered_again(void **state)
{
	struct hvm_event intr = { .vector = 0xf3, .type = EVENT_INTR };
	static const uint64_t codes[] = { SVM_EXIT_INTR, SVM_EXIT_HLT, SVM_EXIT_VMMCALL, SVM_EXIT_VINTR };

	vmcb.exitintinfo = svm_pack_event(&intr);
	for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++) {
		vmcb.exitcode = codes[i];
		assert_false(svm_interrupted_event(&vmcb).valid);
	}
	vmcb.exitcode = SVM_EXIT_NPF;
	assert_true(svm_interrupted_event(&vmcb).valid);
}

static void software_events_are_executed_again_instead(void **state)
{
	struct hvm_event soft = { .vector = 0x80, .type = EVENT_SOFT }, bp = { .vector = 3, .type = EVENT_EXCEPTION };

	vmcb.exitcode = SVM_EXIT_NPF;
	vmcb.exitintinfo = svm_pack_event(&soft);
	assert_false(svm_interrupted_event(&vmcb).valid);
	vmcb.exitintinfo = svm_pack_event(&bp);
	assert_false(svm_interrupted_event(&vmcb).valid);
}

/* On QEMU an interrupt goes in as if it were software's, and has to come out as what it is. */
static void an_interrupt_in_disguise_is_delivered_again(void **state)
{
	struct hvm_event intr = { .vector = 0x80, .type = EVENT_INTR }, back;

	vmcb.exitcode = SVM_EXIT_NPF;
	vmcb.exitintinfo = svm_pack_event(&intr) | EVENT_INTR_AS_SOFT;
	back = svm_interrupted_event(&vmcb);
	assert_true(back.valid && !back.has_error);
	assert_int_equal(back.vector, 0x80);
	assert_int_equal(back.type, EVENT_INTR);
}

static void state_goes_in_and_comes_out(void **state)
{
	struct hvm_state in, back;
	uint8_t *raw = (uint8_t *)&in;

	(void)unit_seed();
	for (size_t i = 0; i < sizeof(in); i++)
		raw[i] = (uint8_t)unit_rand();
	in.efer &= ~EFER_SVME;
	svm_vmcb_set_state(&vmcb, &in);
	assert_true(vmcb.efer & EFER_SVME); /* VMRUN refuses a guest without it */
	memset(&back, 0, sizeof(back));
	svm_vmcb_get_state(&vmcb, &back);
	back.rip = in.rip;
	back.rflags = in.rflags;
	for (unsigned int i = 0; i < NR_SEGS; i++)
		assert_memory_equal(&in.seg[i], &back.seg[i], sizeof(in.seg[i]));
	assert_int_equal(in.cr0, back.cr0);
	assert_int_equal(in.cr4, back.cr4);
	assert_int_equal(in.efer, back.efer);
	assert_int_equal(in.star, back.star);
	assert_int_equal(in.sysenter_eip, back.sysenter_eip);
	assert_int_equal(in.pat, back.pat);
	assert_int_equal(in.gdtr_base, back.gdtr_base);
	assert_int_equal(in.idtr_limit, back.idtr_limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lengths_come_from_nrip_or_the_instruction, setup),
		cmocka_unit_test_setup(asynchronous_exits_have_no_length, setup),
		cmocka_unit_test_setup(msr_direction, setup),
		cmocka_unit_test_setup(io_fields, setup),
		cmocka_unit_test_setup(nested_fault_bits, setup),
		cmocka_unit_test_setup(every_code_decodes_to_something, setup),
		cmocka_unit_test_setup(events_survive_packing, setup),
		cmocka_unit_test_setup(stale_event_of_an_intr_exit_is_not_delivered_again, setup),
		cmocka_unit_test_setup(software_events_are_executed_again_instead, setup),
		cmocka_unit_test_setup(an_interrupt_in_disguise_is_delivered_again, setup),
		cmocka_unit_test_setup(state_goes_in_and_comes_out, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
