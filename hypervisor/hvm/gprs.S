/* SPDX-License-Identifier: GPL-2.0-only */
/* Macros of both ways into a guest. hv->gpr[] comes first in struct hvm_vcpu, by enum gpr. */

/* RDI stays on top of the stack: LEAVE_GUEST finds hv there. */
.macro PUSH_HOST
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
.endm

.macro POP_HOST
	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
.endm

/* All but RAX, RSP, and RDI, which holds hv. Flags stay. */
.macro LOAD_GPRS
	mov	8 * 1(%rdi), %rcx
	mov	8 * 2(%rdi), %rdx
	mov	8 * 3(%rdi), %rbx
	mov	8 * 5(%rdi), %rbp
	mov	8 * 6(%rdi), %rsi
	mov	8 * 8(%rdi), %r8
	mov	8 * 9(%rdi), %r9
	mov	8 * 10(%rdi), %r10
	mov	8 * 11(%rdi), %r11
	mov	8 * 12(%rdi), %r12
	mov	8 * 13(%rdi), %r13
	mov	8 * 14(%rdi), %r14
	mov	8 * 15(%rdi), %r15
.endm

/* All but RAX and RSP, to the hv in RAX; then clear those that we do not load again (Spectre). */
.macro STORE_GPRS
	mov	%rcx, 8 * 1(%rax)
	mov	%rdx, 8 * 2(%rax)
	mov	%rbx, 8 * 3(%rax)
	mov	%rbp, 8 * 5(%rax)
	mov	%rsi, 8 * 6(%rax)
	mov	%rdi, 8 * 7(%rax)
	mov	%r8, 8 * 8(%rax)
	mov	%r9, 8 * 9(%rax)
	mov	%r10, 8 * 10(%rax)
	mov	%r11, 8 * 11(%rax)
	mov	%r12, 8 * 12(%rax)
	mov	%r13, 8 * 13(%rax)
	mov	%r14, 8 * 14(%rax)
	mov	%r15, 8 * 15(%rax)
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
.endm

/* 32 harmless return addresses, where a guest can leave its own in the return stack buffer. */
.macro STUFF_RSB
	.rept	32
	call	1f
	int3
1:
	.endr
	add	$(32 * 8), %rsp
.endm
