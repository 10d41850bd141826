/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entry of the test payload: from the PVH entry (32-bit, paging off, EBX = start info) and from an
 * application processor's start-up IPI (real mode) to 64-bit C. The first 4 GiB are mapped one to
 * one with 2 MiB pages, user-accessible so that tests can run at CPL 3; a second region at 512 GiB
 * (see lib/mem.h) is mapped in 4 KiB pages by the tests themselves. Nothing here lives in
 * initialised writable data: a running payload copies its own image into new domains.
 */
#include "lib/layout.h"

	.section .note.Xen, "a", @note
	.align 4
	.long 4, 4, 18		/* name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long start32

	.text
	.code32
	.globl start32
start32:			/* in: EBX = start info; keeps it in EBP for the 64-bit side */
	cld
	movl	%ebx, %ebp
	movl	$page_tables, %edi
	leal	0x1007(%edi), %eax
	movl	%eax, (%edi)			/* PML4[0] = the PDPT */
	leal	0x6007(%edi), %eax
	movl	%eax, 8(%edi)			/* PML4[1] = the window's PDPT */
	addl	$0x1000, %eax
	movl	%eax, 0x6000(%edi)		/* window PDPT[0] = its PD */
	addl	$0x1000, %eax
	movl	%eax, 0x7000(%edi)		/* window PD[0] = its page table */
	leal	0x2007(%edi), %eax
	leal	0x1000(%edi), %edx
	movl	$4, %ecx
1:	movl	%eax, (%edx)			/* PDPT[0..3] = four PDs */
	addl	$0x1000, %eax
	addl	$8, %edx
	loop	1b
	leal	0x2000(%edi), %edx
	movl	$0x87, %eax			/* present, writable, user, 2 MiB */
	movl	$2048, %ecx
2:	movl	%eax, (%edx)
	addl	$0x200000, %eax
	addl	$8, %edx
	loop	2b
	movl	$boot_stacks + STACK_SIZE, %esp
	jmp	enter_long_mode

	.globl ap_start32
ap_start32:			/* in: 32-bit flat CS; takes the stack that smp_start() left */
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %ss
	movl	ap_stack, %esp
	xorl	%ebp, %ebp

enter_long_mode:		/* in: ESP, EBP = start info or 0; clobbers EAX, ECX, EDX */
	lgdt	boot_gdtr
	movl	$0x620, %eax			/* PAE, OSFXSR, OSXMMEXCPT */
	movl	%eax, %cr4
	movl	$page_tables, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax			/* EFER.LME */
	wrmsr
	movl	$0x80010033, %eax		/* PG, WP, NE, ET, MP, PE */
	movl	%eax, %cr0
	ljmp	$0x18, $start64

	.code64
start64:
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%ebp, %edi
	testl	%ebp, %ebp
	jz	1f
	call	guest_main
	ud2
1:	call	ap_main
	ud2

/* Copied to TRAMPOLINE_GPA; SIPI enters it in real mode with CS = its page. */
	.code16
	.globl trampoline, trampoline_end
trampoline:
	cli
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	trampoline_gdtr - trampoline
	movl	%cr0, %eax
	andl	$~0x60000000, %eax		/* a reset CPU has CD and NW set */
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$8, $ap_start32
trampoline_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt
trampoline_end:

/* Another way up for life-cycle tests: say so in memory, then be "down" (HLT with IF = 0). */
	.globl trampoline_hlt, trampoline_hlt_end
trampoline_hlt:
	cli
	movw	%cs, %ax
	movw	%ax, %ds
	lock incl TRAMPOLINE_COUNT
1:	hlt
	jmp	1b
trampoline_hlt_end:

	.code64
/* The one hypercall instruction; hypercall_init() rewrites it as VMMCALL on AMD and Hygon. */
	.globl hypercall_insn
hypercall_insn:
	vmcall
	ret

/* int context_save(struct context *): 0, and once more non-zero from context_resume(). */
	.globl context_save
context_save:
	movq	%rbx, (%rdi)
	movq	%rbp, 8(%rdi)
	movq	%r12, 16(%rdi)
	movq	%r13, 24(%rdi)
	movq	%r14, 32(%rdi)
	movq	%r15, 40(%rdi)
	leaq	8(%rsp), %rax
	movq	%rax, 48(%rdi)
	movq	(%rsp), %rax
	movq	%rax, 56(%rdi)
	pushfq
	popq	64(%rdi)
	xorl	%eax, %eax
	ret

/* void context_resume(struct context *, int value): back to context_save()'s caller. */
	.globl context_resume
context_resume:
	movq	(%rdi), %rbx
	movq	8(%rdi), %rbp
	movq	16(%rdi), %r12
	movq	24(%rdi), %r13
	movq	32(%rdi), %r14
	movq	40(%rdi), %r15
	movq	48(%rdi), %rsp
	pushq	64(%rdi)
	popfq
	movl	%esi, %eax
	jmp	*56(%rdi)

/* void user_enter(fn, arg, user_rsp): run fn(arg) at CPL 3, with IF as here; it leaves by INT VECTOR_USER_EXIT. */
	.globl user_enter
user_enter:
	movq	%rdi, %rax
	pushq	$USER_DS
	pushq	%rdx
	pushfq
	pushq	$USER_CS
	pushq	%rax
	movq	%rsi, %rdi
	iretq

/* Vectors 0-255: one 16-byte stub each, error code (or 0) and vector on the stack. */
	.align 16
	.globl trap_stubs
trap_stubs:
	vector = 0
	.rept 256
	.align 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
	      vector == 29 || vector == 30)
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	vector = vector + 1
	.endr

trap_common:			/* builds struct trap_regs; keeps every register */
	pushq	%r15
	pushq	%r14
	pushq	%r13
	pushq	%r12
	pushq	%r11
	pushq	%r10
	pushq	%r9
	pushq	%r8
	pushq	%rbp
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rbx
	pushq	%rax
	cld
	movq	%rsp, %rdi
	movq	%rsp, %rbp
	andq	$-16, %rsp
	call	trap_handle
	movq	%rbp, %rsp
	popq	%rax
	popq	%rbx
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	popq	%rbp
	popq	%r8
	popq	%r9
	popq	%r10
	popq	%r11
	popq	%r12
	popq	%r13
	popq	%r14
	popq	%r15
	addq	$16, %rsp
	iretq

	.section .rodata
	.align 8
boot_gdt:
	.quad 0
	.quad 0x00cf9b000000ffff		/* 0x08 32-bit code */
	.quad 0x00cf93000000ffff		/* 0x10 data */
	.quad 0x00af9b000000ffff		/* 0x18 64-bit code */
boot_gdt_end:
boot_gdtr:
	.word boot_gdt_end - boot_gdt - 1
	.quad boot_gdt

	.bss
	.align 4096
	.globl page_tables, boot_stacks
page_tables:
	.skip 9 * 4096
boot_stacks:
	.skip STACK_SIZE * NR_CPUS

	.section .note.GNU-stack, "", @progbits
