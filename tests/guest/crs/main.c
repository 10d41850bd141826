/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * crs: control registers read as they were written, also where the hypervisor keeps the real bit as
 * it must be (VT-x: caches, machine checks, FPU errors), and what belongs to the host cannot be set.
 */
#include "lib/test.h"
#include "lib/traps.h"

#define CR_FUNCTIONS(n)                                                                            \
	static uint64_t cr##n##_read(void)                                                         \
	{                                                                                          \
		uint64_t val;                                                                      \
                                                                                                   \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(val));                                \
		return val;                                                                        \
	}                                                                                          \
	static void cr##n##_write(void *val)                                                       \
	{                                                                                          \
		__asm__ volatile("mov %0, %%cr" #n ::"r"(*(uint64_t *)val) : "memory");            \
	}
CR_FUNCTIONS(0)
CR_FUNCTIONS(4)
CR_FUNCTIONS(8)

#define CR0_NE	 (1u << 5)
#define CR0_CD	 (1u << 30)
#define CR4_MCE	 (1u << 6)
#define CR4_VMXE (1u << 13)

/* Turn a bit over and back; both must be seen. */
static void check_keeps(uint64_t (*read)(void), void (*write)(void *), uint64_t bit)
{
	uint64_t old = read(), turned = old ^ bit;

	CHECK_EQ(guard(write, &turned), -1);
	CHECK_EQ(read(), turned);
	CHECK_EQ(guard(write, &old), -1);
	CHECK_EQ(read(), old);
}

TEST(crs, IN_DOM0 | IN_DOMU, 1)
{
	uint64_t val;

	check_keeps(cr0_read, cr0_write, CR0_NE);
	check_keeps(cr0_read, cr0_write, CR0_CD);
	check_keeps(cr0_read, cr0_write, CR0_NE | CR0_CD);
	check_keeps(cr4_read, cr4_write, CR4_MCE);
	val = cr4_read() | CR4_VMXE;
	if (is_intel()) /* QEMU's AMD processor takes it, and refuses to enter such a guest */
		CHECK_EQ(guard(cr4_write, &val), X86_GP);
	CHECK_EQ(cr4_read(), val & ~(uint64_t)CR4_VMXE);
	for (val = 0; val < 16; val++) {
		CHECK_EQ(guard(cr8_write, &val), -1);
		CHECK_EQ(cr8_read(), val);
	}
	val = 0;
	cr8_write(&val);
}
