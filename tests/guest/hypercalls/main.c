/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hypercalls: the entry itself. Unknown numbers answer -ENOSYS whatever their upper bits; all
 * other registers and the flags survive; CPL 3 gets -EPERM without a fault; and what only a
 * control domain may do is -EPERM for a DomU.
 */
#include "lib/test.h"
#include "lib/traps.h"

static const uint8_t absent[] = { 0, 1, 3, 9, 16, 19, 22, 28, 43, 44, 45, 46, 47, 50, 55, 56, 63 };

static void check_registers(void)
{
	unsigned long in[4] = { 0x1111, 0x2222, 0x3333, 0x4444 }, out[4], rax, rcx, r11;
	register unsigned long r9 __asm__("r9") = 0x9999;

	__asm__ volatile("movq %[in0], %%r12; movq %[in1], %%r13; movq %[in2], %%r14\n"
			 "movq %[in3], %%r15; movl $0x7777, %%ecx; movl $0x8888, %%r11d\n"
			 "stc; call hypercall_insn\n"
			 "movq %%r12, %[out0]; movq %%r13, %[out1]; movq %%r14, %[out2]\n"
			 "movq %%r15, %[out3]; movq %%r11, %[r11]\n"
			 : "=a"(rax), "=c"(rcx), "+r"(r9), [out0] "=m"(out[0]), [out1] "=m"(out[1]),
			   [out2] "=m"(out[2]), [out3] "=m"(out[3]), [r11] "=m"(r11)
			 : "0"(__HYPERVISOR_xen_version), "D"(XENVER_version), "S"(0L), "d"(0L),
			   [in0] "m"(in[0]), [in1] "m"(in[1]), [in2] "m"(in[2]), [in3] "m"(in[3])
			 : "memory", "r8", "r10", "r11", "r12", "r13", "r14", "r15");
	CHECK_EQ(rax, 0x40011);
	CHECK_EQ(rcx, 0x7777);
	CHECK_EQ(r9, 0x9999);
	CHECK_EQ(r11, 0x8888);
	CHECK(!memcmp(in, out, sizeof(in)));
}

static void from_user(void *arg)
{
	user_exit(xen_version(XENVER_version, NULL));
}

static void check_privileged_calls(void)
{
	static const uint8_t privileged[] = { __HYPERVISOR_domctl, __HYPERVISOR_sysctl };
	uint32_t *arg = page_alloc();

	for (unsigned int i = 0; i < ARRAY_SIZE(privileged); i++) {
		long rc;

		arg[0] = 1;
		arg[1] = 0x15;
		rc = HC(privileged[i], arg);
		CHECK_EQ(rc, -XEN_EPERM);
	}
	/* Xen looks at the version first. */
	CHECK_REFUSED(HC(__HYPERVISOR_platform_op, arg), -XEN_EPERM);
	CHECK_EQ(HC(__HYPERVISOR_console_io, CONSOLEIO_read, 1, arg), -XEN_EPERM);
}

TEST(hypercalls, IN_DOM0 | IN_DOMU, 1)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(absent); i++)
		CHECK_EQ(HC(absent[i], 0, 0, 0), -XEN_ENOSYS);
	CHECK_EQ(HC(64, 0), -XEN_ENOSYS);
	CHECK_EQ(HC(0x7fffffff, 0), -XEN_ENOSYS);
	CHECK_EQ(HC(~0UL, 0), -XEN_ENOSYS);
	check_registers();
	CHECK_EQ((long)user_run(from_user, NULL), -XEN_EPERM);
	if (!is_dom0())
		check_privileged_calls();
}
