/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * msr: known registers keep what they are given and refuse reserved bits; unknown ones give #GP
 * and never end the domain; the host's own are out of reach (VM_CR, microcode). What a hypervisor
 * need not intercept (FS base, PAT) is left to the CPU, and QEMU's checks little there.
 */
#include "lib/apic.h"
#include "lib/test.h"
#include "lib/traps.h"

struct access {
	uint32_t msr;
	uint64_t value;
};

static void do_read(void *arg)
{
	struct access *a = arg;

	a->value = rdmsr(a->msr);
}

static void do_write(void *arg)
{
	struct access *a = arg;

	wrmsr(a->msr, a->value);
}

static int try_read(uint32_t msr, uint64_t *value)
{
	struct access a = { .msr = msr };
	int vector = guard(do_read, &a);

	*value = a.value;
	return vector;
}

static int try_write(uint32_t msr, uint64_t value)
{
	return guard(do_write, &(struct access){ msr, value });
}

#define MSR_EFER 0xc0000080
#define MSR_PAT	 0x277

static void check_keeps(uint32_t msr, uint64_t value)
{
	uint64_t old, now;

	if (!CHECK_EQ(try_read(msr, &old), -1) || !CHECK_EQ(try_write(msr, value), -1))
		return;
	CHECK_EQ(try_read(msr, &now), -1);
	if (now != value)
		test_failure("MSR %x reads %lx after writing %lx", msr, now, value);
	try_write(msr, old);
}

static void check_unknown(void)
{
	static const uint32_t unknown[] = { 0x3fff, 0x12345678, 0xc0001234, 0xc0019999, 0xdeadbeef,
					    0x4b564d00, 0x40000200, 0xffffffff };
	uint64_t value;

	for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++) {
		if (try_read(unknown[i], &value) != X86_GP)
			test_failure("MSR %x can be read: %lx", unknown[i], value);
		if (try_write(unknown[i], 0) != X86_GP)
			test_failure("MSR %x can be written", unknown[i]);
	}
}

static void check_efer(void)
{
	uint64_t efer, now;

	REQUIRE_EQ(try_read(MSR_EFER, &efer), -1);
	CHECK_EQ(efer & 0x500, 0x500); /* long mode, active */
	CHECK_EQ(efer & 1 << 12, 0);   /* SVME is the host's */
	check_keeps(MSR_EFER, efer | 1);
	CHECK_EQ(try_write(MSR_EFER, efer | 1UL << 63), X86_GP);
	CHECK_EQ(try_write(MSR_EFER, efer | 1UL << 12), X86_GP);
	CHECK_EQ(try_write(MSR_EFER, efer & ~0x100UL), X86_GP); /* LME off while paging */
	CHECK_EQ(try_read(MSR_EFER, &now), -1);
	CHECK_EQ(now, efer);
}

static void check_host_only(void)
{
	static const uint32_t host[] = { 0xc0010114 /* VM_CR */, 0x79 /* microcode */,
					 0xc0010020 /* microcode */ };
	uint64_t value;

	for (unsigned int i = 0; i < ARRAY_SIZE(host); i++) {
		/* Reading zero and dropping writes is as good as #GP; keeping a value is not. */
		try_write(host[i], 0x1000);
		if (try_read(host[i], &value) == -1 && value == 0x1000)
			test_failure("MSR %x takes the guest's value", host[i]);
	}
}

/* HWCR is AMD's, MISC_ENABLE Intel's: each faults on the other's CPUs. */
static void check_vendor(void)
{
	uint64_t value;

	CHECK_EQ(try_read(0xc0010015, &value), is_intel() ? X86_GP : -1);
	CHECK_EQ(try_read(0x1a0, &value), is_intel() ? -1 : X86_GP);
}

TEST(msr, IN_DOM0 | IN_DOMU, 1)
{
	uint64_t value;

	check_unknown();
	check_efer();
	check_host_only();
	check_keeps(0xc0000081, 0x0023001000000000);
	check_keeps(0xc0000082, 0xffffffff81234560);
	check_keeps(0xc0000084, 0x47700);
	check_keeps(0xc0000100, 0x7fff12345678);
	check_keeps(0xc0000101, 0xffff888012345678);
	check_keeps(0xc0000102, 0x1234);
	check_keeps(0x174, 0x10);
	check_keeps(0x176, 0xffffffff80001000);
	check_keeps(MSR_PAT, 0x0407010600070106);

	REQUIRE_EQ(try_read(MSR_APIC_BASE, &value), -1);
	CHECK(value & APIC_BASE_EN);
	CHECK(value & APIC_BASE_BSP);
	CHECK_EQ(try_write(MSR_APIC_BASE, value & ~APIC_BASE_EN),
		 X86_GP); /* x2APIC straight to off */
	CHECK_EQ(try_write(MSR_APIC_BASE, value | 1), X86_GP);
	CHECK_EQ(try_read(0x10, &value), -1); /* TSC */
	CHECK_EQ(try_read(0xfe, &value), -1); /* MTRRcap */
	check_vendor();
	CHECK_EQ(try_read(0x8b, &value), -1); /* microcode level */
}

/* The hypercall page of older kernels and of firmware: MSR 0x40000000. */
TEST(hypercall_page, IN_DOM0 | IN_DOMU, 1)
{
	uint8_t *page = page_alloc();
	long (*stub)(long cmd, void *arg) = (void *)(page + __HYPERVISOR_xen_version * 32);
	uint64_t value;

	REQUIRE_EQ(try_write(0x40000000, (uintptr_t)page), -1);
	CHECK(!mem_is(page, 0, 32));
	CHECK_EQ(stub(XENVER_version, NULL), 0x40011);
	CHECK_EQ(try_write(0x40000000, (uintptr_t)page | 1), X86_GP); /* there is one page */
	CHECK_EQ(try_write(0x40000000, 1UL << 50), X86_GP);
	try_read(0x40000000, &value);
}
