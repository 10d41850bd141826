/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The image. One loadable segment whose file bytes lie as they do in memory, because the multiboot1
 * a.out fields need that; the rights of each part are set by x86/hostmap.c. What only the start
 * needs stands together between __init_start and __init_end: init/, boot/ and the decompressors.
 *
 *	head text | rodata | data percpu | init text, data, bss | bss
 */
ENTRY(_start)
PHDRS
{
	load PT_LOAD FLAGS(7);
	note PT_NOTE FLAGS(4);
}

#define BASE 0xffffffff80000000
#define INIT_FILES *hypervisor/init?*.o *boot/mb1.o *boot/mb2.o *boot/start.o *boot/trampoline.o \
	*liblzma.a:* *libzstd.a:* *libz.a:*

SECTIONS
{
	. = BASE + 0x200000;
	.text : AT(ADDR(.text) - BASE) {
		__image_start = .;
		KEEP(*(.head))
		EXCLUDE_FILE(INIT_FILES) *(.text .text.*)
		. = ALIGN(4096);
		__text_end = .;
	} :load
	.rodata : AT(ADDR(.rodata) - BASE) {
		EXCLUDE_FILE(INIT_FILES) *(.rodata .rodata.*)
		. = ALIGN(8);
		__fixup_start = .;
		KEEP(*(.fixup))
		__fixup_end = .;
	} :load
	.note : AT(ADDR(.note) - BASE) {
		*(.note.gnu.build-id)
	} :load :note
	. = ALIGN(4096);
	__rodata_end = .;
	.data : AT(ADDR(.data) - BASE) {
		EXCLUDE_FILE(INIT_FILES) *(.data .data.*)
		. = ALIGN(64);
		__percpu_start = .;
		*(.percpu)
		__percpu_end = .;
		. = ALIGN(4096);
	} :load
	.init.text : AT(ADDR(.init.text) - BASE) {
		__init_start = .;
		*(.init.text)
		*(.text .text.*)
		. = ALIGN(4096);
		__init_text_end = .;
	} :load
	.init.data : AT(ADDR(.init.data) - BASE) {
		*(.init.data)
		*(.rodata .rodata.*)
		*(.data .data.* .got .got.plt)
		. = ALIGN(4096);
		__file_end = .;
	} :load
	.init.bss (NOLOAD) : AT(ADDR(.init.bss) - BASE) {
		__bss_start = .;
		*(.init.bss)
		*hypervisor/init?*.o(.bss .bss.* COMMON)
		*boot?*.o(.bss .bss.* COMMON)
		*liblzma.a:*(.bss .bss.* COMMON)
		*libzstd.a:*(.bss .bss.* COMMON)
		*libz.a:*(.bss .bss.* COMMON)
		. = ALIGN(4096);
		__init_end = .;
	} :load
	/* The boot CPU's block is first. By hand: a section so aligned would move away the file's bytes. */
	. = ALIGN(16384);
	.bss (NOLOAD) : AT(ADDR(.bss) - BASE) {
		*(.bss.stack)
		*(.bss .bss.* COMMON)
		. = ALIGN(4096);
		__image_end = .;
	} :load

	.init_array : { *(.init_array .ctors) }
	ASSERT(SIZEOF(.init_array) == 0, "constructors are not run")

	/DISCARD/ : {
		*(.comment .eh_frame .eh_frame_hdr .note.GNU-stack .note.gnu.property .gnu.*)
	}
	.debug_aranges 0 : { *(.debug_aranges) }
	.debug_info 0 : { *(.debug_info) }
	.debug_abbrev 0 : { *(.debug_abbrev) }
	.debug_line 0 : { *(.debug_line) }
	.debug_str 0 : { *(.debug_str) }
	.debug_line_str 0 : { *(.debug_line_str) }
	.debug_loclists 0 : { *(.debug_loclists) }
	.debug_rnglists 0 : { *(.debug_rnglists) }
	.debug_frame 0 : { *(.debug_frame) }

	ASSERT(__percpu_end - __percpu_start <= 2048, "per-CPU area outgrew PERCPU_SIZE")
	ASSERT(__image_end - BASE <= 0x1000000, "image reaches 16 MiB, where Dom0's kernel goes")
}
