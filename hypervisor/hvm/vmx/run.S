/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Into the guest and back: int vmx_enter(struct hvm_vcpu *hv, bool launched).
 *
 * In: rdi = hv, rsi = launched. RSP and RIP travel in the VMCS. The exit continues at vmx_exit with
 * our RSP and all other registers the guest's. Out: rax 0; 1 when the instruction itself failed.
 */
#include "hvm/gprs.S"

#define VMCS_HOST_RSP 0x6c14

.macro LEAVE_GUEST
	push	%rax
	mov	8(%rsp), %rax
	STORE_GPRS
	pop	(%rax)
	POP_HOST
	xor	%eax, %eax
	ret
.endm

	.text
	.globl vmx_enter
	.type vmx_enter, @function
vmx_enter:
	PUSH_HOST
	mov	$VMCS_HOST_RSP, %eax
	vmwrite	%rsp, %rax
	test	%sil, %sil
	LOAD_GPRS
	mov	(%rdi), %rax
	mov	8 * 7(%rdi), %rdi
	jz	1f
	vmresume
	jmp	2f
1:	vmlaunch
2:	POP_HOST
	mov	$1, %eax
	ret

	.globl vmx_exit
vmx_exit:
	LEAVE_GUEST

	.globl vmx_exit_stuff_rsb
vmx_exit_stuff_rsb:
	STUFF_RSB
	LEAVE_GUEST

	.section .note.GNU-stack, "", @progbits
