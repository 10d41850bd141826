/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ends: how a domain ends and what its creator sees: SCHEDOP_shutdown with each reason, the last
 * vCPU in HLT with interrupts off = poweroff, a triple fault = reboot, a wild jump, a foreign
 * remote_shutdown, destroy while running. Each only ends that domain, and VIRQ_DOM_EXC tells
 * Dom0.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/test.h"

static void shut_down(unsigned int reason)
{
	struct sched_shutdown op = { .reason = reason };

	test_failure("shutdown returned %ld", sched_op(SCHEDOP_shutdown, &op));
}

TEST(end_poweroff, ROLE, 1)
{
	shut_down(SHUTDOWN_poweroff);
}

TEST(end_reboot, ROLE, 1)
{
	shut_down(SHUTDOWN_reboot);
}

TEST(end_crash, ROLE, 1)
{
	shut_down(SHUTDOWN_crash);
}

TEST(end_halt, ROLE, 2)
{
	__asm__ volatile("cli; hlt");
	test_failure("came back from the last HLT");
}

TEST(end_triple_fault, ROLE, 1)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = { 0, 0 };

	__asm__ volatile("lidt %0; ud2" ::"m"(none));
}

TEST(end_wild_stack, ROLE, 1)
{
	__asm__ volatile("xorl %%eax, %%eax; mov %%rax, %%cr3; pushq $1" ::: "memory", "rax");
}

TEST(end_never, ROLE, 1)
{
	own_mailbox.word[0] = 1;
	for (;;)
		pause();
}

static const struct {
	const char *role;
	long reason;
	unsigned int vcpus;
} ends[] = {
	{ "end_poweroff", SHUTDOWN_poweroff, 1 },
	{ "end_reboot", SHUTDOWN_reboot, 1 },
	{ "end_crash", SHUTDOWN_crash, 1 },
	{ "end_halt", SHUTDOWN_poweroff, 2 },
	{ "end_triple_fault", SHUTDOWN_reboot, 1 },
	{ "end_wild_stack", SHUTDOWN_reboot, 1 },
};

/* The domain's state shows its end a moment before the event is raised. */
static bool event_comes(long port)
{
	uint64_t end = now_ns() + 100 * NSEC_PER_MSEC;

	while (!event_is_pending(port) && now_ns() < end)
		sched_op(SCHEDOP_yield, NULL);
	return event_is_pending(port);
}

static void check_running_domain(long exc)
{
	struct sched_remote_shutdown remote = { .reason = SHUTDOWN_suspend };
	struct xen_domctl_getdomaininfo info;
	struct domu u;
	domid_t id;

	if (domu_create(&u, 1, "end_never", 1))
		return;
	remote.domain_id = id = u.id;
	CHECK_EQ(domain_info(id, &info), 0);
	CHECK(info.flags & XEN_DOMINF_paused);
	CHECK(info.flags & XEN_DOMINF_hvm_guest);
	CHECK_EQ(domu_unpause(&u), 0);
	CHECK(domu_wait_word(&u, 0, 1, NSEC_PER_SEC));
	CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &remote), 0);
	CHECK_EQ(domu_wait(&u, NSEC_PER_SEC), SHUTDOWN_suspend);
	event_take(exc);
	domu_destroy(&u);
	/* Nothing holds it here; Xen takes its memory down in its own time. */
	CHECK(domain_info(id, &info) == -XEN_ESRCH ||
	      (!is_helium() && info.flags & XEN_DOMINF_dying));
	CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &remote), -XEN_ESRCH);

	if (domu_create(&u, 1, "end_never", 1))
		return;
	CHECK_EQ(domu_unpause(&u), 0);
	CHECK(domu_wait_word(&u, 0, 1, NSEC_PER_SEC));
	domu_destroy(&u); /* while it runs */
}

TEST(ends, IN_DOM0, 1)
{
	long exc = evtchn_bind_virq(VIRQ_DOM_EXC, 0);
	struct domu u;

	REQUIRE(exc > 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++) {
		long reason;

		if (domu_create(&u, 1, ends[i].role, ends[i].vcpus))
			return;
		event_take(exc);
		CHECK_EQ(domu_unpause(&u), 0);
		reason = domu_wait(&u, 5 * NSEC_PER_SEC);
		if (reason != ends[i].reason)
			test_failure("%s: %ld, want %ld", ends[i].role, reason, ends[i].reason);
		CHECK_EQ(u.box->outcome, 0);
		CHECK(event_comes(exc));
		domu_destroy(&u);
	}
	check_running_domain(exc);
	CHECK_EQ(evtchn_close(exc), 0);
}
