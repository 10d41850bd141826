/* SPDX-License-Identifier: GPL-2.0-only */
/* What a fault record of VT-d says. Pure. */
#include "mem/vtd.h"

#define FIRST_INTERRUPT_REASON 0x20

static const char *const reasons[] = { /* 7.2.3 */
	[0x1 ... 0x3] = "its bus or the device is not served",
	[0x4] = "beyond the address width",
	[0x5] = "not writable there",
	[0x6] = "nothing mapped there",
	[0x7 ... 0xd] = "a table is wrong or not readable",
	[0x20 ... 0x24] = "an interrupt that nobody has",
	[0x25] = "an interrupt in the old format",
	[0x26] = "an interrupt of another device",
};

struct vtd_fault vtd_decode_fault(uint64_t low, uint64_t high)
{
	unsigned int reason = high >> 32 & 0xff;

	return (struct vtd_fault){
		.bdf = (uint16_t)high,
		.write = !(high >> 62 & 1),
		.addr = reason >= FIRST_INTERRUPT_REASON ? low >> 48 : round_down(low, PAGE_SIZE),
		.why = reason < ARRAY_SIZE(reasons) ? reasons[reason] : NULL,
	};
}
