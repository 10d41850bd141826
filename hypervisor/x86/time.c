/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast the TSC runs, measured against the best clock the machine has: the ACPI PM timer, the
 * HPET, or channel 2 of the PIT. And the date, from the CMOS clock.
 */
#include "lib/muldiv.h"
#include "x86/acpi.h"
#include "x86/hostmap.h"
#include "x86/rtc.h"
#include "x86/time.h"

#define CALIBRATE_MS 20

struct ref_clock {
	const char *name;
	bool (*start)(void);
	uint32_t (*read)(void); /* counts up */
	uint32_t mask;
	uint64_t hz;
};

uint64_t tsc_khz;
struct tsc_scale tsc_scale;
uint64_t tsc_at_boot;
uint64_t wall_at_boot_ns;
static volatile char *hpet;

static bool pm_timer_start(void)
{
	return acpi.pm_timer.address && acpi.pm_timer.space == 1;
}

static uint32_t pm_timer_read(void)
{
	return inl(acpi.pm_timer.address);
}

static struct ref_clock clocks[];

static bool hpet_start(void)
{
	uint64_t period_fs;

	if (!acpi.hpet_hpa)
		return false;
	hpet = mmio_map(acpi.hpet_hpa, PAGE_SIZE);
	period_fs = mmio_read32(hpet + 4);
	if (period_fs < 1000000 || period_fs > 100000000)
		return false;
	clocks[1].hz = 1000000000000000ULL / period_fs;
	mmio_write32(hpet + 0x10, mmio_read32(hpet + 0x10) | 1);
	return true;
}

static uint32_t hpet_read(void)
{
	return mmio_read32(hpet + 0xf0);
}

/* Channel 2, gate on, speaker off, rate generator from 65536. */
static bool pit_start(void)
{
	outb(0x61, (inb(0x61) & ~2) | 1);
	outb(0x43, 0xb4);
	outb(0x42, 0);
	outb(0x42, 0);
	return true;
}

static uint32_t pit_read(void)
{
	uint32_t count;

	outb(0x43, 0x80); /* latch */
	count = inb(0x42);
	return 0x10000 - (count | (uint32_t)inb(0x42) << 8);
}

static struct ref_clock clocks[] = {
	{ "PM timer", pm_timer_start, pm_timer_read, 0xffffff, 3579545 },
	{ "HPET", hpet_start, hpet_read, 0xffffffff, 0 },
	{ "PIT", pit_start, pit_read, 0xffff, 1193182 },
};

/* A reading of the clock and the TSC at that moment: of several tries the one disturbed least. */
static uint32_t read_both(const struct ref_clock *c, uint64_t *tsc)
{
	uint64_t best = UINT64_MAX;
	uint32_t val = 0;

	for (unsigned int i = 0; i < 16; i++) {
		uint64_t t0 = rdtsc_ordered();
		uint32_t reading = c->read() & c->mask;
		uint64_t took = rdtsc_ordered() - t0;

		if (took < best) {
			best = took;
			val = reading;
			*tsc = t0 + took / 2;
		}
	}
	return val;
}

/* kHz of the TSC, or 0 when the clock does not run. */
static uint64_t measure(const struct ref_clock *c)
{
	uint64_t want = c->hz * CALIBRATE_MS / 1000, t0, t1;
	uint32_t start = read_both(c, &t0), ticks = 0;

	for (unsigned int i = 0; i < 10000000 && ticks < want; i++)
		ticks = (c->read() - start) & c->mask;
	if (ticks < want)
		return 0;
	ticks = (read_both(c, &t1) - start) & c->mask;
	return (mul_div(t1 - t0, c->hz, ticks) + 500) / 1000;
}

/* num/den as a scale: the shift makes num/den * 2^-shift fit [0.5, 1), so mul keeps 32 good bits. */
struct tsc_scale tsc_scale_of_ratio(uint64_t num, uint64_t den)
{
	struct tsc_scale s = { 0, 0 };

	while (num >= den) {
		den <<= 1;
		s.shift++;
	}
	while (num << 1 < den) {
		num <<= 1;
		s.shift--;
	}
	s.mul = mul_div(num, 1ULL << 32, den);
	return s;
}

void time_init(void)
{
	const char *name = "";

	for (unsigned int i = 0; i < ARRAY_SIZE(clocks) && !tsc_khz; i++) {
		name = clocks[i].name;
		if (clocks[i].start())
			tsc_khz = measure(&clocks[i]);
	}
	if (!tsc_khz)
		panic("no clock to measure the TSC by: neither PM timer, HPET nor PIT counts\n");
	tsc_scale = tsc_scale_of_ratio(1000000, tsc_khz);
	tsc_at_boot = rdtsc_ordered();
	wall_at_boot_ns = rtc_read_seconds() * NSEC_PER_SEC;
	log_info("TSC %lu.%03lu MHz by the %s\n", tsc_khz / 1000, tsc_khz % 1000, name);
}

uint64_t now_to_tsc(uint64_t ns)
{
	uint64_t ticks;

	if (ns >> 60) /* never; with more the ticks of a fast TSC would not fit, and be in the past */
		return UINT64_MAX;
	ticks = mul_div(ns, 1ULL << 32, tsc_scale.mul) + 1;
	ticks = tsc_scale.shift >= 0 ? (ticks >> tsc_scale.shift) + 1 : ticks << -tsc_scale.shift;
	return tsc_at_boot + ticks;
}

void time_delay_us(unsigned int us)
{
	/* Before calibration (a panic, say) count as if the TSC ran at 4 GHz: too long is harmless. */
	uint64_t end = rdtsc() + us * (tsc_khz ? tsc_khz : 4000000) / 1000;

	while ((int64_t)(rdtsc() - end) < 0)
		cpu_relax();
}
