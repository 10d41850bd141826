/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The local APIC. Registers have the same numbers in both modes: n is at MMIO offset 16 * n, and
 * x2APIC MSR 0x800 + n. Its timer runs in TSC-deadline mode where the CPU has that, else one-shot.
 */
#include "x86/acpi.h"
#include "x86/asm.h"
#include "x86/features.h"
#include "x86/hostmap.h"
#include "x86/irq.h"
#include "x86/lapic.h"
#include "x86/msr.h"
#include "x86/time.h"

#define LVT_NMI		0x400
#define LVT_TSC_DEADLINE 0x40000
#define TIMER_DIV_1	0x0b
#define ICR_BUSY	0x1000
#define ICR_OTHERS	0xc0000 /* shorthand: all but self */
#define ICR_MAX_WAIT	1000000
#define FAR_NS		(600 * NSEC_PER_SEC) /* scaled it fits 64 bits: guests choose deadlines */

static volatile char *regs; /* NULL in x2APIC mode */
static bool x2apic, tsc_deadline;
static struct tsc_scale ns_to_count; /* LAPIC timer ticks of a time span */

static uint32_t reg_read(unsigned int reg)
{
	return x2apic ? rdmsr(MSR_X2APIC_BASE + reg) : mmio_read32(regs + reg * 16);
}

static void reg_write(unsigned int reg, uint32_t val)
{
	if (x2apic)
		wrmsr(MSR_X2APIC_BASE + reg, val);
	else
		mmio_write32(regs + reg * 16, val);
}

bool lapic_is_x2apic(void)
{
	return x2apic;
}

static uint32_t lapic_id(void)
{
	return x2apic ? reg_read(REG_ID) : reg_read(REG_ID) >> 24;
}

void lapic_eoi(void)
{
	reg_write(REG_EOI, 0);
}

void lapic_look_again(void)
{
	reg_write(REG_TPR, 0);
}

static void error_interrupt(void *unused)
{
	reg_write(REG_ESR, 0);
	log_warn("CPU %u: LAPIC error %#x\n", cpu_id(), reg_read(REG_ESR));
}

/*
 * Silence the two 8259s for good: vectors out of the exceptions' way, every line masked. Before
 * LINT0 is masked, or an interrupt they already asserted could no longer be taken back.
 */
static void pic_disable(void)
{
	static const uint8_t base[] = { 0x20, 0x28 }, cascade[] = { 1 << 2, 2 };
	static const uint16_t port[] = { 0x20, 0xa0 };

	for (unsigned int i = 0; i < 2; i++) {
		outb(port[i], 0x11);
		outb(port[i] + 1, base[i]);
		outb(port[i] + 1, cascade[i]);
		outb(port[i] + 1, 0x01);
		outb(port[i] + 1, 0xff);
	}
}

void lapic_init_boot(void)
{
	pic_disable();
	x2apic = rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC;
	if (!x2apic)
		regs = mmio_map(acpi.lapic_hpa ? acpi.lapic_hpa : 0xfee00000, PAGE_SIZE);
	tsc_deadline = cpu_has(F_TSC_DEADLINE);
	irq_set_handler(VEC_ERROR, error_interrupt, NULL);
	lapic_init_cpu();
	this_cpu(cpu_ident).apic_id = lapic_id();
}

void lapic_init_cpu(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, base);
	if (x2apic)
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
	reg_write(REG_SVR, SVR_ENABLE | VEC_SPURIOUS);
	reg_write(REG_TPR, 0);
	reg_write(REG_LVT_TIMER, LVT_MASKED | VEC_TIMER);
	reg_write(REG_LVT_PERF, LVT_MASKED);
	reg_write(REG_LVT_LINT0, LVT_MASKED);
	reg_write(REG_LVT_LINT1, LVT_NMI);
	reg_write(REG_LVT_ERROR, VEC_ERROR);
	reg_write(REG_ESR, 0);
	/* The timer stands still until its count or deadline is written. */
	if (!tsc_deadline)
		reg_write(REG_TIMER_DIVIDE, TIMER_DIV_1);
	reg_write(REG_LVT_TIMER, (tsc_deadline ? LVT_TSC_DEADLINE : 0) | VEC_TIMER);
	lapic_eoi();
}

void lapic_timer_calibrate(void)
{
	uint32_t ticks;
	uint64_t t0, t1;

	if (tsc_deadline)
		return;
	reg_write(REG_TIMER_INITIAL, UINT32_MAX);
	t0 = now();
	time_delay_us(10000);
	ticks = UINT32_MAX - reg_read(REG_TIMER_CURRENT);
	t1 = now();
	reg_write(REG_TIMER_INITIAL, 0);
	/* counts per ns, as 32.32 fixed point with a binary exponent, like a clock of 1 GHz / ratio */
	ns_to_count = tsc_scale_of_ratio(ticks, t1 - t0);
	log_info("LAPIC timer %lu kHz\n", ticks * 1000000UL / (t1 - t0));
}

void lapic_timer_set(uint64_t deadline_ns)
{
	uint64_t t, count;

	if (tsc_deadline) {
		wrmsr(MSR_TSC_DEADLINE, deadline_ns == LAPIC_TIMER_OFF ? 0 : max(now_to_tsc(deadline_ns), 1UL));
		return;
	}
	if (deadline_ns == LAPIC_TIMER_OFF) {
		reg_write(REG_TIMER_INITIAL, 0);
		return;
	}
	t = now();
	/* Round up, so that the deadline has passed when the interrupt comes; far ones come early. */
	count = deadline_ns > t ? tsc_scale_apply(ns_to_count, min(deadline_ns - t, FAR_NS)) + 1 : 1;
	reg_write(REG_TIMER_INITIAL, min(count, (uint64_t)UINT32_MAX));
}

void lapic_icr_write(uint32_t apic_id, uint32_t low)
{
	if (x2apic) {
		__asm__ volatile("mfence; lfence" ::: "memory"); /* the MSR write orders nothing */
		wrmsr(MSR_X2APIC_BASE + REG_ICR, (uint64_t)apic_id << 32 | low);
		return;
	}
	for (unsigned int i = 0; i < ICR_MAX_WAIT && (reg_read(REG_ICR) & ICR_BUSY); i++)
		cpu_relax();
	reg_write(REG_ICR2, apic_id << 24);
	reg_write(REG_ICR, low);
}

void lapic_nmi_others(void)
{
	lapic_icr_write(0, ICR_NMI | ICR_ASSERT | ICR_OTHERS);
}

bool lapic_is_ready(void)
{
	return x2apic || regs;
}
