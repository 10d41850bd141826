/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * helium: the control operations that only Helium has (include/helium/domctl.h): hl_load copies
 * into another domain or clears, across pages, and stops at what is not RAM; hl_grant_seed;
 * hl_hvm_params stops at the first bad one; hl_pvh_start starts a domain once; hl_destroy
 * takes it down in pieces.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/test.h"

extern uint8_t image_start[], bss_end[];
void start32(void);

static long load(domid_t id, uint64_t gpa, void *src, uint64_t size, uint64_t *left)
{
	struct xen_domctl op = { .u.hl_load = { .gpa = gpa, .size = size } };
	long rc;

	set_xen_guest_handle_raw(op.u.hl_load.src, src);
	rc = domctl(XEN_DOMCTL_hl_load, id, &op);
	*left = op.u.hl_load.size;
	return rc;
}

static void check_load(struct domu *u)
{
	uint8_t *pages = pages_alloc(3), *theirs = (uint8_t *)&u->box->word[0];
	uint64_t gpa = (uintptr_t)&own_mailbox.word[0], left;

	for (unsigned int i = 0; i < 1000; i++)
		pages[PAGE_SIZE - 500 + i] = i * 3;
	CHECK_EQ(load(u->id, gpa, pages + PAGE_SIZE - 500, 1000, &left), 0);
	CHECK_EQ(left, 0);
	CHECK(!memcmp(theirs, pages + PAGE_SIZE - 500, 1000));
	CHECK_EQ(load(u->id, gpa, NULL, 900, &left), 0);
	CHECK(mem_is(theirs, 0, 900) && theirs[901] == (uint8_t)(901 * 3));
	CHECK_EQ(load(u->id, gpa, pages, 0, &left), 0);
	CHECK_EQ(load(u->id, gpa, UNMAPPED_PTR, 8, &left), -XEN_EFAULT);
	CHECK_EQ(load(u->id, gpa, window_end_of_page(pages, 100), 200, &left), -XEN_EFAULT);
	CHECK(left > 0 && left <= 200);
	CHECK_EQ(load(u->id, HOLE_GPA, pages, 8, &left), -XEN_EINVAL);
	CHECK_EQ(load(u->id, ~0UL - 3, pages, 8, &left), -XEN_EINVAL);
	CHECK_EQ(load(u->id, 8, pages, ~0UL, &left), -XEN_EINVAL);
	CHECK_EQ(load(0, gpa, pages, 8, &left), -XEN_EINVAL);
	CHECK_EQ(load(0x7000, gpa, pages, 8, &left), -XEN_ESRCH);
}

static void check_params(struct domu *u)
{
	static xen_domctl_hl_param_t p[3] = { 0 };
	struct xen_domctl op = { .u.hl_hvm_params.nr = 3 };
	uint64_t value;

	p[0] = (xen_domctl_hl_param_t){ .index = HVM_PARAM_STORE_PFN, .value = 0xfeffc };
	p[1] = (xen_domctl_hl_param_t){ .index = HVM_NR_PARAMS, .value = 1 };
	p[2] = (xen_domctl_hl_param_t){ .index = HVM_PARAM_STORE_EVTCHN, .value = 9 };
	set_xen_guest_handle(op.u.hl_hvm_params.params, p);
	CHECK_EQ(domctl(XEN_DOMCTL_hl_hvm_params, u->id, &op), -XEN_EINVAL);
	CHECK_EQ(op.u.hl_hvm_params.nr, 1);
	CHECK_EQ(hvm_get_param(u->id, HVM_PARAM_STORE_PFN, &value), 0);
	CHECK_EQ(value, 0xfeffc);
	op.u.hl_hvm_params.nr = XEN_DOMCTL_HL_MAX_PARAMS + 1;
	CHECK_EQ(domctl(XEN_DOMCTL_hl_hvm_params, u->id, &op), -XEN_EINVAL);
}

static void check_seed(struct domu *u)
{
	struct xen_domctl op = { .u.hl_grant_seed = { .gfn = gfn_of(&mailbox_page), .ref = 7 } };

	CHECK_EQ(domctl(XEN_DOMCTL_hl_grant_seed, u->id, &op), -XEN_EINVAL);
	op.u.hl_grant_seed.ref = GNTTAB_RESERVED_CONSOLE;
	CHECK_EQ(domctl(XEN_DOMCTL_hl_grant_seed, u->id, &op), 0);
}

static void check_destroy(struct domu *u)
{
	xen_domctl_getdomaininfo_t info;
	unsigned int pieces = 1;
	long rc;

	while ((rc = domctl_simple(XEN_DOMCTL_hl_destroy, u->id)) == -XEN_EAGAIN)
		pieces++;
	CHECK_EQ(rc, 0);
	CHECK(pieces > 1 && pieces < 1000);
	CHECK_EQ(domain_info(u->id, &info), 0); /* we have a page of it mapped */
	CHECK(info.flags & XEN_DOMINF_dying);
	CHECK(info.tot_pages < 8);
	CHECK_EQ(domctl_simple(XEN_DOMCTL_hl_destroy, 0), -XEN_EINVAL);
}

TEST(helium, IN_DOM0, 1)
{
	struct xen_domctl op = { .u.hl_pvh_start = { .entry_eip = (uintptr_t)start32,
						     .start_info_gpa = (uintptr_t)bss_end } };
	struct domu u;

	if (!is_helium()) {
		test_skip("this is not Helium");
		return;
	}
	if (domu_new(&u, 1, 1) || domu_load(&u, "counter")) {
		test_error("cannot create a domain");
		domu_destroy(&u);
		return;
	}
	check_load(&u);
	check_params(&u);
	check_seed(&u);
	u.box->word[0] = 0;
	CHECK_EQ(domctl(XEN_DOMCTL_hl_pvh_start, u.id, &op), 0);
	CHECK_EQ(domu_unpause(&u), 0);
	CHECK(domu_word_moves(&u, 0, 2 * NSEC_PER_SEC));
	CHECK_EQ(domctl(XEN_DOMCTL_hl_pvh_start, u.id, &op), -XEN_EBUSY);
	check_destroy(&u);
	domu_destroy(&u);
}
