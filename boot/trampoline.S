/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the other CPUs start: real mode, in a page below 1 MiB that x86/smp.c copies this into. From
 * there to 64-bit mode and to the stack that the boot CPU laid out. One CPU at a time comes through.
 * CS:0 is the page, so everything before protected mode is relative to the start of this code; the
 * words at the end are filled by smp.c. The page is identity-mapped by the page tables at tramp_cr3.
 */
#define SEL_CODE64 0x08
#define SEL_DATA   0x10
#define SEL_CODE32 0x18
#define T(sym) ((sym) - trampoline_start)

	.section .init.data, "aw"
	.globl trampoline_start, trampoline_end, trampoline_args
	.balign 16
	.code16
trampoline_start:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	movzx	%ax, %ebx
	shl	$4, %ebx			/* EBX: the page's address */
	lgdtl	T(tramp_gdtr)
	mov	$0x11, %eax			/* CR0: ET, PE */
	mov	%eax, %cr0
	ljmpl	*T(tramp_entry32)

	.code32
tramp32:
	mov	$SEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$0x20, %eax			/* CR4: PAE */
	mov	%eax, %cr4
	mov	T(tramp_cr3)(%ebx), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx		/* EFER: LME, NXE */
	rdmsr
	or	$0x900, %eax
	wrmsr
	mov	$0x80010011, %eax		/* CR0: PG, WP, ET, PE */
	mov	%eax, %cr0
	ljmpl	*T(tramp_entry64)(%ebx)

	.code64
tramp64:
	mov	T(tramp_stack)(%rbx), %rsp
	mov	T(tramp_main)(%rbx), %rax
	xor	%ebp, %ebp
	call	*%rax
	ud2

	.balign 8
tramp_gdt:
	.quad	0
	.quad	0x00af9b000000ffff		/* SEL_CODE64 */
	.quad	0x00cf93000000ffff		/* SEL_DATA */
	.quad	0x00cf9b000000ffff		/* SEL_CODE32 */
tramp_gdt_end:
	.balign 8
	/* struct smp_trampoline_args; the offsets that smp.c adds the page's address to stand here. */
trampoline_args:
tramp_stack:	.quad 0
tramp_main:	.quad 0
tramp_cr3:	.long 0
tramp_entry32:	.long T(tramp32)
		.short SEL_CODE32
tramp_entry64:	.long T(tramp64)
		.short SEL_CODE64
tramp_gdtr:	.short tramp_gdt_end - tramp_gdt - 1
		.long T(tramp_gdt)
trampoline_end:

	.section .note.GNU-stack, "", @progbits
