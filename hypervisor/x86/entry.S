/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 256 interrupt gates, 16 bytes apart. Each pushes its vector (and a zero where the CPU pushes no
 * error code), then the registers as struct trap_frame, and calls trap_handle(frame). The stack is
 * the interrupted one; the CPU aligned it to 16 bytes, and the frame keeps that.
 */
	.text
	.globl trap_stubs
	.balign 16
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign 16
	/* #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX come with an error code */
	.if	(vector == 8) | ((vector >= 10) & (vector <= 14)) | (vector == 17) | (vector == 21) | (vector == 29) | (vector == 30)
	.else
	push	$0
	.endif
	push	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

trap_common:
	.irp	reg, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	push	%\reg
	.endr
	cld
	mov	%rsp, %rdi
	call	trap_handle
	.irp	reg, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
	pop	%\reg
	.endr
	add	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
