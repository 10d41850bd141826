/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that the payload's C, its assembly and its tiny toolstack agree on. */
#pragma once

#define NR_CPUS		4
#define STACK_SIZE	16384	/* a power of two: this_cpu() finds itself by its stack */

/* Guest-physical places outside the image; a DomU gets RAM at gfns 0-15, a Dom0 has its own. */
#define TRAMPOLINE_GPA	 0x8000
#define TRAMPOLINE_COUNT 0x800	/* offset in the trampoline page: how often it was entered */
#define SCRATCH_GPA	 0xc0000000 /* no RAM there: for mappings; Linux's choice on q35 */
#define HOLE_GPA	 0xd8000000 /* nothing at all there */

/* A region mapped page by page: window_map() and friends. */
#define WINDOW_VA	0x8000000000

#define KERNEL_CS	0x18
#define USER_CS		0x2b
#define USER_DS		0x23
#define TSS_SELECTOR	0x30

#define VECTOR_UPCALL	 0xf3
#define VECTOR_IPI	 0xf1
#define VECTOR_TIMER	 0xef
#define VECTOR_SPURIOUS	 0xff
#define VECTOR_USER_EXIT 0x81
