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

#define DR6_ONES 0xffff0ff0
#define DR7_ONES 0x400

/* Kind and length fields of any value, nothing enabled: QEMU ends when a guest switches one on. */
static uint64_t dr_of(uint64_t seed, unsigned int n)
{
	if (n == 6)
		return DR6_ONES | (seed & 0xe00f);
	if (n == 7)
		return DR7_ONES | (seed & 0x300) | (seed >> 32 & 0x55550000);
	return seed >> n * 8 & 0xffffff;
}

#define DR_WRITE(n, val) __asm__ volatile("mov %0, %%dr" #n ::"r"(val))
#define DR_IS(n, val)                                                 \
	({                                                            \
		uint64_t is_;                                         \
		__asm__ volatile("mov %%dr" #n ", %0" : "=r"(is_));   \
		is_ == (val);                                         \
	})

static void load_debug_regs(uint64_t seed)
{
	DR_WRITE(0, dr_of(seed, 0));
	DR_WRITE(1, dr_of(seed, 1));
	DR_WRITE(2, dr_of(seed, 2));
	DR_WRITE(3, dr_of(seed, 3));
	DR_WRITE(6, dr_of(seed, 6));
	DR_WRITE(7, dr_of(seed, 7));
}

static bool debug_regs_still(uint64_t seed)
{
	return DR_IS(0, dr_of(seed, 0)) && DR_IS(1, dr_of(seed, 1)) && DR_IS(2, dr_of(seed, 2)) &&
	       DR_IS(3, dr_of(seed, 3)) && DR_IS(6, dr_of(seed, 6)) && DR_IS(7, dr_of(seed, 7));
}

static void load(uint64_t seed)
{
	uint64_t v[2] = { seed, ~seed };

	__asm__ volatile("movdqu %0, %%xmm0; movdqu %0, %%xmm15; fninit; fildll %0"
			 ::"m"(v) : "memory");
	load_debug_regs(seed);
	wrmsr(0xc0000100, seed & 0x7fffffff);
	wrmsr(0xc0000102, seed >> 33);
	write_cr2(seed);
}

static bool still(uint64_t seed)
{
	uint64_t a[2], b[2], st;

	__asm__ volatile("movdqu %%xmm0, %0; movdqu %%xmm15, %1; fld %%st(0); fistpll %2"
			 : "=m"(a), "=m"(b), "=m"(st)::"memory");
	return a[0] == seed && a[1] == ~seed && b[0] == seed && b[1] == ~seed && st == seed &&
	       debug_regs_still(seed) && read_cr2() == seed &&
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
			break;
		}
	}
	DR_WRITE(7, (uint64_t)DR7_ONES);
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
