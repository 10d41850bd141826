/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gnttab_domains: a domain grants pages to Dom0, which maps, reads, writes and copies them. While
 * mapped they are pinned; a revoked one cannot be mapped again; a grant to another domain is
 * refused. When the granting domain dies its mapped page stays until it is unmapped, and only
 * then is the domain gone. The mailbox words 0.. steer the two sides: step, own domain id.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/grants.h"
#include "lib/test.h"
#include "lib/traps.h"

enum { STEP, SELF, RESULT, FRAME };
#define REF_RW	20
#define REF_RO	21
#define REF_FOR_OTHER 22
#define REF_REVOKED 23
#define PATTERN 0xc0ffee

static uint32_t shared_pages[4][1024] page_aligned;

static void store_to(void *p)
{
	WRITE_ONCE(*(uint32_t *)p, 0xbad);
}

static void call(void *p)
{
	((void (*)(void))p)();
}

static void wait_step(uint64_t step)
{
	while (own_mailbox.word[STEP] < step)
		sched_op(SCHEDOP_yield, NULL);
}

TEST(granter, ROLE, 1)
{
	REQUIRE_EQ(grants_init(), 0);
	for (unsigned int i = 0; i < 4; i++)
		shared_pages[i][0] = PATTERN + i;
	shared_pages[0][2] = 0xc3; /* RET */
	grant_offer(REF_RW, 0, shared_pages[0], 0);
	grant_offer(REF_RO, 0, shared_pages[1], GTF_readonly);
	grant_offer(REF_FOR_OTHER, 7777, shared_pages[2], 0);
	grant_offer(REF_REVOKED, 0, shared_pages[3], 0);
	grant_revoke(REF_REVOKED);
	own_mailbox.word[STEP] = 1;
	wait_step(2); /* mapped by now */
	own_mailbox.word[RESULT] = grant_revoke(REF_RW) << 1 | (shared_pages[0][1] == 99);
	own_mailbox.word[STEP] = 3;
	wait_step(4); /* unmapped by now */
	own_mailbox.word[RESULT] = grant_revoke(REF_RW) << 1 | grant_revoke(REF_RO);
	own_mailbox.word[STEP] = 5;
	wait_step(6);
	grant_offer(REF_RW, 0, shared_pages[0], 0);
	own_mailbox.word[STEP] = 7;
	for (;;)
		sched_op(SCHEDOP_yield, NULL);
}

static bool step(struct domu *u, uint64_t to, uint64_t then)
{
	u->box->word[STEP] = to;
	return CHECK(domu_wait_word(u, STEP, then, NSEC_PER_SEC));
}

/* Several mappings of one reference count; each comes off only by its own handle and address. */
static void check_pins(struct domu *u, grant_handle_t first, void *first_at)
{
	grant_handle_t h;

	CHECK_EQ(grant_map(u->id, REF_RW, scratch(0, 3), GNTMAP_host_map | GNTMAP_readonly, &h),
		 GNTST_okay);
	CHECK(h != first);
	CHECK_EQ(*(uint32_t *)scratch(0, 3), PATTERN);
	if (is_helium()) /* not where it was mapped; Xen's HVM code believes the caller */
		CHECK_EQ(grant_unmap(h, first_at), GNTST_general_error);
	CHECK_EQ(grant_unmap(h, scratch(0, 3)), GNTST_okay);
	CHECK_EQ(grant_unmap(h, scratch(0, 3)), GNTST_bad_handle);
}

static void check_maps(struct domu *u)
{
	static const grant_ref_t not_writable[] = { REF_RO, REF_FOR_OTHER, REF_REVOKED };
	uint32_t *rw = (uint32_t *)scratch(0, 0), *ro = (uint32_t *)scratch(0, 1);
	grant_handle_t h, h_ro, other;

	REQUIRE_EQ(grant_map(u->id, REF_RW, rw, GNTMAP_host_map, &h), GNTST_okay);
	REQUIRE_EQ(grant_map(u->id, REF_RO, ro, GNTMAP_host_map | GNTMAP_readonly, &h_ro),
		   GNTST_okay);
	CHECK_EQ(rw[0], PATTERN);
	CHECK_EQ(ro[0], PATTERN + 1);
	rw[1] = 99;
	CHECK_EQ(rw[2], 0xc3);
	if (is_helium()) /* Xen crashes us for it */
		CHECK_EQ(guard(call, rw + 2), X86_GP);
	check_pins(u, h, rw);
	for (unsigned int i = 0; i < ARRAY_SIZE(not_writable); i++)
		CHECK_EQ(grant_map(u->id, not_writable[i], scratch(0, 2), GNTMAP_host_map, &other),
			 GNTST_general_error);
	if (!step(u, 2, 3))
		return;
	CHECK_EQ(u->box->word[RESULT], 1); /* cannot revoke; our write was seen */
	CHECK_EQ(grant_unmap(h, rw), GNTST_okay);
	CHECK_EQ(grant_unmap(h_ro, ro), GNTST_okay);
	if (step(u, 4, 5))
		CHECK_EQ(u->box->word[RESULT], 3); /* both can be revoked */
	CHECK_EQ(grant_map(u->id, REF_RW, rw, GNTMAP_host_map, &h), GNTST_general_error);
}

static void check_copies(struct domu *u)
{
	uint32_t *page = page_alloc();

	if (!step(u, 6, 7))
		return;
	CHECK_EQ(grant_copy(u->id, REF_RW, 0, page, 4096, false), GNTST_okay);
	CHECK_EQ(page[0], PATTERN);
	page[5] = 1234;
	CHECK_EQ(grant_copy(u->id, REF_RW, 20, page + 5, 4, true), GNTST_okay);
	page[5] = 0;
	CHECK_EQ(grant_copy(u->id, REF_RW, 0, page, 64, false), GNTST_okay);
	CHECK_EQ(page[5], 1234);
	CHECK_EQ(grant_copy(u->id, REF_FOR_OTHER, 0, page, 64, false), GNTST_general_error);
}

/* The page outlives its domain as long as it is mapped here. */
static void check_death(struct domu *u)
{
	uint32_t *rw = (uint32_t *)scratch(0, 0);
	struct xen_domctl_getdomaininfo info;
	domid_t id = u->id;
	grant_handle_t h, other;
	int second;
	long rc = 0;

	REQUIRE_EQ(grant_map(id, REF_RW, rw, GNTMAP_host_map, &h), GNTST_okay);
	domu_destroy(u);
	CHECK_EQ(domain_info(id, &info), 0);
	CHECK(info.flags & XEN_DOMINF_dying);
	CHECK_EQ(rw[0], PATTERN);
	rw[2] = 5;
	/* Xen still maps what a dying domain has granted; then it must come off like the first. */
	second = grant_map(id, REF_RW, scratch(0, 1), GNTMAP_host_map, &other);
	if (is_helium())
		CHECK_EQ(second, GNTST_bad_domain);
	else if (second == GNTST_okay)
		CHECK_EQ(grant_unmap(other, scratch(0, 1)), GNTST_okay);
	CHECK_EQ(grant_unmap(h, rw), GNTST_okay);
	for (unsigned int i = 0; i < 200 && !rc; i++) {
		sleep_until(now_ns() + NSEC_PER_MSEC);
		rc = domain_info(id, &info);
	}
	CHECK_EQ(rc, -XEN_ESRCH);
}

TEST(gnttab_domains, IN_DOM0, 1)
{
	struct domu u;

	if (domu_create(&u, 1, "granter", 1))
		return;
	CHECK_EQ(domu_unpause(&u), 0);
	if (CHECK(domu_wait_word(&u, STEP, 1, 2 * NSEC_PER_SEC))) {
		check_maps(&u);
		check_copies(&u);
		check_death(&u);
	} else {
		domu_destroy(&u);
	}
}

/* Maps a page granted by domain word[SELF] read-only and tries to write all the same. */
TEST(grant_thief, ROLE, 1)
{
	uint32_t *at = (uint32_t *)scratch(0, 0);
	domid_t granter = own_mailbox.word[SELF];
	grant_handle_t h;

	own_mailbox.word[RESULT] = -grant_map(granter, own_mailbox.word[FRAME], at,
					      GNTMAP_host_map | GNTMAP_readonly, &h);
	if (own_mailbox.word[RESULT])
		return;
	own_mailbox.word[RESULT] = at[0];
	own_mailbox.word[STEP] = 1;
	guard(store_to, at);
	own_mailbox.word[STEP] = 2;
}

static void run_thief(grant_ref_t ref, domid_t granter, struct domu *thief)
{
	thief->box->word[SELF] = granter;
	thief->box->word[FRAME] = ref;
	CHECK_EQ(domu_unpause(thief), 0);
	domu_wait(thief, 2 * NSEC_PER_SEC);
}

/*
 * A read-only mapping is not writable, whatever the one who mapped it tries; nor can third
 * parties.
 */
TEST(gnttab_thief, IN_DOM0, 1)
{
	uint32_t *page = page_alloc();
	struct domu u;

	REQUIRE_EQ(grants_init(), 0);
	page[0] = PATTERN;
	for (unsigned int i = 0; i < 2; i++) {
		if (domu_create(&u, 1, "grant_thief", 1))
			return;
		grant_offer(REF_RO, i == 0 ? u.id : u.id + 1, page, 0);
		run_thief(REF_RO, 0, &u);
		CHECK_EQ(u.box->word[RESULT], i == 0 ? PATTERN : -GNTST_general_error);
		CHECK_EQ(page[0], PATTERN);
		domu_destroy(&u);
		CHECK(grant_revoke(REF_RO)); /* a dead domain's mappings are gone */
	}
}

/* The same between two unprivileged domains: word 0.. of the granter say for whom. */
TEST(granter_to_peer, ROLE, 1)
{
	REQUIRE_EQ(grants_init(), 0);
	shared_pages[0][0] = PATTERN;
	grant_offer(REF_RO, own_mailbox.word[SELF], shared_pages[0], 0);
	own_mailbox.word[STEP] = 1;
	wait_step(2);
	own_mailbox.word[RESULT] = shared_pages[0][0];
	own_mailbox.word[STEP] = 3;
}

TEST(gnttab_peers, IN_DOM0, 1)
{
	struct domu granter, thief;

	if (domu_create(&granter, 1, "granter_to_peer", 1))
		return;
	if (!domu_create(&thief, 2, "grant_thief", 1)) {
		granter.box->word[SELF] = thief.id;
		CHECK_EQ(domu_unpause(&granter), 0);
		CHECK(domu_wait_word(&granter, STEP, 1, NSEC_PER_SEC));
		run_thief(REF_RO, granter.id, &thief);
		CHECK_EQ(thief.box->word[RESULT], PATTERN);
		if (step(&granter, 2, 3))
			CHECK_EQ(granter.box->word[RESULT], PATTERN);
		domu_destroy(&thief);
	}
	domu_destroy(&granter);
}
