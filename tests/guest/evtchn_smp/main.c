/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evtchn_smp: events between two vCPUs: IPIs in both directions, moving a port with bind_vcpu, an
 * event bound to a vCPU that has never run (held, and does not start it), and a ping-pong of many
 * rounds in which a lost event is a hang.
 */
#include "lib/events.h"
#include "lib/pingpong.h"
#include "lib/smp.h"
#include "lib/test.h"

static long to_0, to_1;

static void check_move(void)
{
	long a = evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF);
	long b = evtchn_bind_interdomain(DOMID_SELF, a);
	unsigned int first;

	REQUIRE(a > 0 && b > 0);
	event_take(b);
	event_unmask(b);
	for (unsigned int cpu = 2; cpu-- > 0;) {
		CHECK_EQ(evtchn_bind_vcpu(b, cpu), 0);
		first = event_count(b);
		CHECK_EQ(evtchn_send(a), 0);
		CHECK(event_wait(b, first + 1, NSEC_PER_SEC));
		CHECK_EQ(event_last_cpu(b), cpu);
	}
	CHECK_EQ(evtchn_bind_vcpu(b, 2), -XEN_ENOENT);
	CHECK_EQ(evtchn_bind_vcpu(b, ~0u), -XEN_ENOENT);
	CHECK_EQ(evtchn_bind_vcpu(to_1, 0), -XEN_EINVAL); /* IPIs stay */
	evtchn_close(b);
	evtchn_close(a);
}

TEST(evtchn_smp, IN_DOM0 | IN_DOMU, 2)
{
	to_0 = evtchn_bind_ipi(0);
	to_1 = evtchn_bind_ipi(1);
	REQUIRE(to_0 > 0 && to_1 > 0);
	event_unmask(to_0);
	event_unmask(to_1);
	CHECK_EQ(evtchn_send(to_1), 0); /* vCPU 1 is down: held for it */
	spin_ns(2 * NSEC_PER_MSEC);
	CHECK_EQ(event_count(to_1), 0);
	CHECK(event_is_pending(to_1));
	REQUIRE(smp_start(1));
	CHECK(event_wait(to_1, 1, NSEC_PER_SEC));
	check_ping_pong(to_0, to_1);
	check_move();
	smp_stop(1);
	CHECK_EQ(evtchn_close(to_1), 0);
	CHECK_EQ(evtchn_close(to_0), 0);
}
