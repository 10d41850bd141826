/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu_op: register_vcpu_info moves the area with its contents, once, and only to a place inside
 * a page of RAM; the runstate area follows what the vCPU does and its times add up; the time area
 * shows the same clock; bad vCPU numbers are -ENOENT.
 */
#include "lib/events.h"
#include "lib/smp.h"
#include "lib/test.h"

static struct vcpu_runstate_info state[2];

static long register_runstate(unsigned int vcpu, void *p)
{
	struct vcpu_register_runstate_memory_area op = { 0 };

	op.addr.v = p;
	return vcpu_op(VCPUOP_register_runstate_memory_area, vcpu, &op);
}

static void check_runstate(void)
{
	uint64_t before = now_ns(), blocked, sum;

	REQUIRE_EQ(register_runstate(0, &state[0]), 0);
	CHECK_EQ(state[0].state, RUNSTATE_running);
	blocked = state[0].time[RUNSTATE_blocked];
	CHECK(state[0].state_entry_time <= now_ns() + clock_skew_ns());
	while (state[0].time[RUNSTATE_blocked] - blocked <= NSEC_PER_MSEC &&
	       now_ns() < before + 2 * NSEC_PER_SEC)
		sleep_until(now_ns() + 5 * NSEC_PER_MSEC);
	CHECK_EQ(state[0].state, RUNSTATE_running);
	CHECK(state[0].time[RUNSTATE_blocked] - blocked > NSEC_PER_MSEC);
	sum = state[0].time[0] + state[0].time[1] + state[0].time[2] + state[0].time[3];
	CHECK(sum > 0 && sum <= now_ns() + NSEC_PER_SEC);
	REQUIRE_EQ(register_runstate(1, &state[1]), 0); /* for a vCPU that is down */
	CHECK_EQ(state[1].state, RUNSTATE_offline);
	/* Neither way shows what was in the hypervisor's memory where the struct has a gap. */
	CHECK(mem_is((uint8_t *)&state[1] + sizeof(int), 0, sizeof(int)));
	memset(&state[1], 0xa5, sizeof(state[1]));
	CHECK(vcpu_op(VCPUOP_get_runstate_info, 0, &state[1]) == 0);
	CHECK(mem_is((uint8_t *)&state[1] + sizeof(int), 0, sizeof(int)));
	CHECK_EQ(state[1].state, RUNSTATE_running);
	CHECK_EQ(register_runstate(77, &state[0]), -XEN_ENOENT);
	CHECK_EQ(register_runstate(~0u, &state[0]), -XEN_ENOENT);
}

static long register_info(unsigned int vcpu, const void *p, uint32_t offset)
{
	struct vcpu_register_vcpu_info op = { .mfn = gfn_of(p), .offset = offset };

	return vcpu_op(VCPUOP_register_vcpu_info, vcpu, &op);
}

static void check_vcpu_info(void)
{
	uint8_t *page = page_alloc();
	struct vcpu_info *info = (void *)(page + 0x340);

	CHECK_EQ(register_info(77, page, 0), -XEN_ENOENT);
	CHECK_EQ(register_info(1, page, PAGE_SIZE - 32), -XEN_ENXIO);
	CHECK_EQ(register_info(1, page, 4), -XEN_ENXIO); /* not aligned */
	CHECK_EQ(register_info(1, (void *)HOLE_GPA, 0), -XEN_EINVAL);
	CHECK_EQ(register_info(1, (void *)(1UL << 62), 0), -XEN_EINVAL);
	REQUIRE_EQ(register_info(1, page, 0x340), 0);
	CHECK(mem_is(page, 0, 0x340));
	CHECK_EQ(info->evtchn_upcall_pending, 1); /* whatever was missed meanwhile is looked for */
	CHECK_EQ(register_info(1, page, 0), -XEN_EINVAL);	  /* once only */
}

static void check_time_area(void)
{
	struct vcpu_register_time_memory_area op = { 0 };
	struct vcpu_time_info *t = page_alloc();
	long rc;

	op.addr.v = t;
	rc = vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &op);
	if (rc == -XEN_ENOSYS)
		return; /* optional */
	CHECK_EQ(rc, 0);
	CHECK(t->tsc_to_system_mul == shared.vcpu_info[0].time.tsc_to_system_mul);
}

TEST(vcpu_op, IN_DOMU, 2)
{
	CHECK_EQ(vcpu_op(VCPUOP_is_up, 77, NULL), -XEN_ENOENT);
	CHECK_EQ(vcpu_op(VCPUOP_up, 1, NULL), -XEN_EINVAL); /* nobody has given it registers */
	CHECK_EQ(vcpu_op(VCPUOP_is_up, 1, NULL), 0);
	check_runstate();
	check_vcpu_info();
	check_time_area();
}
