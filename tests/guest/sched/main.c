/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched: yield lets others run and returns; block sleeps until an event; domains that only
 * compute share the CPUs, none starves, and Dom0's timer is still served meanwhile. Unknown
 * operations are -ENOSYS.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/test.h"

static void check_calls(void)
{
	struct vcpu_set_singleshot_timer timer = { 0 };
	long port = evtchn_bind_virq(VIRQ_TIMER, 0);
	unsigned int before = event_count(port);
	uint8_t *page = page_alloc();

	for (unsigned int i = 0; i < 100; i++)
		CHECK_EQ(sched_op(SCHEDOP_yield, NULL), 0);
	CHECK_EQ(sched_op(99, page), -XEN_ENOSYS);
	CHECK_EQ(sched_op(~0u, page), -XEN_ENOSYS);
	REQUIRE(port > 0);
	event_unmask(port);
	timer.timeout_abs_ns = now_ns() + 2 * NSEC_PER_MSEC;
	CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer), 0);
	irq_enable();
	while (event_count(port) == before)
		CHECK_EQ(sched_op(SCHEDOP_block, NULL), 0);
	irq_disable();
	CHECK(now_ns() + clock_skew_ns() >= timer.timeout_abs_ns);
	evtchn_close(port);
	if (!is_dom0()) {
		struct sched_remote_shutdown remote = { .domain_id = 0, .reason = SHUTDOWN_crash };

		CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &remote), -XEN_EPERM);
	}
}

TEST(sched, IN_DOM0 | IN_DOMU, 1)
{
	check_calls();
}

#define NR_DOMAINS 3

TEST(sharing, IN_DOM0, 1)
{
	struct domu u[NR_DOMAINS];
	uint64_t lowest = ~0UL, highest = 0, start, late;
	unsigned int nr = 0;

	while (nr < NR_DOMAINS && !domu_create(&u[nr], 1 + nr, "counter", 1))
		nr++;
	for (unsigned int i = 0; i < nr; i++)
		CHECK_EQ(domu_unpause(&u[i]), 0);
	start = now_ns();
	sleep_until(start + 400 * NSEC_PER_MSEC);
	late = now_ns() - start - 400 * NSEC_PER_MSEC;
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t count = u[i].box->word[0];

		lowest = count < lowest ? count : lowest;
		highest = count > highest ? count : highest;
	}
	test_printf("sharing: counts %lu..%lu, timer late by %lu us\n", lowest, highest,
		    late / 1000);
	CHECK(lowest > 0);
	CHECK(lowest > highest / 8); /* fair, as far as a busy emulator can tell */
	CHECK((int64_t)late < (int64_t)(200 * NSEC_PER_MSEC));
	for (unsigned int i = 0; i < nr; i++)
		domu_destroy(&u[i]);
}
