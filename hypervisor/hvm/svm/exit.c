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
	[VMEXIT_INTR] = { EXIT_EXTINT, 0 },
	[VMEXIT_NMI] = { EXIT_NMI, 0 },
	[VMEXIT_SMI] = { EXIT_NOTHING, 0 },
	[VMEXIT_INIT] = { EXIT_NOTHING, 0 },
	[VMEXIT_VINTR] = { EXIT_WINDOW, 0 },
	[VMEXIT_RDPMC] = { EXIT_INVALID_OP, 2 },
	[VMEXIT_CPUID] = { EXIT_CPUID, 2 },
	[VMEXIT_IRET] = { EXIT_WINDOW, 0 },
	[VMEXIT_INVD] = { EXIT_NOTHING, 2 },
	[VMEXIT_PAUSE] = { EXIT_NOTHING, 2 },
	[VMEXIT_HLT] = { EXIT_HLT, 1 },
	[VMEXIT_INVLPGA] = { EXIT_INVALID_OP, 3 },
	[VMEXIT_IOIO] = { EXIT_IO, 0 },
	[VMEXIT_MSR] = { EXIT_MSR_READ, 2 },
	[VMEXIT_FERR] = { EXIT_NOTHING, 0 },
	[VMEXIT_SHUTDOWN] = { EXIT_SHUTDOWN, 0 },
	[VMEXIT_VMRUN] = { EXIT_INVALID_OP, 3 },
	[VMEXIT_VMMCALL] = { EXIT_HYPERCALL, 3 },
	[VMEXIT_VMLOAD] = { EXIT_INVALID_OP, 3 },
	[VMEXIT_VMSAVE] = { EXIT_INVALID_OP, 3 },
	[VMEXIT_STGI] = { EXIT_INVALID_OP, 3 },
	[VMEXIT_CLGI] = { EXIT_INVALID_OP, 3 },
	[VMEXIT_SKINIT] = { EXIT_INVALID_OP, 3 },
	[VMEXIT_WBINVD] = { EXIT_NOTHING, 2 },
	[VMEXIT_MONITOR] = { EXIT_INVALID_OP, 3 },
	[VMEXIT_MWAIT] = { EXIT_INVALID_OP, 3 },
	[VMEXIT_MWAIT_ARMED] = { EXIT_INVALID_OP, 3 },
	[VMEXIT_XSETBV] = { EXIT_XSETBV, 3 },
	[VMEXIT_RDPRU] = { EXIT_INVALID_OP, 3 },
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
	exit->fault.in_table_walk = vmcb->exitinfo1 & NPF_TABLE_WALK;
}

static void decode_exception(const struct vmcb *vmcb, struct hvm_exit *exit)
{
	exit->kind = EXIT_EXCEPTION;
	exit->exception.vector = (uint8_t)(vmcb->exitcode - VMEXIT_EXCP0);
	exit->exception.error = (uint32_t)vmcb->exitinfo1;
	/* #AC is the only one with an error code among those we intercept */
	exit->exception.has_error = exit->exception.vector == VECTOR_AC;
}

void svm_decode_exit(const struct vmcb *vmcb, bool nrips, struct hvm_exit *exit)
{
	uint64_t code = vmcb->exitcode;

	exit->code = code;
	if (likely(code < ARRAY_SIZE(rows) && code >= VMEXIT_INTR)) {
		exit->kind = rows[code].kind;
		exit->len = rows[code].len;
		if (nrips && exit->len)
			exit->len = (uint8_t)(vmcb->nrip - vmcb->rip);
		if (code == VMEXIT_IOIO)
			decode_io(vmcb, exit);
		else if (code == VMEXIT_MSR && vmcb->exitinfo1)
			exit->kind = EXIT_MSR_WRITE;
		return;
	}
	exit->kind = EXIT_UNKNOWN;
	exit->len = 0;
	if (code == VMEXIT_NPF) {
		decode_npf(vmcb, exit);
	} else if (code >= VMEXIT_EXCP0 && code <= VMEXIT_EXCP31) {
		decode_exception(vmcb, exit);
	} else if (code >= VMEXIT_DR0_READ && code <= VMEXIT_DR15_WRITE) {
		exit->kind = EXIT_DR;
	} else if (code == VMEXIT_CR8_WRITE) { /* the one that is ever intercepted */
		exit->kind = EXIT_CR;
		exit->cr.cr = 8;
		exit->cr.gpr = NR_GPRS;
		exit->cr.write = true;
	} else if ((uint32_t)code == (uint32_t)VMEXIT_INVALID) { /* QEMU 7.2 leaves the high half 0 */
		exit->kind = EXIT_FAILED_ENTRY;
	}
}
