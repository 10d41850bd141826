/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommu: what a device reaches by DMA, tried with QEMU's `edu`. Without an IOMMU: every address it is given. With one:
 * what Dom0 has mapped and nothing else, that is its own pages, pages of others as long as they are mapped, read-only
 * ones for reading, and what the firmware reserves for devices. Each access that is stopped is on the console. Who relies on it: all of Dom0's drivers,
 * and everybody else against them.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/grants.h"
#include "lib/test.h"

#define EDU_ID	   0x11e81234
#define EDU_SRC	   0x80
#define EDU_DST	   0x88
#define EDU_COUNT  0x90
#define EDU_CMD	   0x98
#define CMD_START  1
#define CMD_WRITE  2	   /* from the device's buffer to memory */
#define EDU_BUFFER 0x40000 /* in its own addresses */
#define BYTES	   64	   /* of each transfer */
#define MSI_SPACE  0xfee00000
#define REMAPPABLE 0x10
#define MACHINE_CHECK 18

#define REF_RW	 20
#define REF_RO	 21
#define RESERVED_BYTES 0x10000 /* of tests/guest/firmware.py */

#define PATTERN	 0x1ce1ce
#define OTHER	 0xd0d0d0

static volatile uint8_t *edu;
static bool has_iommu;
static unsigned int nr_stopped;

static uint32_t pages[2][1024] page_aligned;

/* --- the device --- */

static uint32_t config(unsigned int devfn, unsigned int reg)
{
	outl(0xcf8, 0x80000000u | devfn << 8 | reg);
	return inl(0xcfc);
}

static volatile uint8_t *find_edu(void)
{
	for (unsigned int devfn = 0; devfn < 256; devfn++)
		if (config(devfn, 0) == EDU_ID) {
			uintptr_t bar = config(devfn, 0x10) & ~15u;

			outl(0xcf8, 0x80000000u | devfn << 8 | 4);
			outl(0xcfc, 6); /* memory, bus master */
			return (volatile uint8_t *)bar;
		}
	return NULL;
}

static void set(unsigned int reg, uint64_t value)
{
	*(volatile uint64_t *)(edu + reg) = value;
}

static void transfer_bytes(uint64_t src, uint64_t dst, unsigned int bytes, unsigned int cmd)
{
	uint64_t end = now_ns() + 5 * NSEC_PER_SEC;

	set(EDU_SRC, src);
	set(EDU_DST, dst);
	set(EDU_COUNT, bytes);
	set(EDU_CMD, CMD_START | cmd);
	while (*(volatile uint64_t *)(edu + EDU_CMD) & CMD_START) {
		REQUIRE(now_ns() < end);
		sleep_until(now_ns() + NSEC_PER_MSEC);
	}
}

static void transfer(uint64_t src, uint64_t dst, unsigned int cmd)
{
	transfer_bytes(src, dst, BYTES, cmd);
}

/* The device's buffer gets this word, over and over, from a page of ours. */
static void load(uint32_t word)
{
	uint32_t *page = page_alloc();

	for (unsigned int i = 0; i < BYTES / 4; i++)
		page[i] = word;
	transfer(gfn_of(page) * PAGE_SIZE, EDU_BUFFER, 0);
}

static void write_to(uint64_t address)
{
	transfer(EDU_BUFFER, address, CMD_WRITE);
}

static void expect_stop(void)
{
	nr_stopped += has_iommu;
}

/* --- what it reaches --- */

static void check_own(void)
{
	volatile uint32_t *page = page_alloc();

	load(PATTERN);
	write_to(gfn_of(page) * PAGE_SIZE + 512);
	CHECK_EQ(page[127], 0);
	CHECK_EQ(page[128], PATTERN);
	CHECK_EQ(page[128 + BYTES / 4 - 1], PATTERN);
	CHECK_EQ(page[128 + BYTES / 4], 0);
}

static long reservation(unsigned int cmd, xen_pfn_t gfn)
{
	struct xen_memory_reservation op = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(op.extent_start, &gfn);
	return memory_op(cmd, &op);
}

/* A page that we gave up, in the middle of others of ours: its frame does not change hands, so we can look. */
static void check_hole(void)
{
	volatile uint32_t *page = pages_alloc(3);
	uint64_t gfn = gfn_of(page) + 1;

	page[1024] = OTHER;
	REQUIRE_EQ(reservation(XENMEM_decrease_reservation, gfn), 1);
	write_to(gfn * PAGE_SIZE);
	expect_stop();
	write_to((gfn - 1) * PAGE_SIZE);
	write_to((gfn + 1) * PAGE_SIZE);
	CHECK_EQ(page[0], PATTERN);
	CHECK_EQ(page[2048], PATTERN);
	REQUIRE_EQ(reservation(XENMEM_populate_physmap, gfn), 1);
	if (is_helium()) /* Xen gives another page */
		CHECK_EQ(page[1024], has_iommu ? OTHER : PATTERN);
	write_to(gfn * PAGE_SIZE);
	CHECK_EQ(page[1024], PATTERN);
}

TEST(iommu_granter, ROLE, 1)
{
	REQUIRE_EQ(grants_init(), 0);
	grant_offer(REF_RW, 0, pages[0], 0);
	grant_offer(REF_RO, 0, pages[1], GTF_readonly);
	own_mailbox.word[0] = 1;
	for (;;)
		sched_op(SCHEDOP_yield, NULL);
}

static struct gnttab_map_grant_ref map(domid_t id, grant_ref_t ref, void *at, unsigned int flags)
{
	struct gnttab_map_grant_ref op = { .host_addr = (uintptr_t)at, .flags = flags, .ref = ref, .dom = id };

	REQUIRE_EQ(grant_table_op(GNTTABOP_map_grant_ref, &op, 1), 0);
	return op;
}

/* A granted page: at the gfn where it is mapped, while it is; at its machine address never. */
static void check_grant(domid_t id)
{
	volatile uint32_t *at = (uint32_t *)scratch(0, 0);
	struct gnttab_map_grant_ref m = map(id, REF_RW, (void *)at, GNTMAP_host_map);

	REQUIRE_EQ(m.status, GNTST_okay);
	if (has_iommu) {
		write_to((uintptr_t)at);
		CHECK_EQ(at[0], PATTERN);
	}
	at[0] = OTHER;
	write_to(m.dev_bus_addr);
	expect_stop();
	CHECK_EQ(at[0], has_iommu ? OTHER : PATTERN);
	at[0] = OTHER;
	CHECK_EQ(grant_unmap(m.handle, (void *)at), GNTST_okay);
	if (has_iommu) {
		write_to((uintptr_t)at);
		expect_stop();
	}
	m = map(id, REF_RW, (void *)at, GNTMAP_host_map);
	CHECK_EQ(at[0], OTHER);
	CHECK_EQ(grant_unmap(m.handle, (void *)at), GNTST_okay);
}

/* One that may be read only. */
static void check_readonly(domid_t id)
{
	volatile uint32_t *at = (uint32_t *)scratch(0, 1), *page = page_alloc();
	struct gnttab_map_grant_ref m = map(id, REF_RO, (void *)at, GNTMAP_host_map | GNTMAP_readonly);

	REQUIRE_EQ(m.status, GNTST_okay);
	write_to((uintptr_t)at);
	expect_stop();
	CHECK_EQ(at[0], 0);
	transfer((uintptr_t)at, EDU_BUFFER, 0);
	page[0] = OTHER;
	write_to(gfn_of(page) * PAGE_SIZE);
	CHECK_EQ(page[0], 0);
	load(PATTERN);
	CHECK_EQ(grant_unmap(m.handle, (void *)at), GNTST_okay);
}

/* A page of its RAM, as a toolstack maps it. */
static void check_foreign(struct domu *u)
{
	xen_pfn_t gfn = gfn_of(&own_mailbox.word[200]);
	volatile uint64_t *word = (uint64_t *)(scratch(0, 2) + (uintptr_t)&own_mailbox.word[200] % PAGE_SIZE);

	REQUIRE_EQ(foreign_map(u->id, &gfn, 1, scratch(0, 2)), 0);
	write_to((uintptr_t)word);
	CHECK_EQ(u->box->word[200], PATTERN * 0x100000001UL);
	u->box->word[200] = 0;
	foreign_unmap(scratch(0, 2), 1);
	write_to((uintptr_t)word);
	expect_stop();
	CHECK_EQ(u->box->word[200], 0);
}

/* Not without an IOMMU; with one it means the same as a mapping for ourselves. */
static void check_device_map(domid_t id)
{
	struct gnttab_map_grant_ref m = map(id, REF_RW, scratch(0, 3), GNTMAP_host_map | GNTMAP_device_map);

	CHECK_EQ(m.status, has_iommu ? GNTST_okay : GNTST_no_device_space);
	if (m.status == GNTST_okay)
		CHECK_EQ(grant_unmap(m.handle, scratch(0, 3)), GNTST_okay);
}

/*
 * Memory that the firmware has devices use (reserved=): the device reaches all of it, as do we, and no page before or
 * behind it. We look at those last: what Dom0 touches is mapped for it.
 */
static void check_reserved(void)
{
	uint64_t first = option_number("reserved", 0), last = first + RESERVED_BYTES - PAGE_SIZE;
	volatile uint32_t *page = page_alloc();

	if (!first)
		return;
	write_to(first);
	write_to(last);
	write_to(first - PAGE_SIZE);
	expect_stop();
	write_to(last + PAGE_SIZE);
	expect_stop();
	load(OTHER);
	transfer(last, EDU_BUFFER, 0);
	write_to(gfn_of(page) * PAGE_SIZE);
	CHECK_EQ(page[0], PATTERN);
	CHECK_EQ(*(volatile uint32_t *)first, PATTERN);
	CHECK_EQ(*(volatile uint32_t *)last, PATTERN);
	CHECK(*(volatile uint32_t *)(first - PAGE_SIZE) != PATTERN);
	CHECK(*(volatile uint32_t *)(last + PAGE_SIZE) != PATTERN);
	load(PATTERN);
}

/* --- what is said of it --- */

/*
 * A device may send what looks like an exception to CPU 0: where interrupts are not remapped, that ends the machine. In
 * the remappable form, entry 0, which is nobody's: QEMU 7.2 lets the old form through always.
 */
static void check_interrupt(void)
{
	if (!console_count("remapping interrupts"))
		return;
	load(MACHINE_CHECK);
	transfer_bytes(EDU_BUFFER, MSI_SPACE + REMAPPABLE, 4, CMD_WRITE);
}

TEST(iommu, IN_DOM0, 1)
{
	struct xen_sysctl op = { 0 };
	struct domu u;

	edu = find_edu();
	if (!edu) {
		test_skip("no device to try it with");
		return;
	}
	REQUIRE_EQ(sysctl(XEN_SYSCTL_physinfo, &op), 0);
	has_iommu = op.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_directio;
	if (option_is("iommu", "intel") || option_is("iommu", "amd"))
		CHECK(has_iommu);
	if (option_is("iommu", "none"))
		CHECK(!has_iommu);
	nr_stopped = 0;
	check_own();
	check_reserved();
	check_hole();
	if (domu_create(&u, 1, "iommu_granter", 1))
		return;
	CHECK_EQ(domu_unpause(&u), 0);
	if (CHECK(domu_wait_word(&u, 0, 1, 2 * NSEC_PER_SEC))) {
		check_grant(u.id);
		check_device_map(u.id);
		if (has_iommu) {
			check_readonly(u.id);
			check_foreign(&u);
		}
	}
	domu_destroy(&u);
	if (is_helium() && !option_is("iommu", "amd")) /* QEMU's AMD-Vi tells of nothing: docs/testing.md */
		CHECK_EQ(console_count("IOMMU: stopped device 0000:00:"), nr_stopped);
	if (has_iommu)
		check_interrupt(); /* whether that is told of depends on QEMU's version */
}
