/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading the CMOS clock: twice alike while no update is in progress, BCD or binary, 12 or 24 hours. */
#include "x86/asm.h"
#include "x86/rtc.h"

#define RTC_HOUR   2
#define RTC_DAY	   3
#define RTC_MONTH  4
#define RTC_YEAR   5
#define NR_FIELDS  6

static const uint8_t field_reg[NR_FIELDS] = { 0x00, 0x02, 0x04, 0x07, 0x08, 0x09 };

static uint8_t cmos_read(uint8_t reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

static void read_fields(uint8_t f[NR_FIELDS])
{
	for (unsigned int i = 0; i < 1000000 && (cmos_read(0x0a) & 0x80); i++)
		cpu_relax();
	for (unsigned int i = 0; i < NR_FIELDS; i++)
		f[i] = cmos_read(field_reg[i]);
}

/* Days since 1970-01-01 of a date in the Gregorian calendar. */
static uint64_t rtc_days(unsigned int year, unsigned int month, unsigned int day)
{
	static const uint16_t before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	unsigned int y = month > 2 ? year : year - 1; /* leap days up to and including this year's */

	return 365ULL * (year - 1970) + (y / 4 - y / 100 + y / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400) +
	       before[month - 1] + day - 1;
}

uint64_t rtc_read_seconds(void)
{
	uint8_t f[NR_FIELDS], again[NR_FIELDS], mode;
	bool pm;

	read_fields(f);
	for (unsigned int i = 0; i < 10; i++) {
		read_fields(again);
		if (!memcmp(f, again, sizeof(f)))
			break;
		memcpy(f, again, sizeof(f));
	}
	mode = cmos_read(0x0b);
	pm = !(mode & 0x02) && (f[RTC_HOUR] & 0x80);
	f[RTC_HOUR] &= 0x7f;
	if (!(mode & 0x04))
		for (unsigned int i = 0; i < NR_FIELDS; i++)
			f[i] = (f[i] >> 4) * 10 + (f[i] & 0xf);
	if (!(mode & 0x02))
		f[RTC_HOUR] = f[RTC_HOUR] % 12 + (pm ? 12 : 0);
	if (f[RTC_MONTH] < 1 || f[RTC_MONTH] > 12)
		return 0;
	/* Two digits of a year: this century until 2099. */
	return rtc_days(2000 + f[RTC_YEAR] % 100, f[RTC_MONTH], f[RTC_DAY]) * 86400 + f[RTC_HOUR] * 3600 +
	       f[1] * 60 + f[0];
}
