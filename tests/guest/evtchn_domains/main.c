/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evtchn_domains: channels between two domains. Who may bind what is for whom; many rounds in
 * both directions without a lost event; a close or a death leaves the peer unbound; sending to a
 * dead peer is harmless. Mailbox words: step, the peer's id, its port, ours.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/test.h"

#define ROUNDS 100

enum { STEP, PEER, PEER_PORT, PORT, RESULT };

/* Offer a port to domain word[PEER], then answer each event with one. */
TEST(echo, ROLE, 1)
{
	long port = evtchn_alloc_unbound(DOMID_SELF, own_mailbox.word[PEER]);

	REQUIRE(port > 0);
	event_unmask(port);
	own_mailbox.word[PORT] = port;
	own_mailbox.word[STEP] = 1;
	for (unsigned int n = 1; event_wait(port, n, 10 * NSEC_PER_SEC); n++)
		evtchn_send(port);
}

/* Try to bind somebody's port that is not for us, and ports that are not there. */
TEST(intruder, ROLE, 1)
{
	domid_t peer = own_mailbox.word[PEER];
	evtchn_port_t theirs = own_mailbox.word[PEER_PORT];

	CHECK_EQ(evtchn_bind_interdomain(peer, theirs), -XEN_EINVAL);
	CHECK_EQ(evtchn_bind_interdomain(peer, theirs + 1), -XEN_EINVAL);
	CHECK_EQ(evtchn_bind_interdomain(peer, 1022), -XEN_EINVAL);
	CHECK_EQ(evtchn_bind_interdomain(0, 1), -XEN_EINVAL);
	own_mailbox.word[RESULT] = !test_has_failed();
	own_mailbox.word[STEP] = 1;
}

static bool wait_event(long port)
{
	evtchn_port_t p = port;
	struct sched_poll poll = { .nr_ports = 1, .timeout = now_ns() + NSEC_PER_SEC };

	set_xen_guest_handle(poll.ports, &p);
	if (!event_is_pending(port))
		sched_op(SCHEDOP_poll, &poll);
	return event_take(port);
}

static void check_rounds(long port)
{
	event_take(port); /* pending from birth */
	for (unsigned int i = 0; i < ROUNDS; i++) {
		REQUIRE_EQ(evtchn_send(port), 0);
		if (!wait_event(port)) {
			test_failure("no answer in round %u", i);
			return;
		}
	}
}

static void check_intruder(domid_t id, evtchn_port_t port)
{
	struct domu u;

	if (domu_create(&u, 2, "intruder", 1))
		return;
	u.box->word[PEER] = id;
	u.box->word[PEER_PORT] = port;
	CHECK_EQ(domu_unpause(&u), 0);
	CHECK(domu_wait_word(&u, STEP, 1, 2 * NSEC_PER_SEC));
	CHECK_EQ(u.box->word[RESULT], 1);
	domu_destroy(&u);
}

TEST(evtchn_domains, IN_DOM0, 1)
{
	struct evtchn_status st;
	struct domu u;
	long port;

	if (domu_create(&u, 1, "echo", 1))
		return;
	CHECK_EQ(domu_unpause(&u), 0); /* word[PEER] = 0: for Dom0 */
	if (CHECK(domu_wait_word(&u, STEP, 1, 2 * NSEC_PER_SEC))) {
		evtchn_port_t theirs = u.box->word[PORT];

		check_intruder(u.id, theirs);
		CHECK_EQ(evtchn_status(u.id, theirs, &st), 0);
		CHECK_EQ(st.status, EVTCHNSTAT_unbound);
		port = evtchn_bind_interdomain(u.id, theirs);
		REQUIRE(port > 0);
		CHECK(event_is_pending(port));
		check_rounds(port);
		CHECK_EQ(evtchn_status(u.id, theirs, &st), 0);
		CHECK_EQ(st.status, EVTCHNSTAT_interdomain);
		CHECK_EQ(st.u.interdomain.dom, 0);
		CHECK_EQ(evtchn_close(port), 0);
		CHECK_EQ(evtchn_status(u.id, theirs, &st), 0);
		CHECK_EQ(st.status, EVTCHNSTAT_unbound);
		port = evtchn_bind_interdomain(u.id, theirs);
		REQUIRE(port > 0);
		check_rounds(port);
		domu_destroy(&u);
		CHECK_EQ(evtchn_status(DOMID_SELF, port, &st), 0);
		CHECK_EQ(st.status, EVTCHNSTAT_unbound);
		CHECK_EQ(evtchn_send(port), 0); /* to nobody */
		CHECK_EQ(evtchn_close(port), 0);
	} else {
		domu_destroy(&u);
	}
}

/* A builder makes a port in its new domain for itself, before that domain has ever run. */
TEST(evtchn_foreign, IN_DOM0, 1)
{
	struct domu u;
	long theirs, port;

	if (domu_create(&u, 1, "counter", 1))
		return;
	theirs = evtchn_alloc_unbound(u.id, 0);
	REQUIRE(theirs > 0);
	port = evtchn_bind_interdomain(u.id, theirs);
	CHECK(port > 0);
	CHECK_EQ(evtchn_send(port), 0); /* to a vCPU that has not run */
	CHECK_EQ(domu_unpause(&u), 0);
	domu_destroy(&u);
	CHECK_EQ(evtchn_close(port), 0);
}
