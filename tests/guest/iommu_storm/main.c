/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommu_storm: a device that does DMA where it must not, again and again, QEMU's e1000: its reports end after ten, and
 * after a thousand faults it may no longer do DMA at all; everything else of it goes on. Who relies on it: every CPU's time.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/test.h"

#define E1000_ID 0x100e8086
#define COMMAND	 4
#define MEMORY	 2
#define MASTER	 4
#define TCTL	 0x400 /* registers */
#define TDBAL	 0x3800
#define TDBAH	 0x3804
#define TDLEN	 0x3808
#define TDH	 0x3810
#define TDT	 0x3818
#define TCTL_EN	 2
#define EOP_RS	 0x09000000 /* of a descriptor: end of packet, report when done */
#define DONE	 1
#define NR_DESCRIPTORS 8
#define NOWHERE	 0xfff000000ULL /* no RAM of a machine of ours, and no device */

static volatile uint8_t *nic;
static unsigned int devfn;

static uint32_t config(unsigned int reg)
{
	outl(0xcf8, 0x80000000u | devfn << 8 | reg);
	return inl(0xcfc);
}

static void config_set(unsigned int reg, uint32_t value)
{
	outl(0xcf8, 0x80000000u | devfn << 8 | reg);
	outl(0xcfc, value);
}

static void set(unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(nic + reg) = value;
}

static bool find_nic(void)
{
	for (devfn = 0; devfn < 256; devfn++)
		if (config(0) == E1000_ID) {
			config_set(COMMAND, MEMORY | MASTER);
			nic = (volatile uint8_t *)(uintptr_t)(config(0x10) & ~15u);
			return true;
		}
	return false;
}

/* Where the device reads what it is to send, and writes what has become of it. */
static void set_ring(uint64_t at)
{
	set(TCTL, 0);
	set(TDBAL, (uint32_t)at);
	set(TDBAH, (uint32_t)(at >> 32));
	set(TDLEN, NR_DESCRIPTORS * 16);
	set(TDH, 0);
	set(TDT, 0);
	set(TCTL, TCTL_EN);
}

/* One packet, from a page of ours: has the device read of it and written back? */
static bool does_dma(void)
{
	volatile uint32_t *page = page_alloc();

	page[0] = (uint32_t)(gfn_of(page) * PAGE_SIZE + 1024);
	page[2] = EOP_RS | 64;
	set_ring(gfn_of(page) * PAGE_SIZE);
	set(TDT, 1);
	sleep_until(now_ns() + 10 * NSEC_PER_MSEC);
	return page[3] & DONE;
}

TEST(iommu_storm, IN_DOM0, 1)
{
	uint64_t end = now_ns() + 9 * NSEC_PER_SEC;

	if (!option_is("iommu", "intel") || !find_nic()) { /* QEMU's AMD-Vi tells of nothing: docs/testing.md */
		test_skip("no device to try it with, or no reports");
		return;
	}
	CHECK(does_dma());
	set_ring(NOWHERE);
	for (unsigned int i = 1; (config(COMMAND) & MASTER) && now_ns() < end; i++) {
		set(TDT, i % NR_DESCRIPTORS);
		spin_ns(100000); /* the report is another CPU's */
	}
	CHECK_EQ(config(COMMAND) & (MEMORY | MASTER), MEMORY);
	CHECK_EQ(console_count("faults without end; its DMA is switched off"), 1);
	CHECK(!does_dma());
	config_set(COMMAND, MEMORY | MASTER); /* Dom0's driver may start it again */
	CHECK(does_dma());
}
