/* SPDX-License-Identifier: GPL-2.0-only */
/* Two vCPUs that wake each other; see pingpong.h. */
#include "lib/pingpong.h"
#include "lib/events.h"
#include "lib/smp.h"
#include "lib/test.h"

struct game {
	long to_0, to_1;
	unsigned int first_at_1;
};

/* On vCPU 1: answer each IPI with one. */
static void answer(void *arg)
{
	const struct game *g = arg;

	for (unsigned int i = 1; i <= PING_PONG_ROUNDS; i++) {
		if (!event_wait(g->to_1, g->first_at_1 + i, 2 * NSEC_PER_SEC)) {
			test_failure("vCPU 1 waits for event %u", i);
			return;
		}
		evtchn_send(g->to_0);
	}
}

void check_ping_pong(long to_0, long to_1)
{
	struct game g = { to_0, to_1, event_count(to_1) };
	unsigned int first = event_count(to_0);

	smp_call(1, answer, &g);
	for (unsigned int i = 1; i <= PING_PONG_ROUNDS; i++) {
		CHECK_EQ(evtchn_send(to_1), 0);
		if (!event_wait(to_0, first + i, 2 * NSEC_PER_SEC)) {
			test_failure("vCPU 0 waits for answer %u", i);
			break;
		}
	}
	CHECK(smp_wait(1, 3 * NSEC_PER_SEC)); /* g is ours: longer than it waits for an event */
	CHECK_EQ(event_last_cpu(to_0), 0);
	CHECK_EQ(event_last_cpu(to_1), 1);
}
