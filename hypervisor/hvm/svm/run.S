/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Into the guest and back: void svm_enter(struct hvm_vcpu *hv, uint64_t vmcb_hpa).
 *
 * In: rdi = hv (its gpr[] come first), rsi = VMCB. RAX and RSP travel in the VMCB. We come with IF=0 and
 * GIF=1; the guest runs with the host's IF=1 so that physical interrupts make it exit (15.21.1), and GIF=0
 * around it keeps them from being taken by us in between. Clobbers what the ABI allows, no more.
 *
 * No VMLOAD/VMSAVE here: FS, GS, TR, LDTR and the syscall MSRs are the guest's while we run; the hypervisor
 * uses none of them (x86/cpu.h).
 */
#include "hvm/gprs.S"

.macro ENTER_GUEST
	PUSH_HOST
	mov	%rsi, %rax
	LOAD_GPRS
	clgi
	sti
	/* STI's shadow must not reach into VMRUN: QEMU 7.2 would lend it to the guest's first instruction. */
	mov	8 * 7(%rdi), %rdi
	vmrun	%rax
	cli
	stgi
.endm

.macro LEAVE_GUEST
	mov	(%rsp), %rax
	STORE_GPRS
	POP_HOST
	ret
.endm

	.text
	.globl svm_enter
	.type svm_enter, @function
svm_enter:
	ENTER_GUEST
	LEAVE_GUEST

/* The same for CPUs on which the return stack buffer must be filled. Only RSP is free to use there. */
	.globl svm_enter_stuff_rsb
	.type svm_enter_stuff_rsb, @function
svm_enter_stuff_rsb:
	ENTER_GUEST
	STUFF_RSB
	LEAVE_GUEST

	.section .note.GNU-stack, "", @progbits
