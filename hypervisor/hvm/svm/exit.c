/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a VMCB after #VMEXIT to a neutral exit. Pure: reads the VMCB, touches nothing else.
 *
 * Not every CPU (nor QEMU 7.2) stores the next RIP. Without it the length is that of the plain instruction;
 * such guests must not put redundant prefixes before it, and no compiler does.
 */
#include "hvm/svm/svm.h"

struct exit_row {
	uint8_t kind; /* enum hvm_exit_kind */
	uint8_t len;  /* of the instruction, when the CPU does not say; 0 = the exit is not after one */
};

/* The exits whose code says everything; those not listed are decoded below or EXIT_UNKNOWN, which is 0. */
static const struct exit_row rows[] = {
	[SVM_EXIT_INTR] = { EXIT_EXTINT, 0 },
	[SVM_EXIT_NMI] = { EXIT_NMI, 0 },
	[SVM_EXIT_SMI ... SVM_EXIT_INIT] = { EXIT_NOTHING, 0 },
	[SVM_EXIT_VINTR] = { EXIT_WINDOW, 0 },
	[SVM_EXIT_RDPMC] = { EXIT_INVALID_OP, 2 },
	[SVM_EXIT_CPUID] = { EXIT_CPUID, 2 },
	[SVM_EXIT_IRET] = { EXIT_WINDOW, 0 },
	[SVM_EXIT_INVD] = { EXIT_NOTHING, 2 },
	[SVM_EXIT_PAUSE] = { EXIT_NOTHING, 2 },
	[SVM_EXIT_HLT] = { EXIT_HLT, 1 },
	[SVM_EXIT_INVLPGA] = { EXIT_INVALID_OP, 3 },
	[SVM_EXIT_IOIO] = { EXIT_IO, 0 },
	[SVM_EXIT_MSR] = { EXIT_MSR_READ, 2 },
	[SVM_EXIT_FERR_FREEZE] = { EXIT_NOTHING, 0 },
	[SVM_EXIT_SHUTDOWN] = { EXIT_SHUTDOWN, 0 },
	[SVM_EXIT_VMRUN] = { EXIT_INVALID_OP, 3 },
	[SVM_EXIT_VMMCALL] = { EXIT_HYPERCALL, 3 },
	[SVM_EXIT_VMLOAD ... SVM_EXIT_SKINIT] = { EXIT_INVALID_OP, 3 },
	[SVM_EXIT_WBINVD] = { EXIT_NOTHING, 2 },
	[SVM_EXIT_MONITOR ... SVM_EXIT_MWAIT_COND] = { EXIT_INVALID_OP, 3 },
	[SVM_EXIT_XSETBV] = { EXIT_XSETBV, 3 },
	[SVM_EXIT_RDPRU] = { EXIT_INVALID_OP, 3 },
};

static void decode_io(const struct vmcb *vmcb, struct hvm_exit *exit)
{
	uint32_t info = (uint32_t)vmcb->exitinfo1;

	exit->io.port = (uint16_t)(info >> 16);
	exit->io.size = (info >> 4) & 7;
	exit->io.write = !(info & IOIO_IN);
	exit->io.string = exit->io.rep = false;
	if (unlikely(info & IOIO_STRING)) {
		exit->io.string = true;
		exit->io.rep = info & IOIO_REP;
	}
	exit->len = (uint8_t)(vmcb->exitinfo2 - vmcb->rip);
}

static void decode_npf(const struct vmcb *vmcb, struct hvm_exit *exit)
{
	exit->kind = EXIT_NESTED_FAULT;
	exit->fault.gpa = vmcb->exitinfo2;
	exit->fault.write = vmcb->exitinfo1 & NPF_WRITE;
	exit->fault.fetch = vmcb->exitinfo1 & NPF_FETCH;
	exit->fault.in_table_walk = vmcb->exitinfo1 & NPF_TABLE_WALK;
}

static void decode_exception(const struct vmcb *vmcb, struct hvm_exit *exit)
{
	exit->kind = EXIT_EXCEPTION;
	exit->exception.vector = (uint8_t)(vmcb->exitcode - SVM_EXIT_EXCP_BASE);
	exit->exception.error = (uint32_t)vmcb->exitinfo1;
	/* #AC is the only one with an error code among those we intercept */
	exit->exception.has_error = exit->exception.vector == VECTOR_AC;
}

void svm_decode_exit(const struct vmcb *vmcb, bool nrips, struct hvm_exit *exit)
{
	uint64_t code = vmcb->exitcode;

	exit->code = code;
	if (likely(code < ARRAY_SIZE(rows) && code >= SVM_EXIT_INTR)) {
		exit->kind = rows[code].kind;
		exit->len = rows[code].len;
		if (nrips && exit->len)
			exit->len = (uint8_t)(vmcb->nrip - vmcb->rip);
		if (code == SVM_EXIT_IOIO)
			decode_io(vmcb, exit);
		else if (code == SVM_EXIT_MSR && vmcb->exitinfo1)
			exit->kind = EXIT_MSR_WRITE;
		return;
	}
	exit->kind = EXIT_UNKNOWN;
	exit->len = 0;
	if (code == SVM_EXIT_NPF) {
		decode_npf(vmcb, exit);
	} else if (code >= SVM_EXIT_EXCP_BASE && code <= SVM_EXIT_LAST_EXCP) {
		decode_exception(vmcb, exit);
	} else if (code >= SVM_EXIT_READ_DR0 && code < SVM_EXIT_EXCP_BASE) {
		exit->kind = EXIT_DR;
	} else if (code == SVM_EXIT_WRITE_CR8) { /* the one that is ever intercepted */
		exit->kind = EXIT_CR;
		exit->cr.cr = 8;
		exit->cr.gpr = NR_GPRS;
		exit->cr.write = true;
	} else if ((uint32_t)code == (uint32_t)SVM_EXIT_ERR) { /* QEMU 7.2 leaves the high half 0 */
		exit->kind = EXIT_FAILED_ENTRY;
	}
}
