/* SPDX-License-Identifier: GPL-2.0-only */
/* Control and debug registers, page tables, RFLAGS, XCR0: bits and one-instruction wrappers. */
#pragma once

#include <asm/processor-flags.h>
#include "lib/base.h"

/* Entries of page tables: SDM 3A 4.5, and APM 2 15.25 for nested ones. */
#define PTE_P		(1ULL << 0)
#define PTE_W		(1ULL << 1)
#define PTE_U		(1ULL << 2)
#define PTE_PWT		(1ULL << 3)
#define PTE_PCD		(1ULL << 4)
#define PTE_A		(1ULL << 5)
#define PTE_D		(1ULL << 6)
#define PTE_PS		(1ULL << 7) /* above level 1: a large page */
#define PTE_NX		(1ULL << 63)
#define PTE_ADDR	0x000ffffffffff000ULL

#define DR6_FIXED	0xffff0ff0UL
#define DR7_FIXED	0x00000400UL
#define DR7_ENABLED	0xffUL /* any of the four breakpoints */

#define XCR0_X87	0x01ULL
#define XCR0_SSE	0x02ULL
#define XCR0_AVX	0x04ULL
#define XCR0_AVX512	0xe0ULL /* three states, which go together */
#define XCR0_KNOWN	0xe7ULL /* MPX, PKRU and the rest are not given to guests */

#define CR_ACCESSORS(reg)                                                        \
	static inline unsigned long reg##_read(void)                            \
	{                                                                       \
		unsigned long val;                                              \
		__asm__ volatile("mov %%" #reg ", %0" : "=r"(val));             \
		return val;                                                     \
	}                                                                       \
	static inline void reg##_write(unsigned long val)                       \
	{                                                                       \
		__asm__ volatile("mov %0, %%" #reg :: "r"(val) : "memory");     \
	}

/* cr0_read(), cr0_write(), ... */
CR_ACCESSORS(cr0)
CR_ACCESSORS(cr2)
CR_ACCESSORS(cr3)
CR_ACCESSORS(cr4)
CR_ACCESSORS(dr0)
CR_ACCESSORS(dr1)
CR_ACCESSORS(dr2)
CR_ACCESSORS(dr3)
CR_ACCESSORS(dr6)
CR_ACCESSORS(dr7)

/* DR0 to DR3 */
static inline void breakpoints_load(const uint64_t dr[4])
{
	dr0_write(dr[0]);
	dr1_write(dr[1]);
	dr2_write(dr[2]);
	dr3_write(dr[3]);
}

static inline void breakpoints_save(uint64_t dr[4])
{
	dr[0] = dr0_read();
	dr[1] = dr1_read();
	dr[2] = dr2_read();
	dr[3] = dr3_read();
}

static inline uint64_t xcr0_read(void)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (uint64_t)hi << 32 | lo;
}

static inline void xcr0_write(uint64_t val)
{
	__asm__ volatile("xsetbv" :: "c"(0), "a"((uint32_t)val), "d"((uint32_t)(val >> 32)) : "memory");
}
