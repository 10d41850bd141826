/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lapic: registers, self-IPIs and their priorities, the timer in its modes, in x2APIC mode (MSRs)
 * and in xAPIC mode (MMIO): the same checks in both. Reserved registers are #GP in x2APIC mode.
 */
#include "lib/apic.h"
#include "lib/events.h"
#include "lib/test.h"
#include "lib/traps.h"

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

static void cr8_write(unsigned long val)
{
	__asm__ volatile("mov %0, %%cr8" :: "r"(val) : "memory");
}

/* CR8 needs no exit; what it held back must not wait for one either. */
static void check_cr8(void)
{
	hits = 0;
	cr8_write(4);
	irq_enable();
	apic_send(0, ICR_SELF | ICR_ASSERT | 0x41);
	spin_ns(100000);
	CHECK_EQ(hits, 0);
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

static void check_x2_only(void)
{
	static const uint8_t reserved[] = { 0x00, 0x04, 0x0c, 0x0e, 0x2a, 0x31, 0x3a };

	for (unsigned int i = 0; i < ARRAY_SIZE(reserved); i++)
		CHECK_EQ(guard(read_reserved, (void *)(uintptr_t)reserved[i]), X86_GP);
	CHECK_EQ(apic_read(APIC_LDR), 1u << (apic_read(APIC_ID) & 15));
	hits = 0;
	wrmsr(0x83f, 0x41); /* SELF IPI */
	CHECK(wait_hits(1));
}

TEST(lapic, IN_DOM0 | IN_DOMU, 1)
{
	if (!apic_is_x2())
		test_skip("no x2APIC");
	check_registers();
	check_priorities();
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
	check_registers();
	check_priorities();
	check_end();
	check_cr8();
	check_timer();
	check_deadline();
	apic_write(APIC_DFR, 0xffffffff);
	apic_write(APIC_LDR, 0x02000000);
	CHECK_EQ(apic_read(APIC_LDR), 0x02000000);
}
