/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evtchn_fifo: FIFO event channels, which Linux uses where it can. Bad arguments; events older than the
 * ABI or than their word; order, priorities, masks; ports that move between vCPUs; two vCPUs that send,
 * mask and unmask at once, where an event lost is a number not read; a thousand ports; words full of
 * rubbish, after which a reset makes a good start again; a peer that uses 2-level events.
 */
#include "lib/domu.h"
#include "lib/fifo.h"
#include "lib/pingpong.h"
#include "lib/smp.h"
#include "lib/test.h"

#define ROUNDS 200

static long init_control(uint64_t gfn, uint32_t offset, uint32_t vcpu)
{
	struct evtchn_init_control op = { .control_gfn = gfn, .offset = offset, .vcpu = vcpu };

	return event_channel_op(EVTCHNOP_init_control, &op);
}

static long expand_array(uint64_t gfn)
{
	struct evtchn_expand_array op = { .array_gfn = gfn };

	return event_channel_op(EVTCHNOP_expand_array, &op);
}

static long ipi_unmasked(uint32_t vcpu)
{
	long port = evtchn_bind_ipi(vcpu);

	REQUIRE(port > 0 && port < (long)FIFO_PORTS);
	fifo_unmask(port);
	return port;
}

static void check_bad_arguments(long port)
{
	uint64_t gfn = gfn_of(fifo_words);

	CHECK_EQ(expand_array(gfn), -XEN_EOPNOTSUPP);
	CHECK_EQ(fifo_set_priority(port, 3), -XEN_ENOSYS);
	CHECK_EQ(init_control(gfn, 0, 77), -XEN_ENOENT);
	CHECK_EQ(init_control(gfn, 0, ~0u), -XEN_ENOENT);
	CHECK_EQ(init_control(gfn, 4, 0), -XEN_EINVAL);
	CHECK_EQ(init_control(gfn, PAGE_SIZE - 64, 0), -XEN_EINVAL);
	CHECK_EQ(init_control(gfn, ~7u, 0), -XEN_EINVAL);
	CHECK_EQ(init_control(0xfec00, 0, 0), -XEN_EINVAL); /* no memory there */
	CHECK_EQ(init_control(~0UL, 0, 0), -XEN_EINVAL);
	CHECK_EQ(init_control(1UL << 51, 0, 0), -XEN_EINVAL);
}

static void check_bad_later(void)
{
	CHECK_EQ(fifo_init_control(0), -XEN_EINVAL); /* one per vCPU */
	CHECK_EQ(expand_array(0xfec00), -XEN_EINVAL);
	CHECK_EQ(expand_array(~0UL), -XEN_EINVAL);
	CHECK_EQ(fifo_set_priority(1, 16), -XEN_EINVAL);
	CHECK_EQ(fifo_set_priority(~0u, 3), -XEN_EINVAL);
}

/* Sent while the domain was still 2-level, or the port had no word yet. */
static void check_early(void)
{
	long before = evtchn_bind_ipi(0), between;

	REQUIRE(before > 0);
	check_bad_arguments(before);
	CHECK_EQ(evtchn_send(before), 0);
	CHECK_EQ(fifo_init_control(0), 0);
	between = evtchn_bind_ipi(0);
	REQUIRE(between > 0);
	CHECK_EQ(evtchn_send(between), 0);
	CHECK_EQ(fifo_expand_array(), 0);
	CHECK(fifo_is_pending(before) && fifo_is_pending(between));
	CHECK_EQ(fifo_init_control(1), 0);
	CHECK_EQ(fifo_expand_array(), 0);
	check_bad_later();
	CHECK_EQ(event_count(between), 0);
	fifo_unmask(between);
	CHECK(event_wait(between, 1, NSEC_PER_SEC));
	CHECK_EQ(evtchn_close(before), 0);
	CHECK_EQ(evtchn_close(between), 0);
}

static void check_masking(void)
{
	long port = evtchn_bind_ipi(0);
	unsigned int first = event_count(port);

	CHECK_EQ(evtchn_send(port), 0);
	CHECK(fifo_is_pending(port));
	CHECK(!event_wait(port, first + 1, NSEC_PER_MSEC));
	fifo_unmask(port);
	CHECK(event_wait(port, first + 1, NSEC_PER_SEC));
	CHECK_EQ(evtchn_send(port), 0);
	CHECK_EQ(evtchn_send(port), 0); /* two sends, one event */
	CHECK(event_wait(port, first + 2, NSEC_PER_SEC));
	CHECK(!event_wait(port, first + 3, NSEC_PER_MSEC));
	CHECK_EQ(fifo_words[port], 0);
	CHECK_EQ(evtchn_close(port), 0);
}

static void take_all(void)
{
	fifo_log[0].nr = 0;
	irq_enable();
	__asm__ volatile("nop" ::: "memory");
	irq_disable();
}

static void check_order(void)
{
	const struct fifo_log *log = &fifo_log[0];
	long port[EVTCHN_FIFO_MAX_QUEUES];

	for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
		port[i] = ipi_unmasked(0);
	for (unsigned int i = ARRAY_SIZE(port); i-- > 0;)
		CHECK_EQ(evtchn_send(port[i]), 0);
	take_all();
	CHECK_EQ(log->nr, ARRAY_SIZE(port));
	for (unsigned int i = 0; i < log->nr; i++) {
		CHECK_EQ(log->port[i], port[ARRAY_SIZE(port) - 1 - i]);
		CHECK_EQ(log->priority[i], EVTCHN_FIFO_PRIORITY_DEFAULT);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(port); i++) {
		CHECK_EQ(fifo_set_priority(port[i], (i + 5) % 16), 0);
		CHECK_EQ(evtchn_send(port[i]), 0);
	}
	take_all();
	CHECK_EQ(log->nr, ARRAY_SIZE(port));
	for (unsigned int i = 0; i < log->nr; i++) {
		CHECK_EQ(log->priority[i], i);
		CHECK_EQ(log->port[i], port[(i + 11) % 16]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(port); i++)
		CHECK_EQ(evtchn_close(port[i]), 0);
}

/* All ports that there are, more than a page of words. */
static void check_many(void)
{
	static uint16_t port[FIFO_PORTS];
	unsigned int nr = 0;
	long p;

	while (nr < FIFO_PORTS && (p = evtchn_bind_ipi(0)) > 0) {
		REQUIRE(p < (long)FIFO_PORTS);
		port[nr++] = p;
		fifo_unmask(p);
	}
	CHECK(nr > FIFO_PER_PAGE && nr < FIFO_LOG);
	for (unsigned int i = 0; i < nr; i++)
		CHECK_EQ(evtchn_send(port[i]), 0);
	take_all();
	CHECK_EQ(fifo_log[0].nr, nr);
	for (unsigned int i = 0; i < nr && i < fifo_log[0].nr; i++)
		CHECK_EQ(fifo_log[0].port[i], port[i]);
	while (nr)
		CHECK_EQ(evtchn_close(port[--nr]), 0);
}

/* --- two vCPUs --- */

/* A port that was its queue's tail moves away; what comes after it on the old queue stays there. */
static void check_move(void)
{
	long a = evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF);
	long b = evtchn_bind_interdomain(DOMID_SELF, a), stays = ipi_unmasked(0);
	unsigned int first, first_stays = event_count(stays);

	REQUIRE(a > 0 && b > 0);
	first = event_count(b);
	fifo_unmask(b);
	CHECK(event_wait(b, first + 1, NSEC_PER_SEC)); /* pending from birth */
	for (unsigned int cpu = 2; cpu-- > 0;) {
		first = event_count(b);
		CHECK_EQ(evtchn_bind_vcpu(b, cpu), 0);
		CHECK_EQ(evtchn_send(a), 0);
		CHECK_EQ(evtchn_send(stays), 0);
		CHECK(event_wait(b, first + 1, NSEC_PER_SEC));
		CHECK_EQ(event_last_cpu(b), cpu);
		CHECK(event_wait(stays, ++first_stays, NSEC_PER_SEC));
		CHECK_EQ(event_last_cpu(stays), 0);
	}
	evtchn_close(stays);
	evtchn_close(b);
	evtchn_close(a);
}

#define STORM_PORTS 8

static long storm_at[STORM_PORTS], storm_from[STORM_PORTS];
static volatile bool storm_ends;

static void storm_send(void *arg)
{
	for (unsigned int i = 0; !storm_ends; i++)
		evtchn_send(storm_from[i % STORM_PORTS]);
}

static void storm_open(void)
{
	for (unsigned int i = 0; i < STORM_PORTS; i++) {
		storm_from[i] = evtchn_alloc_unbound(DOMID_SELF, DOMID_SELF);
		storm_at[i] = evtchn_bind_interdomain(DOMID_SELF, storm_from[i]);
		REQUIRE(storm_from[i] > 0 && storm_at[i] > 0);
	}
}

/*
 * vCPU 1 sends as fast as it can to ports that vCPU 0 masks, unmasks, moves and takes. When it is over
 * one last event each must still get through, and no word may be left in between.
 */
static void check_storm(void)
{
	uint64_t end = now_ns() + 100 * NSEC_PER_MSEC;
	unsigned int i, first;

	storm_open();
	storm_ends = false;
	smp_call(1, storm_send, NULL);
	irq_enable();
	for (i = 0; now_ns() < end; i++) {
		fifo_mask(storm_at[i % STORM_PORTS]);
		fifo_set_priority(storm_at[i % STORM_PORTS], 6 + i % 3);
		fifo_unmask(storm_at[(i + 3) % STORM_PORTS]);
	}
	irq_disable();
	storm_ends = true;
	CHECK(smp_wait(1, NSEC_PER_SEC));
	for (i = 0; i < STORM_PORTS; i++) {
		fifo_unmask(storm_at[i]);
		take_all();
		first = event_count(storm_at[i]);
		CHECK(first > 0);
		CHECK_EQ(fifo_words[storm_at[i]], 0);
		CHECK_EQ(evtchn_send(storm_from[i]), 0);
		CHECK(event_wait(storm_at[i], first + 1, NSEC_PER_SEC));
		evtchn_close(storm_at[i]);
		evtchn_close(storm_from[i]);
	}
}

TEST(evtchn_fifo, IN_DOMU, 2)
{
	long to_0, to_1;
	unsigned int first;

	fifo_handle_upcalls();
	check_early();
	check_masking();
	check_order();
	check_many();
	to_0 = ipi_unmasked(0);
	to_1 = ipi_unmasked(1);
	first = event_count(to_1);
	CHECK_EQ(evtchn_send(to_1), 0); /* vCPU 1 is down: held for it */
	spin_ns(2 * NSEC_PER_MSEC);
	CHECK_EQ(event_count(to_1), first);
	REQUIRE(smp_start(1));
	CHECK(event_wait(to_1, first + 1, NSEC_PER_SEC));
	check_ping_pong(to_0, to_1);
	check_move();
	check_storm();
	smp_stop(1);
}

/* --- rubbish in the words --- */

static uint64_t rng_state;

static uint32_t random32(void)
{
	rng_state = rng_state * 6364136223846793005UL + 1442695040888963407UL;
	return rng_state >> 32;
}

static void scribble(void)
{
	static const uint32_t words[] = {
		~0u, 0, FIFO_BIT(LINKED) | EVTCHN_FIFO_LINK_MASK, FIFO_BIT(LINKED) | FIFO_BIT(BUSY),
		FIFO_BIT(PENDING) | FIFO_BIT(LINKED) | 1,
	};

	for (unsigned int i = 0; i < 16; i++)
		fifo_words[random32() % 64] = random32() % 2 ? random32() :
						words[random32() % ARRAY_SIZE(words)];
}

static void scribbler(void *arg)
{
	while (!storm_ends)
		scribble();
}

static void check_rubbish(void)
{
	uint64_t end = now_ns() + 50 * NSEC_PER_MSEC;
	long port[8];

	for (unsigned int i = 0; i < 8; i++)
		port[i] = ipi_unmasked(i % 2);
	REQUIRE(smp_start(1));
	storm_ends = false;
	smp_call(1, scribbler, NULL);
	for (unsigned int i = 0; now_ns() < end; i++) {
		CHECK_EQ(evtchn_send(port[i % 8]), 0);
		CHECK_EQ(fifo_set_priority(port[i % 8], i % 16), 0);
		event_unmask(port[(i + 1) % 8]);
	}
	storm_ends = true;
	CHECK(smp_wait(1, NSEC_PER_SEC));
	smp_stop(1);
}

TEST(evtchn_fifo_rubbish, IN_DOMU, 2)
{
	struct evtchn_reset reset = { .dom = DOMID_SELF };
	struct xen_memory_reservation out = { .nr_extents = 1, .domid = DOMID_SELF };
	xen_pfn_t gfn = gfn_of(fifo_words);
	unsigned int first;
	long port;

	rng_state = option_number("seed", 1);
	REQUIRE_EQ(fifo_start(2), 0);
	check_rubbish();

	/* The pages may be given away: the hypervisor has its references. */
	set_xen_guest_handle(out.extent_start, &gfn);
	CHECK_EQ(memory_op(XENMEM_decrease_reservation, &out), 1);
	port = evtchn_bind_ipi(0);
	CHECK_EQ(evtchn_send(port), 0);
	CHECK_EQ(memory_op(XENMEM_populate_physmap, &out), 1);

	CHECK_EQ(event_channel_op(EVTCHNOP_reset, &reset), 0);
	CHECK_EQ(expand_array(gfn), -XEN_EOPNOTSUPP);
	CHECK_EQ(evtchn_send(port), -XEN_EINVAL);
	fifo_forget();
	irq_enable();
	irq_disable();
	REQUIRE_EQ(fifo_start(2), 0);
	port = ipi_unmasked(0);
	first = event_count(port);
	CHECK_EQ(evtchn_send(port), 0);
	CHECK(event_wait(port, first + 1, NSEC_PER_SEC));
}

/* --- a peer --- */

enum { STEP, PEER, PEER_PORT, PORT };

TEST(fifo_echo, ROLE, 1)
{
	unsigned int first;
	long port;

	REQUIRE_EQ(fifo_start(1), 0);
	port = evtchn_alloc_unbound(DOMID_SELF, own_mailbox.word[PEER]);
	REQUIRE(port > 0);
	first = event_count(port);
	fifo_unmask(port);
	own_mailbox.word[PORT] = port;
	own_mailbox.word[STEP] = 1;
	for (unsigned int n = 1; event_wait(port, first + n, 10 * NSEC_PER_SEC); n++)
		evtchn_send(port);
}

/* Our end stays masked: it is asked, so that no count of an event is left for other tests. */
static bool wait_answer(evtchn_port_t port)
{
	struct sched_poll poll = { .nr_ports = 1, .timeout = now_ns() + 2 * NSEC_PER_SEC };

	set_xen_guest_handle(poll.ports, &port);
	if (!event_is_pending(port))
		sched_op(SCHEDOP_poll, &poll);
	return event_take(port);
}

TEST(evtchn_fifo_peer, IN_DOM0, 1)
{
	struct domu u;
	long port;

	if (domu_create(&u, 1, "fifo_echo", 1))
		return;
	CHECK_EQ(domu_unpause(&u), 0);
	if (CHECK(domu_wait_word(&u, STEP, 1, 2 * NSEC_PER_SEC))) {
		port = evtchn_bind_interdomain(u.id, u.box->word[PORT]);
		REQUIRE(port > 0);
		event_take(port); /* pending from birth */
		for (unsigned int i = 1; i <= ROUNDS; i++) {
			REQUIRE_EQ(evtchn_send(port), 0);
			if (!wait_answer(port)) {
				test_failure("no answer in round %u", i);
				break;
			}
		}
		domu_destroy(&u); /* dies with FIFO events bound */
		CHECK_EQ(evtchn_close(port), 0);
	} else {
		domu_destroy(&u);
	}
}
