/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From nanoseconds to ticks and back, for TSCs from 100 MHz to 10 GHz: a timer never fires early nor much
 * too late, and a deadline that is centuries away is far away, whatever the arithmetic; the same for the
 * deadlines that guests write to their local APIC. Ticks are this machine's own where code reads them.
 */
#include "unit.h"
#include "dev/vlapic_priv.h"
#include "lib/log.h"
#include "x86/acpi.h"
#include "x86/rtc.h"
#include "x86/time.h"

struct acpi_info acpi;

/* time_init() is not called: nothing of these. */
void *mmio_map(uint64_t hpa, size_t size)
{
	abort();
}

uint64_t rtc_read_seconds(void)
{
	abort();
}

uint64_t now(void)
{
	return tsc_to_now(rdtsc_ordered());
}

static const uint64_t freqs_khz[] = { 100000, 999999, 1000000, 1000001, 2299998, 4000001, 5700000,
				      10000000 };

static void set_freq(uint64_t khz)
{
	tsc_khz = khz;
	tsc_scale = tsc_scale_of_ratio(1000000, khz);
	tsc_at_boot = rdtsc();
}

/* Of any size, large ones as often as small ones. */
static uint64_t any_ns(void)
{
	return unit_rand() >> (4 + unit_below(60));
}

static void a_deadline_is_never_early(void **state)
{
	unit_seed();
	for (unsigned int f = 0; f < sizeof(freqs_khz) / sizeof(freqs_khz[0]); f++) {
		set_freq(freqs_khz[f]);
		for (unsigned int i = 0; i < 20000; i++) {
			uint64_t ns = any_ns(), tsc = now_to_tsc(ns);

			assert_true(tsc > tsc_at_boot);
			assert_true(tsc_to_now(tsc) >= ns);
			/* late by some ticks, and what a multiplier of 32 bits cannot say */
			assert_true(tsc_to_now(tsc) - ns <= 30 + (ns >> 30));
		}
	}
}

static void later_is_later(void **state)
{
	unit_seed();
	for (unsigned int f = 0; f < sizeof(freqs_khz) / sizeof(freqs_khz[0]); f++) {
		set_freq(freqs_khz[f]);
		for (unsigned int i = 0; i < 20000; i++) {
			uint64_t a = any_ns(), b = any_ns();

			assert_true((a <= b) == (now_to_tsc(a) <= now_to_tsc(b)) ||
				    now_to_tsc(a) == now_to_tsc(b));
		}
		assert_true(now_to_tsc((1ULL << 60) - 1) > tsc_at_boot + (1ULL << 55));
		assert_true(now_to_tsc(1ULL << 60) == UINT64_MAX);
		assert_true(now_to_tsc(UINT64_MAX) == UINT64_MAX);
	}
}

/* A guest's TSC runs with ours, off by its offset; it may have started at any value. */
static void a_guests_deadline_is_where_its_tsc_gets(void **state)
{
	static const uint64_t offsets[] = { 0, 1ULL << 40, -(1ULL << 40), 1ULL << 62, 1ULL << 63 };
	struct domain d = { 0 };
	struct vcpu v = { .d = &d };

	set_freq(1000000); /* a tick is a nanosecond */
	for (unsigned int i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		uint64_t before = vlapic_now_ns(), guest_now, left;

		/* A host that has not run for centuries: the guest's count is its offset and little more. */
		d.tsc_offset = offsets[i] - rdtsc();
		guest_now = rdtsc() + d.tsc_offset;
		left = ~0ULL - guest_now;
		assert_true(vlapic_tsc_to_ns(&v, guest_now) <= vlapic_now_ns());
		assert_true(vlapic_tsc_to_ns(&v, 0) >= before);
		assert_true(vlapic_tsc_to_ns(&v, 0) <= vlapic_now_ns());
		for (unsigned int bit = 34; bit < 64 && 1ULL << bit < left; bit++) {
			uint64_t ns = vlapic_tsc_to_ns(&v, guest_now + (1ULL << bit)) - before;

			assert_true(ns >= 1ULL << min(bit, 50u));
			assert_true(ns < (1ULL << min(bit, 50u)) + 10 * NSEC_PER_SEC);
		}
		if (left >> 50)
			assert_true(vlapic_tsc_to_ns(&v, ~0ULL) - before >= 1ULL << 50);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_is_never_early),
		cmocka_unit_test(later_is_later),
		cmocka_unit_test(a_guests_deadline_is_where_its_tsc_gets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
