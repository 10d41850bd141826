/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * crowd: two domains of the fuzz test at once, of two vCPUs each, while Dom0 moves their vCPUs from
 * CPU to CPU, pauses and unpauses them, and destroys them in the middle of what they do. Each may
 * map and copy pages of Dom0's, but not the same. Nothing of Dom0's but those pages may change:
 * its stack, which lies at the address of theirs, is full of known words, and pages stand guard.
 * The host's pages come back. seed=N, rounds=N.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/grants.h"
#include "lib/test.h"

#define NR_FUZZERS  2
#define FIRST_REF   16 /* where the fuzz test's domains look for grants */
#define NR_GUARDS   16
#define NR_WORDS    192
#define LIFE_NS	    (30 * NSEC_PER_MSEC)
#define CANARY_WORD 0x5a5a5a5a5a5a5a5a
#define SEED	    1 /* the mailbox word that the fuzzers start from */

struct fuzzer {
	struct domu u;
	bool exists;
	uint8_t *offered;
};

static uint64_t random_state;

static unsigned int below(unsigned int n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

static void move_vcpu(domid_t id, uint32_t vcpu, uint8_t cpus)
{
	struct xen_domctl op = {
		.u.vcpuaffinity = { .vcpu = vcpu, .flags = XEN_VCPUAFFINITY_HARD }
	};

	op.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, &cpus);
	domctl(XEN_DOMCTL_setvcpuaffinity, id, &op); /* refused for CPUs that are not there */
}

static void create(struct fuzzer *f, unsigned int slot, uint64_t seed)
{
	static const char *const roles[] = { "fuzzer_smp", "fuzzer_calls", "fuzzer_machine" };

	f->exists = !domu_create(&f->u, slot, roles[below(ARRAY_SIZE(roles))], 2);
	if (!f->exists)
		return;
	memset(f->offered, 0x5a, 2 * PAGE_SIZE);
	grant_offer(FIRST_REF + 2 * (slot - 2), f->u.id, f->offered, 0);
	grant_offer(FIRST_REF + 2 * (slot - 2) + 1, f->u.id, f->offered + PAGE_SIZE, GTF_readonly);
	f->u.box->word[SEED] = seed;
	CHECK_EQ(domu_unpause(&f->u), 0);
}

static void destroy(struct fuzzer *f, unsigned int slot)
{
	if (!f->exists)
		return;
	REQUIRE_EQ(f->u.slot, slot);
	domu_destroy(&f->u);
	CHECK(grant_revoke(FIRST_REF + 2 * (slot - 2)));
	CHECK(grant_revoke(FIRST_REF + 2 * (slot - 2) + 1));
	CHECK(mem_is(f->offered + PAGE_SIZE, 0x5a, PAGE_SIZE));
}

static void disturb(struct fuzzer *f)
{
	switch (below(8)) {
	case 0:
		domctl_simple(XEN_DOMCTL_pausedomain, f->u.id);
		domctl_simple(XEN_DOMCTL_unpausedomain, f->u.id);
		break;
	case 1:
		domu_drain_console(&f->u);
		break;
	case 2:
		sleep_until(now_ns() + NSEC_PER_MSEC);
		break;
	default:
		move_vcpu(f->u.id, below(2), 1 + below(3));
	}
}

static void one_round(struct fuzzer *f, uint64_t seed)
{
	volatile uint64_t words[NR_WORDS];
	uint64_t end;

	for (unsigned int i = 0; i < NR_WORDS; i++)
		words[i] = CANARY_WORD + i;
	random_state = (seed + 1) * 0x9e3779b97f4a7c15;
	for (unsigned int i = 0; i < NR_FUZZERS; i++)
		create(&f[i], 2 + i, seed + i * 1000);
	for (end = now_ns() + LIFE_NS + below(50) * NSEC_PER_MSEC; now_ns() < end;)
		disturb(&f[below(NR_FUZZERS)]);
	for (unsigned int i = 0; i < NR_FUZZERS; i++)
		destroy(&f[i], 2 + i);
	for (unsigned int i = 0; i < NR_WORDS; i++)
		CHECK_EQ(words[i], CANARY_WORD + i);
}

TEST(crowd, IN_DOM0, 1)
{
	uint64_t seed = option_number("seed", 1), rounds = option_number("rounds", 4);
	uint64_t free, first = 0;
	uint8_t *guards = pages_alloc(NR_GUARDS);
	struct fuzzer f[NR_FUZZERS];

	REQUIRE_EQ(grants_init(), 0);
	memset(guards, 0x5a, NR_GUARDS * PAGE_SIZE);
	for (unsigned int i = 0; i < NR_FUZZERS; i++)
		f[i].offered = pages_alloc(2);
	grant_warm_up(FIRST_REF, guards);
	domu_run("selftest", 1);
	for (uint64_t i = 0; i < rounds && !test_has_failed(); i++) {
		one_round(f, seed + i);
		CHECK(mem_is(guards, 0x5a, NR_GUARDS * PAGE_SIZE));
		free = host_free_pages_settled();
		first = first ? first : free;
		CHECK(is_helium() ? free == first : free + 256 >= first);
	}
	domu_run("selftest", 1);
}
