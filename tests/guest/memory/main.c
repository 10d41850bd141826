/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory: balloon a page out and in, more than the domain may have, frames
 * that are absent or absurd, orders beyond any allocation, other domains' memory, shared info and
 * grant frames placed and moved. Bad extents end the list; the count says how many were done.
 */
#include "lib/domu.h"
#include "lib/grants.h"
#include "lib/test.h"
#include "lib/traps.h"

static long reservation(unsigned int cmd, const xen_pfn_t *gfns, unsigned long nr,
			unsigned int order, domid_t domid)
{
	struct xen_memory_reservation op = { .nr_extents = nr, .extent_order = order,
					     .domid = domid };

	set_xen_guest_handle(op.extent_start, (xen_pfn_t *)gfns);
	return memory_op(cmd, &op);
}

static void check_balloon(void)
{
	uint32_t *page = page_alloc();
	xen_pfn_t gfn = gfn_of(page);

	page[0] = 0x12345678;
	CHECK_EQ(reservation(XENMEM_decrease_reservation, &gfn, 1, 0, DOMID_SELF), 1);
	CHECK_EQ(READ_ONCE(page[0]), ~0u); /* nothing there now */
	CHECK_EQ(reservation(XENMEM_decrease_reservation, &gfn, 1, 0, DOMID_SELF), 0);
	CHECK_EQ(reservation(XENMEM_populate_physmap, &gfn, 1, 0, DOMID_SELF), 1);
	/* Empty, or on Xen what we had: it does not scrub what stays in the family. */
	CHECK(page[0] == 0 || (!is_helium() && page[0] == 0x12345678));
	page[0] = 5;
	CHECK_EQ(READ_ONCE(page[0]), 5);
}

/* Somewhere in the middle of a list is a frame that cannot be had. */
static void check_partial(void)
{
	uint8_t *pages = pages_alloc(4);
	xen_pfn_t gfns[4], bad[4];

	for (unsigned int i = 0; i < 4; i++)
		gfns[i] = bad[i] = gfn_of(pages) + i;
	bad[2] = 1UL << 50;
	CHECK_EQ(reservation(XENMEM_decrease_reservation, bad, 4, 0, DOMID_SELF), 2);
	CHECK_EQ(reservation(XENMEM_decrease_reservation, gfns + 2, 2, 0, DOMID_SELF), 2);
	CHECK_EQ(reservation(XENMEM_populate_physmap, bad, 4, 0, DOMID_SELF), 2);
	CHECK_EQ(reservation(XENMEM_populate_physmap, gfns + 2, 2, 0, DOMID_SELF), 2);
	memset(pages, 0, 4 * PAGE_SIZE); /* all there again */
	CHECK(mem_is(pages, 0, 4 * PAGE_SIZE));
}

/* Nothing done. Helium tells a bad call from an extent that could not be had; Xen does not always. */
static void check_none(unsigned int cmd, xen_pfn_t gfn, unsigned long nr, unsigned int order,
		       domid_t domid, long want)
{
	long got = reservation(cmd, &gfn, nr, order, domid);

	if (is_helium() ? got != want : got > 0)
		test_failure("%u of %lu at %lx order %u for %x: %ld, want %ld", cmd, nr, gfn, order,
			     domid, got, want);
}

static void check_absurd(void)
{
	static const xen_pfn_t frames[] = { 1UL << 40, 1UL << 52, ~0UL, ~0UL >> 12 };
	xen_pfn_t gfn = gfn_of(page_alloc());

	for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++) {
		check_none(XENMEM_populate_physmap, frames[i], 1, 0, DOMID_SELF, 0);
		check_none(XENMEM_decrease_reservation, frames[i], 1, 0, DOMID_SELF, 0);
	}
	for (unsigned int order = 19; order < 70; order += 10) {
		check_none(XENMEM_populate_physmap, gfn, 1, order, DOMID_SELF, 0);
		check_none(XENMEM_decrease_reservation, gfn, 1, order, DOMID_SELF, 0);
	}
	check_none(XENMEM_populate_physmap, gfn, ~0UL, 0, DOMID_SELF, -XEN_EINVAL);
	check_none(XENMEM_populate_physmap, gfn, 1UL << 59, 0, DOMID_SELF, -XEN_EINVAL);
	check_none(XENMEM_populate_physmap, gfn, 1, 0, 0x7000, -XEN_ESRCH);
	CHECK(memory_op(99, page_alloc()) == -XEN_ENOSYS);
	CHECK_EQ(*(uint32_t *)(gfn << PAGE_SHIFT), 0); /* still ours */
}

/* A DomU asking for more than max_mem gets a short count, and nothing of Dom0's or Xen's. */
static void check_limits(void)
{
	static xen_pfn_t gfns[4096];
	long got, total = 0;
	xen_pfn_t one = gfn_of(page_alloc());

	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(gfns); i++)
			gfns[i] = 0x40000 + round * ARRAY_SIZE(gfns) + i;
		got = reservation(XENMEM_populate_physmap, gfns, ARRAY_SIZE(gfns), 0, DOMID_SELF);
		if (!CHECK(got >= 0))
			return;
		total += got;
		if (got < (long)ARRAY_SIZE(gfns))
			break;
	}
	CHECK(total > 0 && total < 8192); /* 32 MiB less what we had */
	for (unsigned int i = 0; i < ARRAY_SIZE(gfns); i++)
		gfns[i] = 0x40000 + i;
	for (long done = 0; done < total; done += got) {
		long want = total - done < (long)ARRAY_SIZE(gfns) ? total - done :
								    (long)ARRAY_SIZE(gfns);

		for (long i = 0; i < want; i++)
			gfns[i] = 0x40000 + done + i;
		got = reservation(XENMEM_decrease_reservation, gfns, want, 0, DOMID_SELF);
		if (!CHECK_EQ(got, want))
			return;
	}
	check_none(XENMEM_populate_physmap, one, 1, 0, 0, -XEN_EPERM);
	check_none(XENMEM_decrease_reservation, one, 1, 0, 0, -XEN_EPERM);
}

static long place(unsigned int space, xen_ulong_t idx, xen_pfn_t gfn, domid_t domid)
{
	struct xen_add_to_physmap op = { .domid = domid, .space = space, .idx = idx, .gpfn = gfn };

	return memory_op(XENMEM_add_to_physmap, &op);
}

static void check_add_to_physmap(void)
{
	xen_pfn_t gfn = gfn_of(page_alloc()), there = gfn_of(scratch(0, 0));
	struct xen_remove_from_physmap rm = { .domid = DOMID_SELF, .gpfn = there };

	CHECK_REFUSED(place(99, 0, gfn, DOMID_SELF), -XEN_ENOSYS); /* as any unknown command */
	/* only by the batch call */
	CHECK_EQ(place(XENMAPSPACE_gmfn_foreign, 0, gfn, DOMID_SELF), -XEN_ENOSYS);
	CHECK_EQ(place(XENMAPSPACE_grant_table, 100000, there, DOMID_SELF), -XEN_EINVAL);
	CHECK_EQ(place(XENMAPSPACE_grant_table, ~0UL, there, DOMID_SELF), -XEN_EINVAL);
	/* Xen's -ENOENT means "paged out, try again" to the tools; not here and not below. */
	CHECK_REFUSED(place(XENMAPSPACE_shared_info, 0, 1UL << 50, DOMID_SELF), -XEN_EINVAL);
	CHECK_EQ(place(XENMAPSPACE_shared_info, 0, there, 0x7000), -XEN_ESRCH);
	if (!is_dom0())
		CHECK(place(XENMAPSPACE_shared_info, 0, there, 0) == -XEN_EPERM);
	/* A grant frame at a place without RAM, moved, and taken away again. */
	CHECK_EQ(place(XENMAPSPACE_grant_table, 0, there, DOMID_SELF), 0);
	CHECK_EQ(place(XENMAPSPACE_grant_table, 0, there + 1, DOMID_SELF), 0);
	CHECK_EQ(READ_ONCE(*(uint32_t *)scratch(0, 0)), ~0u);
	rm.gpfn = there + 1;
	CHECK_EQ(memory_op(XENMEM_remove_from_physmap, &rm), 0);
	CHECK_REFUSED(memory_op(XENMEM_remove_from_physmap, &rm), -XEN_EINVAL);
	rm.gpfn = 1UL << 50;
	CHECK_REFUSED(memory_op(XENMEM_remove_from_physmap, &rm), -XEN_EINVAL);
	CHECK_EQ(READ_ONCE(*(uint32_t *)(gfn << PAGE_SHIFT)), 0);
}

TEST(memory, IN_DOMU, 1)
{
	check_balloon();
	check_partial();
	check_absurd();
	check_add_to_physmap();
	check_limits();
}
