/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FIFO events: entering and leaving the ABI, queues, priorities, ports that move, events older than
 * their word, and two random sequences: one with an honest guest, where after each step every port that
 * is pending and not masked is on exactly one queue that its guest will look at; and one with a guest
 * that writes anything anywhere, where the hypervisor's own state stays whole (ASan sees the rest).
 */
#include "fifo_guest.h"

static unsigned int nr_upcalls;
static struct vcpu *last_upcall;

void guest_upcall(struct vcpu *v)
{
	nr_upcalls++;
	last_upcall = v;
}

static int setup(void **state)
{
	guest_setup();
	fifo_guest_setup();
	nr_upcalls = 0;
	fake_kalloc_budget = -1;
	doms[0].limits.max_evtchn_port = NR_WORDS - 1;
	for (unsigned int d = 0; d < NR_DOMS; d++)
		assert_int_equal(evtchn_create(&doms[d]), 0);
	return 0;
}

static int teardown(void **state)
{
	for (unsigned int d = 0; d < NR_DOMS; d++)
		while (evtchn_destroy(&doms[d]) == -ERESTART)
			;
	for (unsigned int d = 0; d < NR_DOMS; d++)
		evtchn_free(&doms[d]);
	return fake_kalloc_live != 0 || fake_guest_pins != 0 || fake_locks_held != 0;
}

static uint32_t ipi(unsigned int vcpu)
{
	uint32_t port = 0;

	assert_int_equal(evtchn_bind_ipi(&doms[0], vcpu, &port), 0);
	return port;
}

static uint32_t ipi_unmasked(unsigned int vcpu)
{
	uint32_t port = ipi(vcpu);

	fifo_guest_unmask(port);
	return port;
}

/* The port of domain 0 that one of domain 1 leads to. */
static uint32_t channel(uint32_t *theirs)
{
	uint32_t ours = 0;

	assert_int_equal(evtchn_alloc_unbound(&doms[0], 2, &ours), 0);
	assert_int_equal(evtchn_bind_interdomain(&doms[1], &doms[0], ours, theirs), 0);
	return ours;
}

static void send(uint32_t port)
{
	assert_int_equal(evtchn_send(&doms[0], port), 0);
}

static void expect_next(unsigned int vcpu, uint32_t port)
{
	unsigned int queue;

	assert_int_equal(fifo_guest_take(vcpu, &queue), port);
	assert_true(fifo_guest_handle(port));
}

static void expect_none(unsigned int vcpu)
{
	unsigned int queue;

	assert_int_equal(fifo_guest_take(vcpu, &queue), 0);
}

static void control_blocks_are_checked(void **state)
{
	struct evtchn_init_control op = { .vcpu = NR_VCPUS };

	assert_int_equal(evtchn_fifo_init_control(&doms[0], &op), -ENOENT);
	op.vcpu = ~0u;
	assert_int_equal(evtchn_fifo_init_control(&doms[0], &op), -ENOENT);
	op.vcpu = 0;
	op.offset = PAGE_SIZE - 64;
	assert_int_equal(evtchn_fifo_init_control(&doms[0], &op), -EINVAL);
	op.offset = 4;
	assert_int_equal(evtchn_fifo_init_control(&doms[0], &op), -EINVAL);
	op.offset = ~7u;
	assert_int_equal(evtchn_fifo_init_control(&doms[0], &op), -EINVAL);
	op.offset = 0;
	op.control_gfn = FAKE_GUEST_PAGES;
	assert_int_equal(evtchn_fifo_init_control(&doms[0], &op), -EINVAL);
	assert_int_equal(evtchn_fifo_expand_array(&doms[0], 0), -EOPNOTSUPP);
	assert_int_equal(evtchn_fifo_set_priority(&doms[0], 1, 0), -ENOSYS);
	assert_ptr_equal(doms[0].evtchn->abi, &evtchn_2l);

	assert_int_equal(fifo_init_control(0), 0);
	assert_int_equal(fifo_init_control(0), -EINVAL); /* one each */
	assert_int_equal(fake_guest_pins, 1);
	assert_int_equal(fifo_init_control(1), 0);
	assert_ptr_equal(doms[0].evtchn->abi, &evtchn_fifo);
}

static void words_end_at_the_limit(void **state)
{
	fifo_guest_start();
	assert_int_equal(evtchn_fifo_expand_array(&doms[0], 0), -ENOSPC);
	assert_int_equal(fake_guest_pins, NR_VCPUS + WORD_PAGES);
	for (uint32_t i = 1; i < NR_WORDS; i++)
		assert_int_equal(ipi(0), i);
	assert_int_equal(evtchn_alloc_unbound(&doms[0], 2, &(uint32_t){ 0 }), -ENOSPC);
	evtchn_check(&doms[0]);
}

static void no_memory_is_an_error(void **state)
{
	fake_kalloc_budget = 0;
	assert_int_equal(fifo_init_control(0), -ENOMEM);
	fake_kalloc_budget = 1;
	assert_int_equal(fifo_init_control(0), -ENOMEM);
	assert_int_equal(fake_guest_pins, 0);
	fake_kalloc_budget = -1;
	assert_ptr_equal(doms[0].evtchn->abi, &evtchn_2l);
	assert_int_equal(fifo_init_control(0), 0);
}

/* 2-level has 4096 ports, FIFO as many as the domain may have; the way back closes all. */
static void reset_leads_back(void **state)
{
	uint32_t port;

	while (evtchn_destroy(&doms[0]) == -ERESTART)
		;
	evtchn_free(&doms[0]);
	doms[0].limits.max_evtchn_port = 1u << 20;
	assert_int_equal(evtchn_create(&doms[0]), 0);
	assert_int_equal(doms[0].evtchn->limit, 4096);
	fifo_guest_start();
	assert_int_equal(doms[0].evtchn->limit, 131072);
	for (uint32_t i = 1; i < 5000; i++)
		port = ipi(0);
	assert_int_equal(port, 4999);
	while (evtchn_reset(&doms[0]) == -ERESTART)
		;
	assert_ptr_equal(doms[0].evtchn->abi, &evtchn_2l);
	assert_int_equal(doms[0].evtchn->limit, 4096);
	assert_int_equal(doms[0].evtchn->watch, 0);
	assert_int_equal(fake_guest_pins, 0);
	for (uint32_t i = 1; i < 4096; i++)
		assert_int_equal(ipi(0), i);
	assert_int_equal(evtchn_bind_ipi(&doms[0], 0, &port), -ENOSPC);
	while (evtchn_reset(&doms[0]) == -ERESTART)
		;
	fifo_guest_setup();
	fifo_guest_start();
	port = ipi_unmasked(0);
	send(port);
	expect_next(0, port);
}

static void free_ports_are_found_behind_full_buckets(void **state)
{
	fifo_guest_start();
	for (unsigned int i = 1; i < 700; i++)
		ipi(0);
	assert_int_equal(evtchn_close(&doms[0], 300), 0);
	assert_int_equal(evtchn_close(&doms[0], 3), 0);
	assert_int_equal(ipi(0), 3);
	assert_int_equal(ipi(0), 300);
	assert_int_equal(ipi(0), 700);
	evtchn_check(&doms[0]);
}

static void events_come_in_order(void **state)
{
	uint32_t a, b, c;

	fifo_guest_start();
	a = ipi_unmasked(0);
	b = ipi_unmasked(0);
	c = ipi_unmasked(1);
	send(b);
	send(a);
	send(b);
	assert_int_equal(nr_upcalls, 1);
	assert_ptr_equal(last_upcall, &vcpus[0][0]);
	send(c);
	assert_ptr_equal(last_upcall, &vcpus[0][1]);
	expect_next(0, b);
	send(b); /* behind a now */
	expect_next(0, a);
	expect_next(0, b);
	expect_none(0);
	expect_next(1, c);
	expect_none(1);
}

static void priorities_come_first(void **state)
{
	uint32_t p[16];

	fifo_guest_start();
	for (unsigned int i = 0; i < 16; i++) {
		p[i] = ipi_unmasked(0);
		assert_int_equal(evtchn_fifo_set_priority(&doms[0], p[i], 15 - i), 0);
	}
	assert_int_equal(evtchn_fifo_set_priority(&doms[0], p[0], 16), -EINVAL);
	assert_int_equal(evtchn_fifo_set_priority(&doms[0], 1 << 20, 0), -EINVAL);
	for (unsigned int i = 0; i < 16; i++)
		send(p[i]);
	for (unsigned int i = 16; i-- > 0;)
		expect_next(0, p[i]);
	expect_none(0);
}

static void masked_ports_wait(void **state)
{
	uint32_t a;

	fifo_guest_start();
	a = ipi(0);
	send(a);
	assert_int_equal(nr_upcalls, 0);
	assert_true(evtchn_is_pending(&doms[0], a));
	fifo_guest_unmask(a);
	assert_int_equal(nr_upcalls, 1);
	expect_next(0, a);
	assert_false(evtchn_is_pending(&doms[0], a));
	/* Masked while it is on its queue: taken off unhandled, and put there again. */
	send(a);
	atomic_or(guest_word(a), FIFO_BIT(MASKED));
	assert_int_equal(fifo_guest_take(0, &(unsigned int){ 0 }), a);
	assert_false(fifo_guest_handle(a));
	fifo_guest_unmask(a);
	expect_next(0, a);
}

/* The tail that moves to another vCPU takes no one along. */
static void tails_move(void **state)
{
	uint32_t theirs, a, b;

	fifo_guest_start();
	a = channel(&theirs);
	fifo_guest_unmask(a);
	b = ipi_unmasked(0);
	assert_int_equal(evtchn_send(&doms[1], theirs), 0);
	expect_next(0, a);
	assert_int_equal(evtchn_bind_vcpu(&doms[0], a, 1), 0);
	assert_int_equal(evtchn_send(&doms[1], theirs), 0);
	send(b); /* a was the tail of vCPU 0's queue, and is linked: but elsewhere */
	expect_next(0, b);
	expect_none(0);
	expect_next(1, a);
	/* Linked, then moved: it stays where it is, once. */
	assert_int_equal(evtchn_send(&doms[1], theirs), 0);
	assert_int_equal(evtchn_bind_vcpu(&doms[0], a, 0), 0);
	assert_int_equal(evtchn_fifo_set_priority(&doms[0], a, 0), 0);
	assert_int_equal(evtchn_send(&doms[1], theirs), 0);
	expect_none(0);
	expect_next(1, a);
	assert_int_equal(evtchn_send(&doms[1], theirs), 0);
	expect_next(0, a);
}

/* Closed while linked, and opened again for another vCPU. */
static void ports_are_reopened_on_a_queue(void **state)
{
	uint32_t a, b;

	fifo_guest_start();
	a = ipi_unmasked(0);
	send(a);
	assert_int_equal(evtchn_close(&doms[0], a), 0);
	assert_int_equal(ipi(1), a);
	assert_false(evtchn_is_pending(&doms[0], a));
	b = ipi_unmasked(0);
	send(b);
	assert_int_equal(fifo_guest_take(0, &(unsigned int){ 0 }), a);
	assert_false(fifo_guest_handle(a));
	expect_next(0, b);
	send(a);
	expect_next(1, a);
}

/* What a domain was sent before it changed to FIFO, and before a port had a word, is not lost. */
static void early_events_are_kept(void **state)
{
	uint32_t theirs, first = channel(&theirs), second, p;

	assert_int_equal(evtchn_send(&doms[1], theirs), 0); /* 2-level */
	for (p = first; p < FIFO_PER_PAGE + 5; p = ipi(0))
		;
	second = p;
	assert_int_equal(fifo_init_control(0), 0);
	send(second);
	send(p = ipi(1));
	assert_false(evtchn_is_pending(&doms[0], second));
	assert_int_equal(evtchn_fifo_expand_array(&doms[0], 0), 0);
	assert_true(evtchn_is_pending(&doms[0], first));
	assert_false(evtchn_is_pending(&doms[0], first + 1));
	*guest_word(second) = 0; /* not masked: it comes with its word */
	assert_int_equal(evtchn_fifo_expand_array(&doms[0], 1), 0);
	expect_next(0, second);
	assert_true(evtchn_is_pending(&doms[0], p));
	fifo_guest_unmask(first);
	expect_next(0, first);
}

/* A sender that looked at the ABI just before it changed finishes the old way. */
static void senders_notice_the_change(void **state)
{
	uint32_t a = ipi(0);

	fifo_guest_start();
	fifo_guest_unmask(a);
	evtchn_2l.set_pending(&doms[0], a, evtchn_at(doms[0].evtchn, a));
	expect_next(0, a);
}

/* vCPU 1 has no queues yet: the port stays pending and unlinked. */
static void vcpus_without_queues_get_nothing(void **state)
{
	uint32_t a;

	assert_int_equal(fifo_init_control(0), 0);
	assert_int_equal(evtchn_fifo_expand_array(&doms[0], 0), 0);
	a = ipi_unmasked(1);
	send(a);
	assert_int_equal(nr_upcalls, 0);
	assert_int_equal(*guest_word(a), FIFO_BIT(PENDING));
	assert_int_equal(fifo_init_control(1), 0);
	assert_int_equal(evtchn_unmask(&doms[0], a), 0);
	expect_next(1, a);
}

static void pollers_wake(void **state)
{
	uint32_t a;

	fifo_guest_start();
	a = ipi(0);
	fake_kicks = 0;
	evtchn_poll_begin(&vcpus[0][1], a);
	send(a);
	assert_int_equal(fake_kicks, 1);
	assert_ptr_equal(fake_kick_last, &vcpus[0][1]);
	assert_int_equal(doms[0].evtchn->watch, EVTCHN_WATCH_FIFO);
}

static void print_does_not_fault(void **state)
{
	uint32_t a;

	evtchn_print(&doms[0]);
	assert_int_equal(fifo_init_control(0), 0);
	a = ipi(0);
	evtchn_print(&doms[0]);
	assert_int_equal(evtchn_fifo_expand_array(&doms[0], 0), 0);
	send(a);
	fake_log_count = 0;
	evtchn_print(&doms[0]);
	assert_non_null(strstr(fake_log_last, "pending, masked, word 0xc0000000"));
}

/* --- random sequences --- */

#define PORTS 24
#define STEPS 30000

static uint32_t peer_port[PORTS];	/* 0: not a channel */
static bool held[PORTS];		/* taken off its queue by the guest, not handled yet */
static bool owed[PORTS];		/* sent and not handled */
static unsigned int on_queue[PORTS];

static void open_ports(void)
{
	uint32_t p;

	memset(held, 0, sizeof(held));
	memset(owed, 0, sizeof(owed));
	for (uint32_t i = 1; i < PORTS; i++) {
		peer_port[i] = 0;
		p = i % 3 ? channel(&peer_port[i]) : ipi(i % NR_VCPUS);
		assert_int_equal(p, i);
	}
}

static void walk(unsigned int vcpu, unsigned int q)
{
	const struct fifo_guest_vcpu *g = &fifo_guest[vcpu];
	uint32_t port = g->head[q], seen = 0;

	if (!port && (g->ready | guest_control(vcpu)->ready) >> q & 1)
		port = guest_control(vcpu)->head[q];
	for (; port; port = *guest_word(port) & EVTCHN_FIFO_LINK_MASK) {
		assert_true(port < PORTS);
		assert_true(*guest_word(port) & FIFO_BIT(LINKED));
		assert_true(++seen < PORTS);
		on_queue[port]++;
	}
	if (seen)
		assert_true(g->ready || shared[0].vcpu_info[vcpu].evtchn_upcall_pending);
}

static void check_queues(void)
{
	evtchn_check(&doms[0]);
	memset(on_queue, 0, sizeof(on_queue));
	for (unsigned int v = 0; v < NR_VCPUS; v++)
		for (unsigned int q = 0; q < EVTCHN_FIFO_MAX_QUEUES; q++)
			walk(v, q);
	for (uint32_t p = 1; p < PORTS; p++) {
		uint32_t w = *guest_word(p);

		assert_false(w & FIFO_BIT(BUSY));
		assert_int_equal(on_queue[p], !!(w & FIFO_BIT(LINKED)));
		assert_int_equal(!!(w & FIFO_BIT(PENDING)), owed[p]);
		if (owed[p] && !(w & FIFO_BIT(MASKED)) && !held[p])
			assert_int_equal(on_queue[p], 1);
	}
}

static void random_send(uint32_t p)
{
	if (peer_port[p])
		assert_int_equal(evtchn_send(&doms[1], peer_port[p]), 0);
	else
		send(p);
	owed[p] = true;
}

static void guest_handles(uint32_t p)
{
	held[p] = false;
	if (fifo_guest_handle(p))
		owed[p] = false;
}

static void guest_takes(unsigned int vcpu)
{
	unsigned int queue;
	uint32_t p = fifo_guest_take(vcpu, &queue);

	assert_true(p < PORTS);
	if (!p)
		return;
	held[p] = true;
	if (unit_below(2))
		guest_handles(p);
}

/* A held port that was sent again is on a queue already or will be: what is handled here counts. */
static void random_close(uint32_t p)
{
	unsigned int vcpu = (unsigned int)unit_below(NR_VCPUS);

	if (peer_port[p])
		assert_int_equal(evtchn_close(&doms[1], peer_port[p]), 0);
	assert_int_equal(evtchn_close(&doms[0], p), 0);
	assert_int_equal(peer_port[p] ? channel(&peer_port[p]) : ipi(vcpu), p);
	owed[p] = false;
}

static void honest_step(void)
{
	uint32_t p = 1 + (uint32_t)unit_below(PORTS - 1);

	switch (unit_below(12)) {
	case 0:
		atomic_or(guest_word(p), FIFO_BIT(MASKED));
		break;
	case 1:
	case 2:
		fifo_guest_unmask(p);
		break;
	case 3:
		if (peer_port[p])
			assert_int_equal(evtchn_bind_vcpu(&doms[0], p, (uint32_t)unit_below(2)), 0);
		break;
	case 4:
		assert_int_equal(evtchn_fifo_set_priority(&doms[0], p, 6 + (uint32_t)unit_below(3)),
				 0);
		break;
	case 5:
		random_close(p);
		break;
	case 6:
		if (held[p])
			guest_handles(p);
		break;
	case 7:
	case 8:
		guest_takes((unsigned int)unit_below(NR_VCPUS));
		break;
	default:
		random_send(p);
	}
}

static void drain(void)
{
	for (uint32_t p = 1; p < PORTS; p++) {
		if (held[p])
			guest_handles(p);
		fifo_guest_unmask(p);
	}
	for (unsigned int i = 0; i < PORTS * EVTCHN_FIFO_MAX_QUEUES; i++)
		for (unsigned int v = 0; v < NR_VCPUS; v++)
			guest_takes(v);
	for (uint32_t p = 1; p < PORTS; p++)
		if (held[p])
			guest_handles(p);
}

static void honest_guest_misses_nothing(void **state)
{
	unit_seed();
	fifo_guest_start();
	open_ports();
	for (unsigned int i = 0; i < STEPS; i++) {
		honest_step();
		check_queues();
	}
	drain();
	for (uint32_t p = 1; p < PORTS; p++)
		assert_false(owed[p]);
}

/* Any bits, or few, or those of a neighbour. */
static uint32_t hostile_word(void)
{
	switch (unit_below(4)) {
	case 0:
		return (uint32_t)unit_rand();
	case 1:
		return ~0u;
	case 2:
		return *guest_word((uint32_t)unit_below(PORTS));
	default:
		return FIFO_BIT(LINKED) | (uint32_t)unit_below(PORTS);
	}
}

static void scribble(void)
{
	unsigned int page = (unsigned int)unit_below(WORD_PAGES + NR_VCPUS);
	uint32_t at = (uint32_t)unit_below(unit_below(2) ? PORTS : FIFO_PER_PAGE);

	((uint32_t *)fake_guest_page[page])[at] = hostile_word();
}

static void hostile_step(void)
{
	uint32_t p = 1 + (uint32_t)unit_below(PORTS - 1);

	switch (unit_below(8)) {
	case 0:
		evtchn_unmask(&doms[0], p);
		break;
	case 1:
		(void)evtchn_bind_vcpu(&doms[0], p, (uint32_t)unit_below(3));
		break;
	case 2:
		(void)evtchn_fifo_set_priority(&doms[0], p, (uint32_t)unit_below(17));
		break;
	case 3:
		random_close(p);
		break;
	case 4:
	case 5:
		scribble();
		break;
	default:
		random_send(p);
	}
}

static void check_tails(void)
{
	const struct evtchn_fifo *f = doms[0].evtchn->fifo;

	evtchn_check(&doms[0]);
	for (unsigned int v = 0; v < NR_VCPUS; v++)
		for (unsigned int q = 0; q < EVTCHN_FIFO_MAX_QUEUES; q++)
			assert_true(f->queues[v].tail[q] < PORTS);
	for (uint32_t p = 1; p < PORTS; p++) {
		const struct evtchn *e = evtchn_at(doms[0].evtchn, p);

		assert_true(e->last_vcpu < NR_VCPUS && e->last_priority < 16 && e->priority < 16);
	}
}

static void hostile_guest_harms_itself_only(void **state)
{
	unit_seed();
	fifo_guest_start();
	open_ports();
	for (unsigned int i = 0; i < STEPS; i++) {
		hostile_step();
		check_tails();
	}
	/* What it did does not outlive a reset. */
	while (evtchn_reset(&doms[0]) == -ERESTART)
		;
	for (uint32_t p = 1; p < PORTS; p++)
		if (peer_port[p])
			assert_int_equal(evtchn_close(&doms[1], peer_port[p]), 0);
	fifo_guest_setup();
	memset(shared, 0, sizeof(shared));
	fifo_guest_start();
	open_ports();
	memset(owed, 0, sizeof(owed));
	for (unsigned int i = 0; i < STEPS / 10; i++) {
		honest_step();
		check_queues();
	}
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(control_blocks_are_checked),
		T(words_end_at_the_limit),
		T(no_memory_is_an_error),
		T(reset_leads_back),
		T(free_ports_are_found_behind_full_buckets),
		T(events_come_in_order),
		T(priorities_come_first),
		T(masked_ports_wait),
		T(tails_move),
		T(ports_are_reopened_on_a_queue),
		T(early_events_are_kept),
		T(senders_notice_the_change),
		T(vcpus_without_queues_get_nothing),
		T(pollers_wake),
		T(print_does_not_fault),
		T(honest_guest_misses_nothing),
		T(hostile_guest_harms_itself_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
