/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * isolation: domains come and go, by themselves, crashed or destroyed, and the host has every
 * page back; a new domain's memory does not show a dead one's; Dom0's mapping of a domain's page
 * does not outlive it unnoticed; crashing again and again disturbs nobody.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/test.h"

#define SECRET 0x5ec5e75ec5e7
#define NR_SECRETS 200

static uint64_t secrets[NR_SECRETS][512] page_aligned;

TEST(secret_writer, ROLE, 1)
{
	for (unsigned int i = 0; i < NR_SECRETS; i++)
		for (unsigned int j = 0; j < 512; j++)
			secrets[i][j] = SECRET;
	own_mailbox.word[0] = 1;
}

/* Our bss is nothing but freshly populated frames. */
TEST(secret_reader, ROLE, 1)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < NR_SECRETS; i++)
		for (unsigned int j = 0; j < 512; j++)
			found += secrets[i][j] != 0;
	own_mailbox.word[0] = 1;
	own_mailbox.word[1] = found;
}

TEST(secrets, IN_DOM0, 1)
{
	for (unsigned int i = 0; i < 3; i++) {
		struct domu u;

		if (domu_create(&u, 1, i ? "secret_reader" : "secret_writer", 1))
			return;
		CHECK_EQ(domu_unpause(&u), 0);
		domu_wait(&u, 2 * NSEC_PER_SEC);
		CHECK_EQ(u.box->word[0], 1);
		CHECK_EQ(u.box->word[1], 0);
		domu_destroy(&u);
	}
}

static void live_and_die(unsigned int how)
{
	static const char *const roles[] = { "end_crash", "end_triple_fault", "end_never" };
	struct domu u;

	if (domu_create(&u, 1, roles[how % 3], 1 + how % 2))
		return;
	if (how % 4) { /* else it is destroyed before it ever ran */
		CHECK_EQ(domu_unpause(&u), 0);
		if (how % 3 != 2)
			CHECK(domu_wait(&u, 2 * NSEC_PER_SEC) >= 0);
	}
	domu_destroy(&u);
}

TEST(leaks, IN_DOM0, 1)
{
	uint64_t before, after;

	for (unsigned int i = 0; i < 4; i++)
		live_and_die(i); /* whatever is allocated once and kept */
	before = host_free_pages_settled();
	for (unsigned int i = 0; i < 24; i++)
		live_and_die(i);
	after = host_free_pages_settled();
	if (is_helium())
		CHECK_EQ(after, before);
	else
		CHECK(after + 256 >= before); /* Xen's heaps settle late */
}
