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
.macro ENTER_GUEST
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	%rsi, %rax
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
	clgi
	sti
	/* STI's shadow must not reach into VMRUN: QEMU 7.2 would lend it to the guest's first instruction. */
	mov	8 * 7(%rdi), %rdi
	vmrun	%rax
	cli
	stgi
.endm

/* Guest values are in the registers: store them, then clear those that we do not load again (Spectre). */
.macro LEAVE_GUEST
	mov	(%rsp), %rax
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
	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
.endm

	.text
	.globl svm_enter
	.type svm_enter, @function
svm_enter:
	ENTER_GUEST
	LEAVE_GUEST

/*
 * The same for CPUs on which a guest can leave return addresses in the return stack buffer: 32 harmless ones
 * first. Uses no register but RSP, all others still hold guest values.
 */
	.globl svm_enter_stuff_rsb
	.type svm_enter_stuff_rsb, @function
svm_enter_stuff_rsb:
	ENTER_GUEST
	.rept	32
	call	1f
	int3
1:
	.endr
	add	$(32 * 8), %rsp
	LEAVE_GUEST

	.section .note.GNU-stack, "", @progbits
