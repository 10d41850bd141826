/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * foreign: Dom0 maps other domains' frames, as every toolstack does thousands of times. Frames
 * that are absent or absurd fail alone, with an error that is never -ENOENT ("paged out, try
 * again for ever"); a mapping keeps its frame when the domain dies; a DomU may map nobody.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/test.h"

static long map_one(domid_t id, xen_pfn_t gfn, void *at)
{
	long rc = foreign_map(id, &gfn, 1, at);

	CHECK(rc != -XEN_ENOENT);
	return rc;
}

TEST(foreign_thief, ROLE, 1)
{
	xen_pfn_t gfn = gfn_of(&mailbox_page);

	CHECK_EQ(foreign_map(own_mailbox.word[2], &gfn, 1, scratch(0, 0)), -XEN_EPERM);
	CHECK_EQ(foreign_map(0, &gfn, 1, scratch(0, 0)), -XEN_EPERM);
	own_mailbox.word[1] = !test_has_failed();
	own_mailbox.word[0] = 1;
}

static void check_thief(domid_t victim)
{
	struct domu u;

	if (domu_create(&u, 2, "foreign_thief", 1))
		return;
	u.box->word[2] = victim;
	CHECK_EQ(domu_unpause(&u), 0);
	CHECK(domu_wait_word(&u, 0, 1, 2 * NSEC_PER_SEC));
	CHECK_EQ(u.box->word[1], 1);
	domu_destroy(&u);
}

static long reservation(unsigned int cmd, xen_pfn_t gfn)
{
	struct xen_memory_reservation op = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(op.extent_start, &gfn);
	return memory_op(cmd, &op);
}

/* At the place of a page of our own RAM that was given up: nothing, the other's page, nothing. */
static void check_over_ram(domid_t id, xen_pfn_t gfn)
{
	volatile uint32_t *page = page_alloc();

	REQUIRE_EQ(reservation(XENMEM_decrease_reservation, gfn_of(page)), 1);
	CHECK_EQ(page[0], ~0u);
	for (unsigned int i = 0; i < 3; i++) {
		REQUIRE_EQ(map_one(id, gfn, (void *)page), 0);
		page[PAGE_SIZE / 4 - 1] = i;
		CHECK_EQ(page[PAGE_SIZE / 4 - 1], i);
		foreign_unmap((void *)page, 1);
		CHECK_EQ(page[PAGE_SIZE / 4 - 1], ~0u);
	}
	CHECK_EQ(reservation(XENMEM_populate_physmap, gfn_of(page)), 1);
}

static void check_batch(domid_t id, xen_pfn_t good)
{
	uint64_t empty = READ_ONCE(*(uint64_t *)scratch(0, 0)); /* the machine's own answer */
	xen_ulong_t idxs[3] = { good, HOLE_GPA >> PAGE_SHIFT, good };
	xen_pfn_t gpfns[3] = {gfn_of(scratch(0, 0)), gfn_of(scratch(0, 1)), gfn_of(scratch(0, 2))};
	int errs[3] = { 1, 1, 1 };
	struct xen_add_to_physmap_batch op = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 3,
		.u.foreign_domid = id,
	};

	set_xen_guest_handle(op.idxs, idxs);
	set_xen_guest_handle(op.gpfns, gpfns);
	set_xen_guest_handle(op.errs, errs);
	CHECK_EQ(memory_op(XENMEM_add_to_physmap_batch, &op), 0);
	CHECK_EQ(errs[0], 0);
	CHECK_EQ(errs[1], -XEN_EINVAL);
	CHECK_EQ(errs[2], 0);
	CHECK(*(volatile uint64_t *)scratch(0, 0) == *(volatile uint64_t *)scratch(0, 2));
	foreign_unmap(scratch(0, 0), 3);
	CHECK_EQ(READ_ONCE(*(uint64_t *)scratch(0, 0)), empty);
	CHECK_EQ(READ_ONCE(*(uint64_t *)scratch(0, 2)), empty);
	op.size = 0xffff;
	set_xen_guest_handle(op.idxs, UNMAPPED_PTR);
	CHECK_EQ(memory_op(XENMEM_add_to_physmap_batch, &op), -XEN_EFAULT);
}

TEST(foreign, IN_DOM0, 1)
{
	volatile struct mailbox *box = (void *)scratch(0, 0);
	xen_pfn_t gfn = gfn_of(&mailbox_page);
	struct xen_domctl_getdomaininfo info;
	struct domu u;
	uint64_t counted, empty = box->word[0];
	domid_t id;
	long rc = 0;

	CHECK_EQ(map_one(0x7000, gfn, scratch(0, 0)), -XEN_ESRCH);
	/* Oneself is not foreign; Xen says -EPERM to the number and -ESRCH to the word. */
	CHECK_REFUSED(map_one(0, gfn, scratch(0, 0)), -XEN_EINVAL);
	CHECK_REFUSED(map_one(DOMID_SELF, gfn, scratch(0, 0)), -XEN_EINVAL);
	if (domu_create(&u, 1, "counter", 1))
		return;
	id = u.id;
	CHECK_EQ(map_one(id, HOLE_GPA >> PAGE_SHIFT, scratch(0, 0)), -XEN_EINVAL);
	CHECK_EQ(map_one(id, 1UL << 50, scratch(0, 0)), -XEN_EINVAL);
	check_batch(id, gfn);
	check_over_ram(id, gfn);
	check_thief(id);
	CHECK_EQ(domu_unpause(&u), 0);
	REQUIRE_EQ(map_one(id, gfn, scratch(0, 0)), 0);
	CHECK(domu_word_moves(&u, 0, 2 * NSEC_PER_SEC));
	domu_destroy(&u);
	/* On Xen the frame alone may linger; here its domain does, for it is still charged for it. */
	sleep_until(now_ns() + 20 * NSEC_PER_MSEC);
	if (is_helium())
		REQUIRE_EQ(domain_info(id, &info), 0);
	if (!domain_info(id, &info)) {
		CHECK(info.flags & XEN_DOMINF_dying);
		CHECK_EQ(info.tot_pages, 1);
	}
	counted = box->word[0];
	CHECK(counted > 0 && counted != ~0UL);
	box->word[0] = counted + 1;
	CHECK_EQ(box->word[0], counted + 1); /* still memory, and nobody counts in it any more */
	foreign_unmap(scratch(0, 0), 1);
	CHECK_EQ(box->word[0], empty);
	for (unsigned int i = 0; i < 200 && !rc; i++) {
		sleep_until(now_ns() + NSEC_PER_MSEC);
		rc = domain_info(id, &info);
	}
	CHECK_EQ(rc, -XEN_ESRCH);
}
