/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gnttab: grants inside one domain: table size, copy in both directions and at odd offsets, and
 * everything that must be refused: bad domains, references, handles, frames, lengths, unknown
 * operations. (Xen moves a page that its own domain maps; that is not tested.)
 */
#include "lib/domu.h"
#include "lib/grants.h"
#include "lib/test.h"

#define REF 20

static grant_handle_t h;

static void check_query(void)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };
	struct gnttab_get_version v = { .dom = DOMID_SELF };
	struct gnttab_set_version set = { .version = 1 };

	CHECK_EQ(grant_table_op(GNTTABOP_query_size, &q, 1), 0);
	CHECK_EQ(q.status, GNTST_okay);
	CHECK(q.nr_frames >= 1 && q.nr_frames <= q.max_nr_frames);
	q = (struct gnttab_query_size){ .dom = 0x7000 };
	CHECK_EQ(grant_table_op(GNTTABOP_query_size, &q, 1), 0);
	CHECK_EQ(q.status, GNTST_bad_domain);
	CHECK_EQ(grant_table_op(GNTTABOP_query_size, &q, 2), -XEN_EINVAL);
	CHECK_EQ(grant_table_op(GNTTABOP_set_version, &set, 1), 0);
	set.version = 7;
	CHECK_EQ(grant_table_op(GNTTABOP_set_version, &set, 1), -XEN_EINVAL);
	if (!grant_table_op(GNTTABOP_get_version, &v, 1))
		CHECK_EQ(v.version, 1);
	CHECK_EQ(grant_table_op(99, &q, 1), -XEN_ENOSYS);
}

static void check_map(void)
{
	uint32_t *page = page_alloc(), *at = (uint32_t *)scratch(0, 0);

	page[0] = 0x1234;
	grant_offer(REF, DOMID_SELF, page, 0);
	/* "Self" must be spelled as our own number, in the entry and in the call. */
	CHECK_EQ(grant_map(DOMID_SELF, REF, at, GNTMAP_host_map, &h), GNTST_bad_domain);
	CHECK(grant_revoke(REF));
}

static void check_refusals(void)
{
	uint8_t *at = scratch(0, 0);
	static const grant_ref_t bad_refs[] = { 100000, 0x7fffffff, ~0u };
	static const grant_handle_t bad_handles[] = { 5000, 0x7fffffff, ~0u };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad_refs); i++)
		CHECK_EQ(grant_map(0, bad_refs[i], at, GNTMAP_host_map, &h), GNTST_bad_gntref);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad_handles); i++)
		CHECK_EQ(grant_unmap(bad_handles[i], at), GNTST_bad_handle);
	CHECK_EQ(grant_map(0x7000, REF, at, GNTMAP_host_map, &h), GNTST_bad_domain);
	CHECK_EQ(grant_map(0, REF, at, 0, &h), GNTST_bad_gntref); /* neither host nor device */
}

/* A grant of a frame that is not there. */
static void check_absent_frame(void)
{
	uint8_t *at = scratch(0, 0);

	grant_offer(REF, 0, (void *)HOLE_GPA, 0);
	CHECK_EQ(grant_map(0, REF, at, GNTMAP_host_map, &h), GNTST_bad_page);
	CHECK(grant_revoke(REF)); /* nothing stays pinned after a failure */
}

static void check_copy(void)
{
	uint8_t *theirs = page_alloc(), *ours = page_alloc();

	for (unsigned int i = 0; i < PAGE_SIZE; i++)
		theirs[i] = i * 7;
	grant_offer(REF, 0, theirs, 0);
	CHECK_EQ(grant_copy(0, REF, 0, ours, PAGE_SIZE, false), GNTST_okay);
	CHECK(!memcmp(ours, theirs, PAGE_SIZE));
	memset(ours, 0, PAGE_SIZE);
	CHECK_EQ(grant_copy(0, REF, 4093, ours + 11, 3, false), GNTST_okay);
	CHECK(!memcmp(ours + 11, theirs + 4093, 3));
	CHECK(mem_is(ours, 0, 11) && mem_is(ours + 14, 0, PAGE_SIZE - 14));
	memset(ours, 0x5a, PAGE_SIZE);
	CHECK_EQ(grant_copy(0, REF, 100, ours, 50, true), GNTST_okay);
	CHECK(mem_is(theirs + 100, 0x5a, 50) && theirs[99] == (uint8_t)(99 * 7) &&
	      theirs[150] == (uint8_t)(150 * 7));
	CHECK_EQ(grant_copy(0, REF, 4000, ours, 97, false), GNTST_bad_copy_arg);
	CHECK_EQ(grant_copy(0, REF, 0, ours + 1, PAGE_SIZE, false), GNTST_bad_copy_arg);
	CHECK_EQ(grant_copy(0, REF + 1, 0, ours, 8, false), GNTST_general_error);
	CHECK_EQ(grant_copy(0, REF, 0, (void *)HOLE_GPA, 8, false), GNTST_bad_page);
	CHECK_EQ(grant_copy(0x7000, REF, 0, ours, 8, false), GNTST_bad_domain);
	CHECK(grant_revoke(REF));
	grant_offer(REF, 0, theirs, GTF_readonly);
	CHECK_EQ(grant_copy(0, REF, 0, ours, 8, true), GNTST_general_error);
	CHECK_EQ(grant_copy(0, REF, 0, ours, 8, false), GNTST_okay);
	CHECK_EQ(grant_entry(REF)->flags & (GTF_reading | GTF_writing), 0);
	CHECK(grant_revoke(REF));
}

TEST(gnttab, IN_DOM0 | IN_DOMU, 1)
{
	REQUIRE_EQ(grants_init(), 0);
	check_query();
	check_map();
	if (is_dom0()) {
		check_refusals();
		check_absent_frame();
		check_copy();
	}
}
