/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz: a domain issues random hypercalls with random arguments, from a printed seed (seed=N replays
 * it). It may well end itself; the hypervisor, Dom0 and a bystander domain must not notice: the
 * bystander keeps counting, a new domain starts and works, and the host's pages come back.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/test.h"
#include "lib/traps.h"

#define CALLS	   20000
#define NR_SEEDS   4
#define ARG_PAGES  4

static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static unsigned int below(unsigned int n)
{
	return next() % n;
}

static const uint8_t numbers[] = {
	__HYPERVISOR_memory_op, __HYPERVISOR_event_channel_op, __HYPERVISOR_grant_table_op,
	__HYPERVISOR_sched_op, __HYPERVISOR_vcpu_op, __HYPERVISOR_hvm_op, __HYPERVISOR_xen_version,
	__HYPERVISOR_multicall, __HYPERVISOR_domctl, __HYPERVISOR_sysctl, __HYPERVISOR_platform_op,
	__HYPERVISOR_physdev_op, __HYPERVISOR_console_io, __HYPERVISOR_set_timer_op,
	__HYPERVISOR_vm_assist, __HYPERVISOR_dm_op,
};

/* A number that is likely to get somewhere: small, a frame, an address, all ones, or anything. */
static uint64_t interesting(uint8_t *args)
{
	switch (below(10)) {
	case 0:
		return below(4);
	case 1:
		return below(64);
	case 2:
		return DOMID_SELF;
	case 3:
		return gfn_of(args) + below(ARG_PAGES);
	case 4:
		return (uintptr_t)args + below(ARG_PAGES * PAGE_SIZE);
	case 5:
		return (uintptr_t)scratch(0, below(16));
	case 6:
		return ~0UL >> below(64);
	case 7:
		return 1UL << below(64);
	case 8:
		return 0;
	default:
		return next();
	}
}

static void fill(uint8_t *args)
{
	uint32_t *p = (uint32_t *)args;

	for (unsigned int i = 0; i < 64; i++) {
		p[i] = interesting(args);
		if (below(3) == 0 && i < 63) {
			*(uint64_t *)(p + (i & ~1u)) = interesting(args);
			i |= 1;
		}
	}
}

/* Calls that would end or freeze the fuzzer early are not worth their turn. */
static bool is_suicide(unsigned int nr, uint64_t cmd)
{
	if (nr != __HYPERVISOR_sched_op)
		return false;
	return cmd == SCHEDOP_block || cmd == SCHEDOP_poll || cmd == SCHEDOP_shutdown ||
	       cmd == SCHEDOP_watchdog;
}

static void one_call(void *arg)
{
	uint8_t *args = arg;
	unsigned int nr = numbers[below(ARRAY_SIZE(numbers))];
	uint64_t cmd = below(8) ? below(40) : interesting(args);
	uint64_t a2 = below(4) ? (uintptr_t)args : interesting(args);
	uint64_t a3 = below(4) ? below(4) : interesting(args);

	fill(args);
	if (is_suicide(nr, cmd))
		return;
	if (nr == __HYPERVISOR_vcpu_op)
		HC(nr, cmd, below(2), a2);
	else if (nr == __HYPERVISOR_multicall)
		HC(nr, a2, below(8));
	else
		HC(nr, cmd, a2, a3, interesting(args), interesting(args));
}

TEST(fuzzer, ROLE, 1)
{
	uint8_t *args = pages_alloc(ARG_PAGES);

	state = own_mailbox.word[1] * 0x9e3779b97f4a7c15 + 1;
	for (unsigned int i = 0; i < CALLS; i++) {
		own_mailbox.word[0] = i;
		guard(one_call, args);
	}
	own_mailbox.word[0] = CALLS;
}

static void fuzz_once(uint64_t seed, struct domu *bystander)
{
	uint64_t counted = bystander->box->word[0];
	struct domu u;
	long rc;

	if (domu_create(&u, 2, "fuzzer", 1))
		return;
	u.box->word[1] = seed;
	CHECK_EQ(domu_unpause(&u), 0);
	rc = domu_wait(&u, 20 * NSEC_PER_SEC);
	test_printf("fuzz: seed %lu: %lu calls, ended with %ld\n", seed, u.box->word[0], rc);
	domu_destroy(&u);
	CHECK(bystander->box->word[0] != counted);
}

TEST(fuzz, IN_DOM0, 1)
{
	uint64_t seed = option_number("seed", 1), before;
	struct domu bystander;

	domu_run("selftest", 1);
	before = host_free_pages();
	if (domu_create(&bystander, 1, "counter", 1))
		return;
	CHECK_EQ(domu_unpause(&bystander), 0);
	for (unsigned int i = 0; i < NR_SEEDS; i++)
		fuzz_once(seed + i, &bystander);
	domu_destroy(&bystander);
	domu_run("selftest", 1);
	sleep_until(now_ns() + 50 * NSEC_PER_MSEC);
	CHECK(host_free_pages() + (is_helium() ? 0 : 256) >= before);
}
