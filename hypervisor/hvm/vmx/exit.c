/* SPDX-License-Identifier: GPL-2.0-only */
/* From the current VMCS after an exit to a neutral exit, and events in both directions. Pure. */
#include "hvm/vmx/vmx.h"

/* The exits whose reason says everything; those not listed are EXIT_UNKNOWN, which is 0. */
static const struct {
	uint8_t kind;	  /* enum hvm_exit_kind */
	bool instruction; /* it is after one, whose length the CPU tells */
} rows[NR_REASONS] = {
	[REASON_EXTINT] = { EXIT_EXTINT, false },
	[REASON_TRIPLE_FAULT] = { EXIT_SHUTDOWN, false },
	[REASON_INIT] = { EXIT_NOTHING, false },
	[REASON_SIPI] = { EXIT_NOTHING, false },
	[REASON_INTR_WINDOW] = { EXIT_WINDOW, false },
	[REASON_NMI_WINDOW] = { EXIT_WINDOW, false },
	[REASON_CPUID] = { EXIT_CPUID, true },
	[REASON_GETSEC] = { EXIT_INVALID_OP, true },
	[REASON_HLT] = { EXIT_HLT, true },
	[REASON_INVD] = { EXIT_NOTHING, true },
	[REASON_RDPMC] = { EXIT_INVALID_OP, true },
	[REASON_VMCALL] = { EXIT_HYPERCALL, true },
	[REASON_VMCLEAR ... REASON_VMXON] = { EXIT_INVALID_OP, true },
	[REASON_CR] = { EXIT_CR, true },
	[REASON_DR] = { EXIT_DR, false },
	[REASON_IO] = { EXIT_IO, true },
	[REASON_RDMSR] = { EXIT_MSR_READ, true },
	[REASON_WRMSR] = { EXIT_MSR_WRITE, true },
	[REASON_MWAIT] = { EXIT_INVALID_OP, true },
	[REASON_MONITOR] = { EXIT_INVALID_OP, true },
	[REASON_EOI] = { EXIT_EOI, false },
	[REASON_EPT_VIOLATION] = { EXIT_NESTED_FAULT, false },
	[REASON_INVEPT] = { EXIT_INVALID_OP, true },
	[REASON_PREEMPTION_TIMER] = { EXIT_EXTINT, false }, /* see whether one waits */
	[REASON_INVVPID] = { EXIT_INVALID_OP, true },
	[REASON_WBINVD] = { EXIT_NOTHING, true },
	[REASON_XSETBV] = { EXIT_XSETBV, true },
	/* Past a self-IPI of a vector that does not exist; RCX and RAX still say which. */
	[REASON_APIC_WRITE] = { EXIT_MSR_WRITE, false },
	[REASON_VMFUNC] = { EXIT_INVALID_OP, true },
	[REASON_ENCLS] = { EXIT_INVALID_OP, true },
};

static void decode_cr(struct hvm_exit *exit)
{
	uint64_t qual = vmcs_read(VMCS_QUALIFICATION);

	exit->cr.cr = qual & 0xf;
	exit->cr.gpr = qual >> 8 & 0xf;
	exit->cr.write = !(qual & QUAL_CR_FROM);
	if (qual & QUAL_CR_CLTS_LMSW) /* no bit that these change is ours */
		exit->kind = EXIT_UNKNOWN;
}

static void decode_io(struct hvm_exit *exit)
{
	uint64_t qual = vmcs_read(VMCS_QUALIFICATION);

	exit->io.port = (uint16_t)(qual >> 16);
	exit->io.size = (qual & 7) + 1;
	exit->io.write = !(qual & QUAL_IO_IN);
	exit->io.string = qual & QUAL_IO_STRING;
	exit->io.rep = qual & QUAL_IO_REP;
}

static void decode_ept_violation(struct hvm_exit *exit)
{
	uint64_t qual = vmcs_read(VMCS_QUALIFICATION);

	exit->fault.gpa = vmcs_read(VMCS_GUEST_PHYSICAL);
	exit->fault.write = qual & QUAL_EPT_WRITE;
	exit->fault.fetch = qual & QUAL_EPT_FETCH;
	exit->fault.in_table_walk = (qual & QUAL_EPT_GVA_VALID) && !(qual & QUAL_EPT_TRANSLATED);
}

static void decode_exception(struct hvm_exit *exit)
{
	uint32_t event = (uint32_t)vmcs_read(VMCS_EXIT_EVENT);

	exit->kind = (event >> EVENT_TYPE_SHIFT & 7) == EVENT_NMI ? EXIT_NMI : EXIT_EXCEPTION;
	exit->exception.vector = (uint8_t)event;
	exit->exception.has_error = event & EVENT_ERROR_VALID;
	exit->exception.error = (uint32_t)vmcs_read(VMCS_EXIT_ERROR);
}

void vmx_decode_exit(struct hvm_exit *exit)
{
	uint32_t code = (uint32_t)vmcs_read(VMCS_EXIT_REASON);
	uint16_t reason = (uint16_t)code;

	exit->code = code;
	exit->kind = EXIT_UNKNOWN;
	exit->len = 0;
	if (unlikely(reason == REASON_ENTRY_MACHINE_CHECK)) {
		exit->kind = EXIT_EXCEPTION;
		exit->exception.vector = VECTOR_MC;
		return;
	}
	if (unlikely(code & REASON_ENTRY_FAILED)) {
		exit->kind = EXIT_FAILED_ENTRY;
		return;
	}
	if (unlikely(reason >= NR_REASONS))
		return;
	exit->kind = rows[reason].kind;
	if (rows[reason].instruction)
		exit->len = (uint8_t)vmcs_read(VMCS_INSTRUCTION_LEN);
	switch (reason) {
	case REASON_EXCEPTION:	   decode_exception(exit); break;
	case REASON_CR:		   decode_cr(exit); break;
	case REASON_IO:		   decode_io(exit); break;
	case REASON_EOI:	   exit->eoi.vector = (uint8_t)vmcs_read(VMCS_QUALIFICATION); break;
	case REASON_EPT_VIOLATION: decode_ept_violation(exit); break;
	}
}

uint32_t vmx_pack_event(const struct hvm_event *ev, bool protected)
{
	return ev->vector | (uint32_t)ev->type << EVENT_TYPE_SHIFT | EVENT_VALID |
	       (ev->has_error && protected ? EVENT_ERROR_VALID : 0);
}

/* INT n, INT1, INT3 and INTO are simply executed again: RIP still points at them. */
struct hvm_event vmx_interrupted_event(void)
{
	uint32_t info = (uint32_t)vmcs_read(VMCS_VECTORING_EVENT);
	uint8_t type = info >> EVENT_TYPE_SHIFT & 7;

	return (struct hvm_event){
		.vector = (uint8_t)info,
		.type = type,
		.has_error = info & EVENT_ERROR_VALID,
		.valid = (info & EVENT_VALID) && type < EVENT_SOFT,
		.error = info & EVENT_ERROR_VALID ? (uint32_t)vmcs_read(VMCS_VECTORING_ERROR) : 0,
	};
}

/* 27.2.3: only if no event was being delivered, and never told with a double fault. */
bool vmx_iret_faulted(const struct hvm_exit *exit)
{
	if (vmcs_read(VMCS_VECTORING_EVENT) & EVENT_VALID)
		return false;
	if (exit->kind == EXIT_NESTED_FAULT)
		return vmcs_read(VMCS_QUALIFICATION) & QUAL_EPT_UNBLOCKED;
	return exit->kind == EXIT_EXCEPTION && exit->exception.vector != VECTOR_DF &&
	       (vmcs_read(VMCS_EXIT_EVENT) & EVENT_IRET_UNBLOCKED);
}
