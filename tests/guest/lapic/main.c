/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lapic: registers, self-IPIs and their priorities, the timer in its modes, in x2APIC mode (MSRs)
 * and in xAPIC mode (MMIO): the same checks in both. Reserved registers are #GP in x2APIC mode.
 */
#include "lib/apic.h"
#include "lib/events.h"
#include "lib/test.h"
#include "lib/traps.h"

#define ESR_SEND_ILLEGAL 0x20

static volatile unsigned int hits, order[8];

static void on_timer(void)
{
	hits++;
	apic_eoi();
}

static void on_low(void)
{
	order[hits++] = 1;
	apic_eoi();
}

static void on_high(void)
{
	order[hits++] = 2;
	apic_eoi();
}

static bool wait_hits(unsigned int n)
{
	uint64_t end = now_ns() + NSEC_PER_SEC;

	irq_enable();
	while (hits < n && now_ns() < end)
		pause();
	irq_disable();
	return hits >= n;
}

static void check_priorities(void)
{
	irq_set_handler(0x41, on_low);
	irq_set_handler(0x91, on_high);
	hits = 0;
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x41);
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x91);
	CHECK(apic_read(APIC_IRR + 0x20) & 2);
	CHECK(apic_read(APIC_IRR + 0x40) & 1 << 17);
	CHECK(wait_hits(2));
	CHECK_EQ(order[0], 2);
	CHECK_EQ(order[1], 1);
	/* The task priority holds the low one back. */
	hits = 0;
	apic_write(APIC_TPR, 0x50);
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x41);
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x91);
	CHECK(wait_hits(1));
	irq_enable();
	spin_ns(100000);
	irq_disable();
	CHECK_EQ(hits, 1);
	CHECK_EQ(apic_read(APIC_PPR) & 0xf0, 0x50);
	apic_write(APIC_TPR, 0);
	CHECK(wait_hits(2));
}

static void on_high_that_sends_low(void)
{
	order[hits++] = 2;
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x41);
	apic_eoi();
}

/* The end of one interrupt lets in what came meanwhile, and it must not wait for an exit. */
static void check_end(void)
{
	irq_set_handler(0x91, on_high_that_sends_low);
	hits = 0;
	irq_enable();
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x91);
	for (unsigned int i = 0; i < 100 && hits < 2; i++)
		barrier();
	CHECK_EQ(hits, 2);
	CHECK_EQ(order[0], 2);
	CHECK_EQ(order[1], 1);
	irq_disable();
	for (unsigned int i = 0; i < 8; i++)
		CHECK_EQ(apic_read(APIC_ISR + 16 * i), 0);
	apic_eoi(); /* of nothing */
	irq_set_handler(0x91, on_high);
	hits = 0;
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x91);
	CHECK(wait_hits(1));
}

static volatile uint32_t seen_isr[2], seen_ppr, seen_ppr_inside;

/* A handler that lets others in: the higher one comes at once, the lower one after both ends. */
static void on_middle_that_is_interrupted(void)
{
	order[hits++] = 3;
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x41);
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x91);
	seen_ppr = apic_read(APIC_PPR);
	irq_enable();
	for (unsigned int i = 0; i < 100; i++)
		barrier();
	irq_disable();
	order[hits++] = 4;
	apic_eoi();
}

static void on_high_inside(void)
{
	order[hits++] = 2;
	seen_isr[0] = apic_read(APIC_ISR + 0x30); /* 0x61's word and its own */
	seen_isr[1] = apic_read(APIC_ISR + 0x40);
	seen_ppr_inside = apic_read(APIC_PPR);
	apic_eoi();
}

static void check_nested(void)
{
	static const unsigned int expected[] = { 3, 2, 4, 1 };

	irq_set_handler(0x61, on_middle_that_is_interrupted);
	irq_set_handler(0x91, on_high_inside);
	hits = 0;
	irq_enable();
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x61);
	for (unsigned int i = 0; i < 100 && hits < 4; i++)
		barrier();
	irq_disable();
	CHECK_EQ(hits, 4);
	for (unsigned int i = 0; i < 4; i++)
		CHECK_EQ(order[i], expected[i]);
	CHECK_EQ(seen_ppr, 0x60);
	CHECK_EQ(seen_ppr_inside, 0x90);
	CHECK_EQ(seen_isr[0], 1u << 1);
	CHECK_EQ(seen_isr[1], 1u << 17);
	CHECK_EQ(apic_read(APIC_PPR), 0);
}

/* HLT ends with what waits already, and not with what the task priority holds back. */
static void check_halt(void)
{
	irq_set_handler(0x91, on_high);
	irq_set_handler(VECTOR_TIMER, on_timer);
	hits = 0;
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x41);
	__asm__ volatile("sti; hlt; cli" ::: "memory");
	CHECK_EQ(hits, 1);
	hits = 0;
	apic_write(APIC_TPR, 0x50);
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, VECTOR_TIMER);
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x41);
	apic_write(APIC_TMICT, 100000); /* 1 ms */
	__asm__ volatile("sti; hlt; cli" ::: "memory");
	CHECK_EQ(hits, 1); /* the timer's */
	CHECK(apic_read(APIC_IRR + 0x20) & 2);
	apic_write(APIC_TPR, 0);
	CHECK(wait_hits(2));
	CHECK_EQ(order[1], 1);
	CHECK_EQ(apic_read(APIC_IRR + 0x20) & 2, 0);
}

static void cr8_write(unsigned long val)
{
	__asm__ volatile("mov %0, %%cr8" :: "r"(val) : "memory");
}

/* CR8 needs no exit; what it held back must not wait for one either. */
static void check_cr8(void)
{
	hits = 0;
	cr8_write(2);
	CHECK_EQ(apic_read(APIC_PPR), 0x20);
	cr8_write(4);
	irq_enable();
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x41);
	spin_ns(100000);
	CHECK_EQ(hits, 0);
	CHECK_EQ(apic_read(APIC_TPR), 0x40);
	cr8_write(3);
	for (unsigned int i = 0; i < 100 && !hits; i++)
		barrier();
	CHECK_EQ(hits, 1);
	cr8_write(9);
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x91);
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x41);
	CHECK_EQ(hits, 1);
	cr8_write(8); /* the higher one, and the other stays */
	for (unsigned int i = 0; i < 100 && hits < 2; i++)
		barrier();
	CHECK_EQ(hits, 2);
	spin_ns(100000);
	CHECK_EQ(hits, 2);
	cr8_write(0);
	for (unsigned int i = 0; i < 100 && hits < 3; i++)
		barrier();
	CHECK_EQ(hits, 3);
	CHECK_EQ(order[1], 2);
	CHECK_EQ(order[2], 1);
	irq_disable();
}

static void check_timer(void)
{
	irq_set_handler(VECTOR_TIMER, on_timer);
	hits = 0;
	apic_write(APIC_TDCR, 0xb); /* divide by 1 */
	apic_write(APIC_LVTT, VECTOR_TIMER);
	CHECK_EQ(apic_read(APIC_TMCCT), 0);
	apic_write(APIC_TMICT, 100000);
	CHECK(wait_hits(1));
	CHECK_EQ(apic_read(APIC_TMCCT), 0);
	spin_ns(NSEC_PER_MSEC);
	CHECK_EQ(hits, 1);
	apic_write(APIC_LVTT, VECTOR_TIMER | 1 << 17); /* periodic */
	apic_write(APIC_TMICT, 200000);
	CHECK(wait_hits(4));
	apic_write(APIC_TMICT, 0);
	apic_write(APIC_LVTT, VECTOR_TIMER | 1 << 16); /* masked */
	hits = 0;
	apic_write(APIC_TMICT, 100000);
	irq_enable();
	spin_ns(3 * NSEC_PER_MSEC);
	irq_disable();
	CHECK_EQ(hits, 0);
	apic_write(APIC_TMICT, 0);
}

static void check_deadline(void)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	if (!(r[2] & 1 << 24))
		return;
	hits = 0;
	apic_write(APIC_LVTT, VECTOR_TIMER | 2 << 17);
	wrmsr(0x6e0, rdtsc() + 20000000); /* less than wait_hits() waits, at Bochs' 50 MHz, too */
	CHECK(rdmsr(0x6e0) != 0);
	CHECK(wait_hits(1));
	CHECK_EQ(rdmsr(0x6e0), 0);
	wrmsr(0x6e0, 1); /* past: at once */
	CHECK(wait_hits(2));
	for (unsigned int i = 40; i <= 64; i += 4) { /* hours to centuries away */
		wrmsr(0x6e0, i == 64 ? ~0UL : rdtsc() + (1UL << i) - 1);
		irq_enable();
		spin_ns(200000);
		irq_disable();
		CHECK(rdmsr(0x6e0) != 0);
	}
	CHECK_EQ(hits, 2);
	apic_write(APIC_LVTT, 1 << 16);
}

static void check_registers(void)
{
	uint32_t version = apic_read(APIC_VERSION);

	CHECK((version & 0xf0) == 0x10);
	CHECK((version >> 16 & 0xff) >= 3);
	CHECK_EQ(apic_read(APIC_SVR) & 0x1ff, 0x100 | VECTOR_SPURIOUS);
	apic_write(APIC_LVT0, 0x10000 | 0x45);
	CHECK_EQ(apic_read(APIC_LVT0) & 0x100ff, 0x10045);
	apic_write(APIC_TPR, 0x30);
	CHECK_EQ(apic_read(APIC_TPR), 0x30);
	apic_write(APIC_TPR, 0);
	for (unsigned int i = 0; i < 8; i++)
		CHECK_EQ(apic_read(APIC_ISR + i * 16), 0);
}

static void read_reserved(void *arg)
{
	rdmsr(0x800 + (uintptr_t)arg);
}

/* An MSR in 31:16, what to write in the rest. */
static void write_reserved(void *arg)
{
	wrmsr((uintptr_t)arg >> 16, (uintptr_t)arg & 0xffff);
}

static void check_x2_only(void)
{
	static const uint8_t reserved[] = { 0x00, 0x04, 0x0c, 0x0e, 0x2a, 0x31, 0x3a };

	for (unsigned int i = 0; i < ARRAY_SIZE(reserved); i++)
		CHECK_EQ(guard(read_reserved, (void *)(uintptr_t)reserved[i]), X86_GP);
	CHECK_EQ(apic_read(APIC_LDR), 1u << (apic_read(APIC_ID) & 15));
	hits = 0;
	wrmsr(0x83f, 0x41); /* SELF IPI */
	CHECK(apic_read(APIC_IRR + 0x20) & 2);
	CHECK_EQ(hits, 0);
	CHECK(wait_hits(1));
	irq_enable();
	hits = 0;
	wrmsr(0x83f, 0x41);
	for (unsigned int i = 0; i < 100 && !hits; i++)
		barrier();
	irq_disable();
	CHECK_EQ(hits, 1);
	apic_write(APIC_ESR, 0);
	wrmsr(0x83f, 5); /* there is no such vector */
	apic_write(APIC_ESR, 0);
	CHECK_EQ(apic_read(APIC_ESR), ESR_SEND_ILLEGAL);
	apic_write(APIC_ESR, 0);
	CHECK_EQ(guard(write_reserved, (void *)0x8080100), X86_GP); /* TPR has eight bits */
	CHECK_EQ(guard(write_reserved, (void *)0x80b0001), X86_GP); /* EOI is a zero */
	CHECK_EQ(guard(write_reserved, (void *)0x83f0141), X86_GP);
}

TEST(lapic, IN_DOM0 | IN_DOMU, 1)
{
	if (!apic_is_x2())
		test_skip("no x2APIC");
	check_registers();
	check_priorities();
	check_nested();
	check_halt();
	check_end();
	check_cr8();
	check_timer();
	check_deadline();
	if (apic_is_x2())
		check_x2_only();
}

TEST(lapic_xapic, IN_DOMU | XAPIC, 1)
{
	CHECK(!apic_is_x2());
	CHECK_EQ(guard(read_reserved, (void *)2), X86_GP); /* none of the MSRs is there */
	CHECK_EQ(guard(write_reserved, (void *)0x80b0000), X86_GP);
	check_registers();
	check_priorities();
	check_nested();
	check_halt();
	check_end();
	check_cr8();
	check_timer();
	check_deadline();
	apic_write(APIC_DFR, 0xffffffff);
	apic_write(APIC_LDR, 0x02000000);
	CHECK_EQ(apic_read(APIC_LDR), 0x02000000);
}
