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

	own_mailbox.word[1] = foreign_map(own_mailbox.word[2], &gfn, 1, scratch(0, 0)) < 0 &&
			      foreign_map(0, &gfn, 1, scratch(0, 0)) < 0;
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

static void check_batch(domid_t id, xen_pfn_t good)
{
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
	CHECK(errs[1] < 0 && errs[1] != -XEN_ENOENT);
	CHECK_EQ(errs[2], 0);
	CHECK(*(volatile uint64_t *)scratch(0, 0) == *(volatile uint64_t *)scratch(0, 2));
	foreign_unmap(scratch(0, 0), 3);
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
	domid_t id;
	long rc = 0;

	CHECK_EQ(map_one(0x7000, gfn, scratch(0, 0)), -XEN_ESRCH);
	CHECK(map_one(0, gfn, scratch(0, 0)) < 0); /* oneself is not foreign */
	CHECK(map_one(DOMID_SELF, gfn, scratch(0, 0)) < 0);
	if (domu_create(&u, 1, "counter", 1))
		return;
	id = u.id;
	CHECK(map_one(id, HOLE_GPA >> PAGE_SHIFT, scratch(0, 0)) < 0);
	CHECK(map_one(id, 1UL << 50, scratch(0, 0)) < 0);
	check_batch(id, gfn);
	check_thief(id);
	CHECK_EQ(domu_unpause(&u), 0);
	REQUIRE_EQ(map_one(id, gfn, scratch(0, 0)), 0);
	CHECK(domu_word_moves(&u, 0, 2 * NSEC_PER_SEC));
	domu_destroy(&u);
	/* On Xen the domain lingers as long as its frame is mapped; the frame itself must. */
	if (!domain_info(id, &info))
		CHECK(info.flags & XEN_DOMINF_dying);
	CHECK(box->word[0] > 0 && box->word[0] != ~0UL);
	foreign_unmap(scratch(0, 0), 1);
	for (unsigned int i = 0; i < 200 && !rc; i++) {
		sleep_until(now_ns() + NSEC_PER_MSEC);
		rc = domain_info(id, &info);
	}
	CHECK_EQ(rc, -XEN_ESRCH);
}
