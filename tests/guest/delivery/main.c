/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * delivery: what has to stay true of interrupts when an exit comes at the wrong moment: in the shadow of STI and
 * of MOV SS, in an NMI's handler, and in the middle of a delivery, when the stack's page is not there yet.
 * Last, DEBUGCTL: a guest that asks for single-stepping by branches still gets a trap per instruction.
 */
#include "lib/apic.h"
#include "lib/events.h"
#include "lib/smp.h"
#include "lib/test.h"
#include "lib/traps.h"

#define VECTOR	     0x51
#define CR4_DE	     (1UL << 3)
#define CR4_MCE	     (1UL << 6)
#define MSR_DEBUGCTL 0x1d9
#define DEBUGCTL_BTF 2

static volatile unsigned int hits, marker, seen_marker;
static volatile uint64_t seen_cr4;

static uint64_t cr4_read(void)
{
	uint64_t val;

	__asm__ volatile("mov %%cr4, %0" : "=r"(val));
	return val;
}

static void on_interrupt(void)
{
	hits++;
	seen_marker = marker;
	seen_cr4 = cr4_read();
	apic_eoi();
}

/* With interrupts off: it waits from now on. */
static void make_pending(void)
{
	hits = marker = 0;
	apic_send(0, ICR_SELF | ICR_ASSERT | VECTOR);
}

/*
 * STI lets one more instruction pass, and no second one. VT-x: this write to CR4 exits for MCE and is executed again,
 * which changes DE, and the shadow must still be there; CPUID exits and is over, and so is the shadow.
 */
static void check_sti(void)
{
	uint64_t old = cr4_read(), val = old ^ (CR4_MCE | CR4_DE);

	make_pending();
	__asm__ volatile("sti; mov %0, %%cr4; movl $1, %1; cli" :: "r"(val), "m"(marker) : "memory");
	CHECK_EQ(hits, 1);
	CHECK_EQ(seen_cr4, val);
	CHECK_EQ(seen_marker, 0);
	__asm__ volatile("mov %0, %%cr4" :: "r"(old));
	make_pending();
	__asm__ volatile("sti; cpuid; movl $1, %0; cli"
			 :: "m"(marker), "a"(0), "c"(0) : "rbx", "rdx", "memory");
	CHECK_EQ(hits, 1);
	CHECK_EQ(seen_marker, 0);
}

/* MOV SS holds the trap of a single step back, too, until the next instruction is over. */
static void step_over_mov_ss(void *arg)
{
	uint64_t ss;

	__asm__ volatile("mov %%ss, %0; pushfq; orl $0x100, (%%rsp); popfq\n"
			 "mov %0, %%ss; cpuid\n"
			 "1: nop; nop; pushfq; andl $~0x100, (%%rsp); popfq"
			 : "=&r"(ss) :: "rax", "rbx", "rcx", "rdx", "memory");
}

static const uint8_t *find_cpuid(const void *from)
{
	const uint8_t *p = from;

	while (p[0] != 0x0f || p[1] != 0xa2)
		p++;
	return p;
}

static void check_mov_ss(void)
{
	uintptr_t cpuid_at = (uintptr_t)find_cpuid(step_over_mov_ss);

	REQUIRE_EQ(guard(step_over_mov_ss, NULL), X86_DB);
	CHECK(guard_fault()->rip >= cpuid_at + 2);
	CHECK(guard_fault()->rip <= cpuid_at + (is_intel() ? 2 : 4)); /* QEMU: see context */
}

static volatile unsigned int nmis, depth, max_depth;

static void on_nmi(void)
{
	uint32_t r[4];

	if (++depth > max_depth)
		max_depth = depth;
	if (++nmis == 1) {
		apic_send(apic_id_of_vcpu(0), ICR_NMI | ICR_ASSERT);
		cpuid(0, 0, r);
		cpuid(0, 0, r);
		CHECK_EQ(nmis, 1);
	}
	depth--;
}

/* An NMI waits for the end of another's handler, whatever exits in it, and comes then. */
static void check_nmi(void)
{
	irq_set_handler(X86_NMI, on_nmi);
	apic_send(apic_id_of_vcpu(0), ICR_NMI | ICR_ASSERT);
	for (unsigned int i = 0; i < 100 && nmis < 2; i++)
		barrier();
	CHECK_EQ(nmis, 2);
	CHECK_EQ(max_depth, 1);
	irq_set_handler(X86_NMI, NULL);
}

/* Make a screen's memory behave as such, as in mode 13h: 64 KiB at a0000, byte after byte. */
static void open_screen(void)
{
	static const uint8_t regs[][3] = { { 0xc4, 2, 0x0f }, { 0xc4, 4, 0x0e }, { 0xce, 6, 0x05 } };

	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++) {
		outb(0x300 + regs[i][0], regs[i][1]);
		outb(0x301 + regs[i][0], regs[i][2]);
	}
}

/*
 * Dom0's devices are mapped when it first touches them, and a screen's memory does as a stack. So a delivery ends in
 * an exit, and has to be done again: the interrupt is no longer requested then, and would be lost.
 */
#define SCREEN 0xa0000UL
static void check_interrupted_delivery(void)
{
	volatile uint32_t *probe = (volatile uint32_t *)SCREEN;

	open_screen();
	*probe = 0x12345678;
	REQUIRE_EQ(*probe, 0x12345678); /* Bochs has a screen, and QEMU was told to */
	make_pending();
	__asm__ volatile("mov %%rsp, %%rbx; mov %0, %%rsp; sti; nop; nop; cli; mov %%rbx, %%rsp"
			 :: "r"(SCREEN + 4 * PAGE_SIZE) : "rbx", "memory");
	CHECK_EQ(hits, 1);
}

static void step_over_nops(void *arg)
{
	__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop; nop; nop; nop; nop\n"
			 "pushfq; andl $~0x100, (%%rsp); popfq" ::: "memory");
}

static void check_debugctl(void)
{
	uint64_t before = rdmsr(MSR_DEBUGCTL);

	wrmsr(MSR_DEBUGCTL, DEBUGCTL_BTF);
	CHECK_EQ(rdmsr(MSR_DEBUGCTL), before);
	CHECK_EQ(guard(step_over_nops, NULL), X86_DB);
	wrmsr(MSR_DEBUGCTL, 0);
}

TEST(delivery, IN_DOM0 | IN_DOMU, 1)
{
	irq_set_handler(VECTOR, on_interrupt);
	check_sti();
	check_mov_ss();
	check_nmi();
	if (is_dom0())
		check_interrupted_delivery();
	if (is_helium())
		check_debugctl();
}
