/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first instructions. Two headers, one entry: multiboot2 (GRUB on BIOS and on UEFI, which has
 * then left boot services) and multiboot1 (qemu -kernel, with the a.out fields because it takes no
 * 64-bit ELF otherwise). Both enter here in 32-bit protected mode without paging, EAX the magic,
 * EBX the information. We may run at any 2 MiB boundary below 4 GiB: everything is reached through
 * the slide, the difference to the linked physical address, kept in ESI.
 */
#define SEL_CODE64	0x08
#define SEL_DATA	0x10
#define SEL_CODE32	0x18
#define PA(sym)		((sym) + 0x80000000) /* linked physical address, as 32 bits */
#define MB1_MAGIC	0x1badb002
#define MB1_FLAGS	0x00010003 /* page-aligned modules, memory map, a.out fields */
#define MB2_MAGIC	0xe85250d6
#define MB2_BOOT_MAGIC	0x36d76289

	.section .head, "ax"
	.code32
	.globl _start, head_start
head_start:
	jmp	_start

	/* For boot/efi, which copies us to where we can run and enters in 64-bit mode. */
	.balign 8
	.long	PA(head_start), PA(start_efi), PA(__image_end)

	.balign 4
mb1_header:
	.long	MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)
	.long	PA(mb1_header), PA(head_start), PA(__file_end), PA(__image_end), PA(_start)

	.balign 8
mb2_header:
	.long	MB2_MAGIC, 0, mb2_header_end - mb2_header
	.long	-(MB2_MAGIC + (mb2_header_end - mb2_header))
	.balign 8
	/* wanted: cmdline, loader, modules, memory, mmap, screen, EFI table, RSDP old and new, EFI mmap */
1:	.short	1, 1
	.long	2f - 1b
	.long	1, 2, 3, 4, 6, 8, 12, 14, 15, 17
2:	.balign 8
	/* modules on page boundaries */
	.short	6, 1
	.long	8
	.balign 8
	/* anywhere on a 2 MiB boundary below 16 MiB, the lowest first; above is the Dom0 kernel's */
	.short	10, 1
	.long	24, 0x200000, 0x1000000, 0x200000, 1
	.balign 8
	.short	0, 0
	.long	8
mb2_header_end:

_start:
	cld
	cli
	mov	%eax, %ebp
	/* There is no stack yet; borrow a word of the information to learn where we are. */
	mov	(%ebx), %edx
	lea	4(%ebx), %esp
	call	1f
1:	pop	%esi
	mov	%edx, (%ebx)
	sub	$PA(1b), %esi
	rdtsc
	mov	%eax, PA(tsc_at_entry)(%esi)
	mov	%edx, PA(tsc_at_entry) + 4(%esi)

	/* Loaders need not clear what the file does not hold. */
	lea	PA(__bss_start)(%esi), %edi
	mov	$PA(__image_end), %ecx
	sub	$PA(__bss_start), %ecx
	shr	$2, %ecx
	xor	%eax, %eax
	rep stosl
	lea	PA(boot_cpu_block + 0x2000)(%esi), %esp

	push	%ebx
	mov	$0x80000000, %eax
	cpuid
	cmp	$0x80000001, %eax
	jb	no_long_mode
	mov	$0x80000001, %eax
	cpuid
	and	$(1 << 29 | 1 << 20), %edx
	cmp	$(1 << 29 | 1 << 20), %edx
	jne	no_long_mode
	pop	%ebx

	/* The first 4 GiB in 2 MiB pages, at 0 and at the direct map's base. */
	lea	PA(boot_pd)(%esi), %edi
	mov	$0x83, %eax
	mov	$2048, %ecx
1:	mov	%eax, (%edi)
	movl	$0, 4(%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b
	lea	PA(boot_pd) + 3(%esi), %eax
	lea	PA(boot_pdpt)(%esi), %edi
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	add	$0x1000, %eax
	add	$8, %edi
	loop	1b
	/* 16 MiB of image at -2 GiB. */
	lea	PA(boot_pd_image)(%esi), %edi
	lea	0x83(%esi), %eax
	mov	$8, %ecx
1:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b
	lea	PA(boot_pd_image) + 3(%esi), %eax
	mov	%eax, PA(boot_pdpt_image) + 510 * 8(%esi)
	lea	PA(boot_pdpt) + 3(%esi), %eax
	mov	%eax, PA(boot_pml4)(%esi)
	mov	%eax, PA(boot_pml4) + 256 * 8(%esi)
	lea	PA(boot_pdpt_image) + 3(%esi), %eax
	mov	%eax, PA(boot_pml4) + 511 * 8(%esi)

	mov	$0x20, %eax			/* CR4.PAE */
	mov	%eax, %cr4
	lea	PA(boot_pml4)(%esi), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx		/* EFER: LME, NXE */
	rdmsr
	or	$0x900, %eax
	wrmsr
	mov	$0x80010011, %eax		/* CR0: PG, WP, ET, PE */
	mov	%eax, %cr0

	lea	PA(boot_gdt)(%esi), %eax
	sub	$8, %esp
	movw	$boot_gdt_end - boot_gdt - 1, (%esp)
	mov	%eax, 2(%esp)
	lgdt	(%esp)
	push	$SEL_CODE64
	lea	PA(start64)(%esi), %eax
	push	%eax
	lret

	/* To the serial port and the screen, then stop: not a machine for us. */
no_long_mode:
	lea	PA(no_long_mode_text)(%esi), %esi
	mov	$0xb8000, %edi
1:	lodsb
	test	%al, %al
	jz	2f
	mov	$0x3f8, %dx
	out	%al, %dx
	mov	$0x07, %ah
	stosw
	jmp	1b
2:	cli
	hlt
	jmp	2b
no_long_mode_text:
	.asciz	"Helium needs an x86 CPU with 64-bit mode and no-execute pages.\r\n"

	.balign 8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
	.quad	0x00cf9b000000ffff
boot_gdt_end:

	/*
	 * From boot/efi: 64-bit mode, 1:1 page tables, boot services gone, RDI the information, all below
	 * 4 GiB. Back to 32-bit mode without paging, there to be what a multiboot2 loader starts. PCIDE and
	 * CET must be off before paging is.
	 */
	.code64
start_efi:
	cli
	cld
	mov	%cr4, %rax
	and	$~(1 << 17 | 1 << 23), %rax
	mov	%rax, %cr4
	lea	boot_gdt(%rip), %rax
	sub	$16, %rsp
	movw	$boot_gdt_end - boot_gdt - 1, (%rsp)
	mov	%rax, 2(%rsp)
	lgdt	(%rsp)
	push	$SEL_CODE32
	lea	1f(%rip), %rax
	push	%rax
	lretq
	.code32
1:	mov	$SEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%cr0, %eax
	and	$0x7fffffff, %eax		/* CR0.PG */
	mov	%eax, %cr0
	mov	$0xc0000080, %ecx		/* EFER.LME */
	rdmsr
	and	$~0x100, %eax
	wrmsr
	xor	%eax, %eax
	mov	%eax, %cr4
	mov	%edi, %ebx
	mov	$MB2_BOOT_MAGIC, %eax
	jmp	_start

	.code64
start64:
	mov	$SEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	movabs	$start_high, %rax
	jmp	*%rax
start_high:
	mov	%esi, %esi
	mov	%rsi, image_slide(%rip)
	lea	boot_cpu_block + 0x3800(%rip), %rsp	/* STACK_SIZE - PERCPU_SIZE */
	mov	%ebp, %edi
	mov	%rsi, %rdx
	mov	%ebx, %esi
	xor	%ebp, %ebp
	call	boot_main			/* magic, information, slide */
	ud2

	.section .init.data, "aw"
	.globl tsc_at_entry
tsc_at_entry:	 .quad 0

	.section .init.bss, "aw", @nobits
	.balign 4096
	.globl boot_pml4
boot_pml4:	 .skip 4096
boot_pdpt:	 .skip 4096
boot_pdpt_image: .skip 4096
boot_pd_image:	 .skip 4096
boot_pd:	 .skip 4 * 4096

	.section .note.GNU-stack, "", @progbits
