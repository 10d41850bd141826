/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * runstate: what one vCPU sees of another. Its runstate area says "blocked" while it sleeps and
 * "running" or "runnable" while it works, and its times add up, although it is not there itself to
 * have its area written; with the update flag switched on, no half-written state is left behind.
 */
#include "lib/events.h"
#include "lib/smp.h"
#include "lib/test.h"

static volatile struct vcpu_runstate_info area;
static volatile bool stop;

static void sleeper(void *arg)
{
	sleep_until(now_ns() + 300 * NSEC_PER_MSEC);
}

static void spinner(void *arg)
{
	while (!stop)
		sched_op(SCHEDOP_yield, NULL);
}

/* Where the update flag is on, bit 63 says that the area is being written. */
static uint64_t entry_time(void)
{
	uint64_t t, end = now_ns() + NSEC_PER_SEC;

	do
		t = area.state_entry_time;
	while (t >> 63 && now_ns() < end);
	return t;
}

static bool is_blocked(void)
{
	return area.state == RUNSTATE_blocked;
}

static bool is_busy(void)
{
	return area.state == RUNSTATE_running || area.state == RUNSTATE_runnable;
}

static bool wait_for(bool (*fn)(void))
{
	uint64_t end = now_ns() + NSEC_PER_SEC;

	while (!fn() && now_ns() < end)
		sched_op(SCHEDOP_yield, NULL);
	return fn();
}

static void look(void)
{
	uint64_t blocked_ns;

	blocked_ns = area.time[RUNSTATE_blocked];
	stop = false;
	smp_call(1, spinner, NULL);
	CHECK(wait_for(is_busy));
	stop = true;
	REQUIRE(smp_wait(1, NSEC_PER_SEC));
	CHECK(area.time[RUNSTATE_blocked] >= blocked_ns);
	smp_call(1, sleeper, NULL);
	CHECK(wait_for(is_blocked));
	CHECK(entry_time() <= now_ns() + clock_skew_ns());
	REQUIRE(smp_wait(1, NSEC_PER_SEC));
}

TEST(runstate, IN_DOM0 | IN_DOMU, 2)
{
	struct vcpu_register_runstate_memory_area op = { 0 };

	op.addr.v = (struct vcpu_runstate_info *)&area;
	REQUIRE(smp_start(1));
	REQUIRE_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 1, &op), 0);
	look();
	REQUIRE_EQ(HC(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0);
	look();
	smp_stop(1);
}
