/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz: a domain issues random hypercalls, or touches random ports, MSRs and addresses, from one
 * vCPU or two at once, from a printed seed (seed=N replays it). What would end it early is kept
 * from it, for each call goes deeper when more calls went before. The hypervisor, Dom0 and a
 * bystander domain must not notice: the bystander keeps counting, Dom0's granted pages are unpinned
 * again and its other pages untouched, a new domain works, and after the first round each gives all
 * of the host's pages back.
 */
#include "lib/apic.h"
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/grants.h"
#include "lib/smp.h"
#include "lib/test.h"
#include "lib/traps.h"

#define CALLS	  20000
#define ARG_PAGES 4
#define FIRST_REF 16 /* Dom0 offers this one and the next to the fuzzer */
#define CANARY	  0x5a
#define NR_CANARIES 64 /* pages of Dom0 that nobody has a right to */

enum { DONE, SEED };

static uint64_t state[NR_CPUS];

static uint64_t next(void)
{
	uint64_t *s = &state[this_cpu()];

	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static unsigned int below(unsigned int n)
{
	return next() % n;
}

/* A number that is likely to get somewhere: small, a frame, an address, all ones, or anything. */
static uint64_t interesting(uint8_t *args)
{
	switch (below(11)) {
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
		return gfn_of(scratch(0, below(16)));
	case 7:
		return ~0UL >> below(64);
	case 8: /* but not the image's own address or frame: that ends it too soon */
		return 1UL << (below(64) & ~12);
	case 9:
		return 0;
	default:
		return next();
	}
}

static void fill(uint8_t *args)
{
	uint32_t *p = (uint32_t *)args;

	for (unsigned int i = 0; i < 24; i++) {
		p[i] = interesting(args);
		if (below(3) == 0 && i < 23) {
			i |= 1;
			*(uint64_t *)(p + (i & ~1u)) = interesting(args);
		}
	}
}

/* --- hypercalls --- */

static const struct family {
	uint8_t nr, nr_cmds;
} families[] = {
	{ __HYPERVISOR_memory_op, 30 },	      { __HYPERVISOR_event_channel_op, 14 },
	{ __HYPERVISOR_grant_table_op, 13 },  { __HYPERVISOR_sched_op, 8 },
	{ __HYPERVISOR_vcpu_op, 16 },	      { __HYPERVISOR_hvm_op, 26 },
	{ __HYPERVISOR_xen_version, 12 },     { __HYPERVISOR_multicall, 1 },
	{ __HYPERVISOR_domctl, 90 },	      { __HYPERVISOR_sysctl, 32 },
	{ __HYPERVISOR_platform_op, 66 },     { __HYPERVISOR_physdev_op, 34 },
	{ __HYPERVISOR_console_io, 3 },	      { __HYPERVISOR_set_timer_op, 1 },
	{ __HYPERVISOR_vm_assist, 6 },	      { __HYPERVISOR_dm_op, 4 },
	{ __HYPERVISOR_memory_op, 30 },	      { __HYPERVISOR_grant_table_op, 13 },
	{ __HYPERVISOR_event_channel_op, 14 },
};

/* Calls that would end or freeze the fuzzer early are not worth their turn. */
static bool is_suicide(unsigned int nr, uint64_t cmd)
{
	if (nr == __HYPERVISOR_sched_op)
		return cmd == SCHEDOP_block || cmd == SCHEDOP_poll || cmd == SCHEDOP_shutdown ||
		       cmd == SCHEDOP_watchdog;
	return nr == __HYPERVISOR_vcpu_op && cmd == VCPUOP_down;
}

/* Accesses to a page that was given up take an exit each: all that is gone comes back. */
static void restore(uint8_t *args)
{
	xen_pfn_t gfns[ARG_PAGES];
	struct xen_memory_reservation op = { .nr_extents = 1, .domid = DOMID_SELF };

	for (unsigned int i = 0; i < ARG_PAGES; i++) {
		gfns[i] = gfn_of(args) + i;
		set_xen_guest_handle(op.extent_start, &gfns[i]);
		if (READ_ONCE(*(uint64_t *)(args + i * PAGE_SIZE)) == ~0UL)
			memory_op(XENMEM_populate_physmap, &op);
	}
}

static void fuzz_hypercall(void *arg)
{
	uint8_t *args = arg;
	const struct family *f = &families[below(ARRAY_SIZE(families))];
	uint64_t cmd = below(16) ? below(f->nr_cmds) : interesting(args);
	uint64_t a2 = below(8) ? (uintptr_t)args : interesting(args);
	uint64_t a3 = below(4) ? below(4) : interesting(args);

	if (f->nr == __HYPERVISOR_grant_table_op)
		a3 &= 0xff; /* as many answers as end behind args, not in our own tables */
	fill(args);
	if (is_suicide(f->nr, cmd))
		return;
	if (f->nr == __HYPERVISOR_vcpu_op)
		HC(f->nr, cmd, below(3), a2);
	else if (f->nr == __HYPERVISOR_multicall)
		HC(f->nr, a2, below(8));
	else
		HC(f->nr, cmd, a2, a3, interesting(args), interesting(args));
}

/* --- the machine --- */

static void fuzz_msr(uint8_t *args)
{
	static const uint32_t bases[] = {
		0, 0x10, 0x1b, 0x170, 0x200, 0x250, 0x277, 0x400, 0x6e0, 0x800, 0x830, 0xc00,
		0x40000000, 0xc0000080, 0xc0000100, 0xc0010000, 0xc0010110, 0xc0011020,
	};
	uint32_t msr = bases[below(ARRAY_SIZE(bases))] + below(32);

	if (msr == 0xc001011f && !is_helium())
		return; /* a BUG in Xen 4.17.7, on a processor like QEMU's */
	/* Keep what the fuzzer itself stands on: EFER, and its APIC from sending INIT. */
	if (below(2) || msr == 0xc0000080 || msr == 0x830 || msr == MSR_APIC_BASE)
		rdmsr(msr);
	else
		wrmsr(msr, interesting(args));
}

static void fuzz_port(uint8_t *args)
{
	uint16_t port = below(4) ? below(0x400) : next();
	uint64_t n = below(64);
	uint8_t *p = args;

	switch (below(5)) {
	case 0:
		inb(port);
		break;
	case 1:
		outb(port, next());
		break;
	case 2:
		inl(port);
		break;
	case 3:
		__asm__ volatile("rep insw" : "+D"(p), "+c"(n) : "d"(port) : "memory");
		break;
	default:
		__asm__ volatile("rep outsl" : "+S"(p), "+c"(n) : "d"(port) : "memory");
	}
}

static void fuzz_memory(uint8_t *args)
{
	static const uint64_t bases[] = { 0xfee00000, 0xfec00000, HOLE_GPA, SCRATCH_GPA, 0xb0000000,
					  0xfed00000, 0xe0000 };
	volatile uint8_t *p = (void *)(bases[below(ARRAY_SIZE(bases))] + below(PAGE_SIZE));
	uint64_t value = interesting(args);

	/* An ICR write could start or stop a CPU: not what is meant here. */
	if (((uintptr_t)p & ~0xfffUL) == APIC_GPA && ((uintptr_t)p & 0xff0) == APIC_ICR)
		return;
	switch (below(6)) {
	case 0:
		READ_ONCE(*(uint64_t *)p);
		break;
	case 1:
		WRITE_ONCE(*(uint32_t *)p, value);
		break;
	case 2:
		WRITE_ONCE(*(uint8_t *)p, value);
		break;
	case 3:
		__asm__ volatile("movzwl (%0), %%eax" ::"r"(p) : "rax", "memory");
		break;
	case 4:
		WRITE_ONCE(*(uint16_t *)p, value);
		break;
	default:
		__asm__ volatile("movl $0x1234, 4(%0)" ::"r"(p) : "memory");
	}
}

static void fuzz_machine(void *arg)
{
	uint32_t r[4];

	switch (below(4)) {
	case 0:
		fuzz_msr(arg);
		break;
	case 1:
		fuzz_port(arg);
		break;
	case 2:
		fuzz_memory(arg);
		break;
	default:
		cpuid(interesting(arg), below(8), r);
	}
}

static void ignore(void)
{
}

static void fuzz(void (*one)(void *), uint8_t *args)
{
	state[this_cpu()] = (own_mailbox.word[SEED] * 2 + this_cpu()) * 0x9e3779b97f4a7c15 + 1;
	for (unsigned int v = 32; v < 256; v++)
		irq_set_handler(v, apic_eoi);
	irq_set_handler(X86_NMI, ignore);
	for (unsigned int i = 0; i < CALLS; i++) {
		own_mailbox.word[DONE] = i;
		if (i % 32 == 0)
			restore(args);
		guard(one, args);
	}
	own_mailbox.word[DONE] = CALLS;
}

TEST(fuzzer_calls, ROLE, 1)
{
	fuzz(fuzz_hypercall, pages_alloc(ARG_PAGES));
}

static volatile bool ap_done;

static void fuzz_on_ap(void *arg)
{
	fuzz(fuzz_hypercall, arg);
	ap_done = true;
}

TEST(fuzzer_smp, ROLE, 2)
{
	REQUIRE(smp_start(1));
	smp_call(1, fuzz_on_ap, pages_alloc(ARG_PAGES));
	fuzz(fuzz_hypercall, pages_alloc(ARG_PAGES));
	/* It may have been stopped, and our clock, too: count turns. */
	for (unsigned int i = 0; !ap_done && i < 500000; i++)
		sched_op(SCHEDOP_yield, NULL);
}

TEST(fuzzer_machine, ROLE, 1)
{
	fuzz(fuzz_machine, pages_alloc(ARG_PAGES));
}

/* --- Dom0's side --- */

static const struct {
	const char *role;
	unsigned int vcpus;
	uint64_t life_ns; /* 0: until it ends, else it is destroyed in the middle of what it does */
} kinds[] = {
	{ "fuzzer_calls", 1, 0 },
	{ "fuzzer_smp", 2, 0 },
	{ "fuzzer_machine", 1, 0 },
	{ "fuzzer_smp", 2, 20 * NSEC_PER_MSEC },
};

static void offer_pages(domid_t id, uint8_t *pages)
{
	memset(pages, CANARY, (2 + NR_CANARIES) * PAGE_SIZE);
	grant_offer(FIRST_REF, id, pages, 0);
	grant_offer(FIRST_REF + 1, id, pages + PAGE_SIZE, GTF_readonly);
}

/* The writable page may hold anything by now. */
static void check_pages(const uint8_t *pages)
{
	CHECK(grant_revoke(FIRST_REF));
	CHECK(grant_revoke(FIRST_REF + 1));
	CHECK(mem_is(pages + PAGE_SIZE, CANARY, (1 + NR_CANARIES) * PAGE_SIZE));
}

static void fuzz_once(unsigned int kind, uint64_t seed, struct domu *bystander, uint8_t *pages)
{
	uint64_t counted = bystander->box->word[0];
	struct domu u;
	long rc;

	if (domu_create(&u, 2, kinds[kind].role, kinds[kind].vcpus))
		return;
	offer_pages(u.id, pages);
	u.box->word[SEED] = seed;
	CHECK_EQ(domu_unpause(&u), 0);
	if (kinds[kind].life_ns)
		sleep_until(now_ns() + kinds[kind].life_ns + seed % 8 * NSEC_PER_MSEC);
	rc = kinds[kind].life_ns ? 0 : domu_wait(&u, 10 * NSEC_PER_SEC);
	if (u.slot != 2) {
		for (unsigned int i = 0; i < 32; i++)
			test_printf("fuzz: our own stack at %p: %lx\n", (uint64_t *)&u + i - 8,
				    ((uint64_t *)&u)[(int)i - 8]);
		test_failure("our own stack was overwritten by %s", kinds[kind].role);
		test_abort();
	}
	test_printf("fuzz: %s seed %lu: %lu calls, ended with %ld\n", kinds[kind].role, seed,
		    u.box->word[DONE], rc);
	domu_destroy(&u);
	check_pages(pages);
	CHECK(bystander->box->word[0] != counted ||
	      domu_word_moves(bystander, 0, 2 * NSEC_PER_SEC));
}

TEST(fuzz, IN_DOM0, 1)
{
	uint64_t seed = option_number("seed", 1), rounds = option_number("rounds", 2), free, first = 0;
	uint8_t *pages = pages_alloc(2 + NR_CANARIES);
	struct domu bystander;

	REQUIRE_EQ(grants_init(), 0);
	grant_warm_up(FIRST_REF, pages);
	domu_run("selftest", 1);
	if (domu_create(&bystander, 1, "counter", 1))
		return;
	CHECK_EQ(domu_unpause(&bystander), 0);
	for (uint64_t i = 0; i < rounds && !test_has_failed(); i++) {
		for (unsigned int kind = 0; kind < ARRAY_SIZE(kinds); kind++)
			fuzz_once(kind, seed + i, &bystander, pages);
		free = host_free_pages_settled();
		first = first ? first : free;
		test_printf("fuzz: %lu pages free\n", free);
		CHECK(is_helium() ? free == first : free + 256 >= first);
	}
	domu_destroy(&bystander);
	domu_run("selftest", 1);
}
