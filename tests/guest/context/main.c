/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * context: registers that a world switch may forget: SSE and x87 state, debug registers, FS/GS
 * bases, CR2 and CR8, flags across exits. Two vCPUs and, in Dom0, a second domain load different
 * values while all of them yield and exit; single-stepping goes over an emulated instruction.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/smp.h"
#include "lib/test.h"
#include "lib/traps.h"

#define ROUNDS 300

static void load(uint64_t seed)
{
	uint64_t v[2] = { seed, ~seed };

	__asm__ volatile("movdqu %0, %%xmm0; movdqu %0, %%xmm15; fninit; fildll %0"
			 ::"m"(v) : "memory");
	__asm__ volatile("mov %0, %%dr0; mov %1, %%dr3" ::"r"(seed & 0xffffff), "r"(seed >> 40));
	wrmsr(0xc0000100, seed & 0x7fffffff);
	wrmsr(0xc0000102, seed >> 33);
	write_cr2(seed);
}

static bool still(uint64_t seed)
{
	uint64_t a[2], b[2], dr0, dr3, st;

	__asm__ volatile("movdqu %%xmm0, %0; movdqu %%xmm15, %1; fld %%st(0); fistpll %2"
			 : "=m"(a), "=m"(b), "=m"(st)::"memory");
	__asm__ volatile("mov %%dr0, %0; mov %%dr3, %1" : "=r"(dr0), "=r"(dr3));
	return a[0] == seed && a[1] == ~seed && b[0] == seed && b[1] == ~seed && st == seed &&
	       dr0 == (seed & 0xffffff) && dr3 == seed >> 40 && read_cr2() == seed &&
	       rdmsr(0xc0000100) == (seed & 0x7fffffff) && rdmsr(0xc0000102) == seed >> 33;
}

/* Keep one set of values alive over many exits of several kinds. */
static void hold(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	uint32_t r[4];

	load(seed);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		cpuid(0, 0, r);
		sched_op(SCHEDOP_yield, NULL);
		inb(0x80);
		if (!still(seed)) {
			test_failure("vCPU %u: values of %lx are lost in round %u", this_cpu(),
				     seed, i);
			return;
		}
	}
}

static volatile unsigned int steps;
static volatile uint64_t stepped_to;

/* TF set before CPUID: the trap comes after CPUID, not an instruction late. */
static void single_step(void *arg)
{
	__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; cpuid\n"
			 "1: nop; pushfq; andl $~0x100, (%%rsp); popfq"
			 ::: "rax", "rbx", "rcx", "rdx", "memory");
}

static const uint8_t *find_cpuid(void)
{
	const uint8_t *p = (const uint8_t *)single_step;

	while (p[0] != 0x0f || p[1] != 0xa2)
		p++;
	return p;
}

TEST(context, IN_DOM0 | IN_DOMU, 2)
{
	REQUIRE(smp_start(1));
	smp_call(1, hold, (void *)0x1122334455667788);
	hold((void *)0x0123456789abcdef);
	CHECK(smp_wait(1, 5 * NSEC_PER_SEC));
	smp_stop(1);
	if (is_dom0())
		return;
	REQUIRE_EQ(guard(single_step, NULL), X86_DB);
	/*
	 * QEMU may take the trap after the instruction that follows; never inside CPUID's
	 * emulation.
	 */
	CHECK(guard_fault()->rip >= (uintptr_t)find_cpuid() + 2);
	CHECK(guard_fault()->rip <= (uintptr_t)find_cpuid() + 4);
}

TEST(holder, ROLE, 1)
{
	hold((void *)0x2468ace013579bdf);
	own_mailbox.word[0] = test_has_failed() ? 2 : 1;
}

TEST(context_domains, IN_DOM0, 1)
{
	struct domu u;

	if (domu_create(&u, 1, "holder", 1))
		return;
	CHECK_EQ(domu_unpause(&u), 0);
	hold((void *)0x0fedcba987654321);
	domu_wait(&u, 5 * NSEC_PER_SEC);
	CHECK_EQ(u.box->word[0], 1);
	domu_destroy(&u);
}
