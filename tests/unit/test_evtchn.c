/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Event channels: each operation's rules, delivery bits, teardown, a race of two closers, and a
 * random sequence of three domains against a model. Invariants after every operation:
 * evtchn_check() of all, and a domain's references are one for itself and one per binding that
 * leads to it from another.
 */
#include "guest_setup.h"
#include "guest/evtchn_abi.h"
#include "lib/errno.h"

static unsigned int nr_upcalls;
static struct vcpu *last_upcall;

void guest_upcall(struct vcpu *v)
{
	nr_upcalls++;
	last_upcall = v;
}

static struct evtchn *at(unsigned int d, uint32_t port)
{
	return evtchn_at(doms[d].evtchn, port);
}

static void check_all(void)
{
	uint32_t refs[NR_DOMS] = { 1, 1, 1 };

	for (unsigned int d = 0; d < NR_DOMS; d++) {
		evtchn_check(&doms[d]);
		for (uint32_t p = 0; p < doms[d].evtchn->nr_ports; p++)
			if (at(d, p)->state == EVTCHNSTAT_interdomain &&
			    at(d, p)->remote != &doms[d])
				refs[at(d, p)->remote->id - 1]++;
	}
	for (unsigned int d = 0; d < NR_DOMS; d++)
		assert_int_equal(doms[d].refcount, refs[d]);
	assert_int_equal(fake_locks_held, 0);
}

static int setup(void **state)
{
	guest_setup();
	nr_upcalls = 0;
	fake_kalloc_budget = -1;
	for (unsigned int d = 0; d < NR_DOMS; d++) {
		guest_set_layout(&infos[d], &shared_layout_64);
		assert_int_equal(evtchn_create(&doms[d]), 0);
	}
	return 0;
}

static int teardown(void **state)
{
	for (unsigned int d = 0; d < NR_DOMS; d++) {
		while (evtchn_destroy(&doms[d]) == -ERESTART)
			check_all();
		assert_int_equal(doms[d].evtchn->nr_used, 0);
		check_all();
	}
	for (unsigned int d = 0; d < NR_DOMS; d++)
		evtchn_free(&doms[d]);
	return fake_kalloc_live != 0;
}

static uint32_t alloc(unsigned int d, domid_t remote)
{
	uint32_t port = 0;

	assert_int_equal(evtchn_alloc_unbound(&doms[d], remote, &port), 0);
	return port;
}

static uint32_t bind(unsigned int d, unsigned int rd, uint32_t rport)
{
	uint32_t port = 0;

	assert_int_equal(evtchn_bind_interdomain(&doms[d], &doms[rd], rport, &port), 0);
	return port;
}

static bool take(unsigned int d, uint32_t port)
{
	bool was = evtchn_is_pending(&doms[d], port);

	evtchn_2l.clear(&doms[d], port);
	for (unsigned int v = 0; v < NR_VCPUS; v++) {
		shared[d].vcpu_info[v].evtchn_upcall_pending = 0;
		shared[d].vcpu_info[v].evtchn_pending_sel = 0;
	}
	return was;
}

static void ports_come_lowest_first(void **state)
{
	assert_int_equal(alloc(0, 2), 1);
	assert_int_equal(alloc(0, 2), 2);
	assert_int_equal(alloc(0, 2), 3);
	assert_int_equal(evtchn_close(&doms[0], 2), 0);
	assert_int_equal(evtchn_close(&doms[0], 2), -EINVAL);
	assert_int_equal(evtchn_close(&doms[0], 0), -EINVAL);
	assert_int_equal(alloc(0, 2), 2);
	check_all();
}

static void ports_end_at_the_limit(void **state)
{
	uint32_t port;

	for (uint32_t i = 1; i <= 400; i++)
		assert_int_equal(alloc(0, 2), i);
	assert_int_equal(evtchn_alloc_unbound(&doms[0], 2, &port), -ENOSPC);
	assert_int_equal(evtchn_bind_ipi(&doms[0], 0, &port), -ENOSPC);
	check_all();
}

static void no_memory_is_an_error(void **state)
{
	uint32_t port;

	fake_kalloc_budget = 0;
	assert_int_equal(evtchn_alloc_unbound(&doms[0], 2, &port), -ENOMEM);
	fake_kalloc_budget = -1;
	assert_int_equal(alloc(0, 2), 1);
}

static void binds_only_what_was_offered(void **state)
{
	uint32_t a = alloc(0, 2), port;

	assert_int_equal(evtchn_bind_interdomain(&doms[2], &doms[0], a, &port), -EINVAL);
	assert_int_equal(evtchn_bind_interdomain(&doms[1], &doms[0], a + 1, &port), -EINVAL);
	assert_int_equal(evtchn_bind_interdomain(&doms[1], &doms[0], ~0u, &port), -EINVAL);
	port = bind(1, 0, a);
	assert_ptr_equal(last_upcall, &vcpus[1][0]); /* vCPU 0, whoever binds */
	assert_true(
		take(1, port)); /* set at once: what was sent before there was a peer is not lost */
	assert_int_equal(evtchn_bind_interdomain(&doms[1], &doms[0], a, &port), -EINVAL);
	check_all();
}

static void send_reaches_the_peer(void **state)
{
	uint32_t a = alloc(0, 2), b;

	assert_int_equal(evtchn_send(&doms[0], a), 0); /* nobody there: dropped */
	b = bind(1, 0, a);
	take(1, b);
	nr_upcalls = 0;
	assert_int_equal(evtchn_bind_vcpu(&doms[1], b, 1), 0);
	assert_int_equal(evtchn_send(&doms[0], a), 0);
	assert_int_equal(nr_upcalls, 1);
	assert_ptr_equal(last_upcall, &vcpus[1][1]);
	assert_true(evtchn_is_pending(&doms[1], b));
	assert_int_equal(shared[1].vcpu_info[1].evtchn_upcall_pending, 1);
	assert_int_equal(shared[1].vcpu_info[1].evtchn_pending_sel, 1ULL << b / 64);
	assert_int_equal(evtchn_send(&doms[0], a), 0);
	assert_int_equal(nr_upcalls, 1); /* pending already */
	assert_int_equal(evtchn_send(&doms[0], 77), -EINVAL);
	assert_int_equal(evtchn_send(&doms[0], ~0u), -EINVAL);
}

static void masked_ports_wait(void **state)
{
	uint32_t a = alloc(0, 2), b = bind(1, 0, a);

	take(1, b);
	nr_upcalls = 0;
	shared[1].evtchn_mask[0] = ~0ULL;
	assert_int_equal(evtchn_send(&doms[0], a), 0);
	assert_int_equal(nr_upcalls, 0);
	assert_int_equal(evtchn_unmask(&doms[1], b), 0);
	assert_int_equal(nr_upcalls, 1);
	assert_int_equal(evtchn_unmask(&doms[1], b), 0);
	assert_int_equal(nr_upcalls, 1);
	assert_int_equal(evtchn_unmask(&doms[1], 5000), -EINVAL);
}

static void virqs_have_one_owner(void **state)
{
	uint32_t p, q;

	assert_int_equal(evtchn_bind_virq(&doms[0], VIRQ_TIMER, 1, &p), 0);
	assert_int_equal(evtchn_bind_virq(&doms[0], VIRQ_TIMER, 1, &q), -EEXIST);
	assert_int_equal(evtchn_bind_virq(&doms[0], VIRQ_TIMER, 0, &q), 0);
	assert_int_equal(evtchn_bind_virq(&doms[0], VIRQ_DOM_EXC, 1, &q), -EINVAL);
	assert_int_equal(evtchn_bind_virq(&doms[0], NR_VIRQS, 0, &q), -EINVAL);
	assert_int_equal(evtchn_bind_virq(&doms[0], VIRQ_TIMER, 2, &q), -ENOENT);
	assert_int_equal(evtchn_bind_vcpu(&doms[0], p, 0), -EINVAL); /* a vCPU's own */
	evtchn_send_virq(&vcpus[0][1], VIRQ_TIMER);
	assert_true(take(0, p));
	evtchn_send_virq(&vcpus[0][1], VIRQ_DEBUG); /* not bound */
	assert_int_equal(evtchn_close(&doms[0], p), 0);
	evtchn_send_virq(&vcpus[0][1], VIRQ_TIMER);
	assert_false(evtchn_is_pending(&doms[0], p));
	assert_int_equal(evtchn_bind_virq(&doms[0], VIRQ_DOM_EXC, 0, &p), 0);
	assert_int_equal(evtchn_bind_vcpu(&doms[0], p, 1), 0);
	evtchn_send_global_virq(&doms[0], VIRQ_DOM_EXC);
	assert_ptr_equal(last_upcall, &vcpus[0][1]);
	assert_int_equal(evtchn_send(&doms[0], p), -EINVAL); /* only the hypervisor raises it */
	assert_int_equal(evtchn_close(&doms[0], p),
			 0); /* bound for vCPU 0, though vCPU 1 was notified */
	check_all();
	evtchn_send_global_virq(NULL, VIRQ_DOM_EXC);
}

static void close_leaves_the_peer_unbound(void **state)
{
	uint32_t a = alloc(0, 2), b = bind(1, 0, a);
	struct evtchn_status st;

	assert_int_equal(evtchn_status(&doms[0], a, &st), 0);
	assert_int_equal(st.status, EVTCHNSTAT_interdomain);
	assert_int_equal(st.u.interdomain.dom, 2);
	assert_int_equal(st.u.interdomain.port, b);
	assert_int_equal(evtchn_close(&doms[1], b), 0);
	check_all();
	assert_int_equal(evtchn_status(&doms[0], a, &st), 0);
	assert_int_equal(st.status, EVTCHNSTAT_unbound);
	assert_int_equal(st.u.unbound.dom, 2);
	bind(1, 0, a);
	check_all();
}

static void loopback_needs_no_reference(void **state)
{
	uint32_t a = alloc(0, 1), b = bind(0, 0, a);

	assert_int_equal(doms[0].refcount, 1);
	assert_int_equal(evtchn_send(&doms[0], a), 0);
	assert_true(take(0, b));
	assert_int_equal(evtchn_send(&doms[0], b), 0);
	assert_true(take(0, a));
	assert_int_equal(evtchn_close(&doms[0], a), 0);
	check_all();
}

static void pollers_wake(void **state)
{
	uint32_t a, b;

	assert_int_equal(evtchn_bind_ipi(&doms[0], 0, &a), 0);
	assert_int_equal(evtchn_bind_ipi(&doms[0], 0, &b), 0);
	shared[0].evtchn_mask[0] = ~0ULL;
	fake_kicks = 0;
	evtchn_poll_begin(&vcpus[0][1], a);
	assert_int_equal(evtchn_send(&doms[0], b), 0);
	assert_int_equal(fake_kicks, 0);
	assert_int_equal(evtchn_send(&doms[0], a), 0);
	assert_int_equal(fake_kicks, 1);
	assert_ptr_equal(fake_kick_last, &vcpus[0][1]);
	assert_int_equal(doms[0].evtchn->watch, 0);
	take(0, a);
	evtchn_poll_begin(&vcpus[0][0], 0);
	evtchn_poll_begin(&vcpus[0][0], 0); /* the one before ended by an interrupt */
	assert_int_equal(evtchn_send(&doms[0], a), 0);
	assert_int_equal(fake_kicks, 2);
	assert_int_equal(doms[0].evtchn->watch, 0);
}

static void dying_domains_open_nothing(void **state)
{
	uint32_t a = alloc(0, 2), port;

	while (evtchn_destroy(&doms[0]) == -ERESTART)
		;
	assert_int_equal(evtchn_alloc_unbound(&doms[0], 2, &port), -EINVAL);
	assert_int_equal(evtchn_bind_interdomain(&doms[1], &doms[0], a, &port), -EINVAL);
	check_all();
}

/* Destruction is done in pieces, however many ports there are. */
static void destroy_stops_in_between(void **state)
{
	unsigned int rounds = 0;

	for (unsigned int i = 0; i < 300; i++)
		bind(1, 0, alloc(0, 2));
	while (evtchn_destroy(&doms[0]) == -ERESTART) {
		rounds++;
		check_all();
	}
	assert_true(rounds >= 2);
	assert_int_equal(doms[1].refcount, 1);
}

static uint32_t race_port, race_new;

static void peer_closes_first(void)
{
	assert_int_equal(evtchn_close(&doms[1], race_port), 0);
}

static void own_port_is_rebound(void)
{
	assert_int_equal(evtchn_close(&doms[0], race_port), 0);
	race_new = alloc(0, 3);
	assert_int_equal(race_new, race_port);
	bind(2, 0, race_new);
}

/* Between the look at a port and both locks, anything may happen to it. */
static void closers_race(void **state)
{
	uint32_t a = alloc(0, 2);

	race_port = bind(1, 0, a);
	fake_lock_hook = peer_closes_first;
	assert_int_equal(evtchn_close(&doms[0], a), 0);
	assert_int_equal(at(0, a)->state, EVTCHNSTAT_closed);
	check_all();

	race_port = alloc(0, 2);
	bind(1, 0, race_port);
	fake_lock_hook = own_port_is_rebound;
	assert_int_equal(evtchn_close(&doms[0], race_port), 0);
	assert_int_equal(at(0, race_port)->state, EVTCHNSTAT_closed);
	check_all();
}

/* --- random sequence against a model --- */

#define MODEL_PORTS 401
#define PORTS_TRIED 48

static struct model_port {
	uint8_t state;
	unsigned int rd; /* whom it waits for, or leads to */
	uint32_t rport;
	unsigned int virq, virq_vcpu;
	bool pending;
} model[NR_DOMS][MODEL_PORTS];

static uint32_t model_free(unsigned int d)
{
	uint32_t p = 1;

	while (p < MODEL_PORTS && model[d][p].state != EVTCHNSTAT_closed)
		p++;
	return p;
}

/*
 * An operation that opens a port of d, and that nothing else forbids, gave rc and port; want is the
 * lowest free.
 */
static struct model_port *opened(unsigned int d, uint32_t want, int rc, uint32_t port)
{
	if (want == MODEL_PORTS) {
		assert_int_equal(rc, -ENOSPC);
		return NULL;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(port, want);
	model[d][port] = (struct model_port){ 0 };
	return &model[d][port];
}

static void random_alloc(unsigned int d, unsigned int rd)
{
	uint32_t want = model_free(d), port = 0;
	int rc = evtchn_alloc_unbound(&doms[d], doms[rd].id, &port);
	struct model_port *m = opened(d, want, rc, port);

	if (m) {
		m->state = EVTCHNSTAT_unbound;
		m->rd = rd;
	}
}

static void random_bind(unsigned int d, unsigned int rd)
{
	uint32_t want = model_free(d), port = 0, rport = (uint32_t)unit_below(PORTS_TRIED);
	struct model_port *r = &model[rd][rport], *m;
	int rc = evtchn_bind_interdomain(&doms[d], &doms[rd], rport, &port);

	if (r->state != EVTCHNSTAT_unbound || r->rd != d) {
		assert_int_equal(rc, -EINVAL);
		return;
	}
	m = opened(d, want, rc, port);
	if (!m)
		return;
	*m = (struct model_port){
		.state = EVTCHNSTAT_interdomain, .rd = rd, .rport = rport, .pending = true
	};
	r->state = EVTCHNSTAT_interdomain;
	r->rport = port;
}

static void random_virq(unsigned int d)
{
	unsigned int virq = unit_below(2) ? VIRQ_TIMER : VIRQ_DOM_EXC,
		     vcpu = (unsigned int)unit_below(NR_VCPUS);
	uint32_t want = model_free(d), port = 0;
	int rc = evtchn_bind_virq(&doms[d], virq, vcpu, &port);
	struct model_port *m;

	if (virq == VIRQ_DOM_EXC && vcpu) {
		assert_int_equal(rc, -EINVAL);
		return;
	}
	for (uint32_t p = 1; p < MODEL_PORTS; p++) {
		m = &model[d][p];
		if (m->state == EVTCHNSTAT_virq && m->virq == virq && m->virq_vcpu == vcpu) {
			assert_int_equal(rc, -EEXIST);
			return;
		}
	}
	m = opened(d, want, rc, port);
	if (m)
		*m = (struct model_port){ .state = EVTCHNSTAT_virq,
					  .virq = virq,
					  .virq_vcpu = vcpu };
}

static void random_raise(unsigned int d)
{
	unsigned int vcpu = (unsigned int)unit_below(NR_VCPUS);

	evtchn_send_virq(&vcpus[d][vcpu], VIRQ_TIMER);
	for (uint32_t p = 1; p < MODEL_PORTS; p++) {
		struct model_port *m = &model[d][p];

		if (m->state == EVTCHNSTAT_virq && m->virq == VIRQ_TIMER && m->virq_vcpu == vcpu)
			m->pending = true;
	}
}

static void random_ipi(unsigned int d)
{
	uint32_t want = model_free(d), port = 0;
	int rc = evtchn_bind_ipi(&doms[d], 1, &port);
	struct model_port *m = opened(d, want, rc, port);

	if (m)
		m->state = EVTCHNSTAT_ipi;
}

static void random_close(unsigned int d)
{
	uint32_t port = (uint32_t)unit_below(PORTS_TRIED);
	struct model_port *m = &model[d][port], *r = &model[m->rd][m->rport];

	assert_int_equal(evtchn_close(&doms[d], port), m->state ? 0 : -EINVAL);
	if (m->state == EVTCHNSTAT_interdomain) {
		r->state = EVTCHNSTAT_unbound;
		r->rd = d;
	}
	m->state = EVTCHNSTAT_closed;
}

static void random_send(unsigned int d)
{
	uint32_t port = (uint32_t)unit_below(PORTS_TRIED);
	struct model_port *m = &model[d][port];
	bool good = m->state == EVTCHNSTAT_unbound || m->state == EVTCHNSTAT_interdomain ||
		    m->state == EVTCHNSTAT_ipi;

	assert_int_equal(evtchn_send(&doms[d], port), good ? 0 : -EINVAL);
	if (m->state == EVTCHNSTAT_interdomain)
		model[m->rd][m->rport].pending = true;
	else if (m->state == EVTCHNSTAT_ipi)
		m->pending = true;
}

static void random_take(unsigned int d)
{
	uint32_t port = (uint32_t)unit_below(PORTS_TRIED);

	assert_int_equal(take(d, port), model[d][port].pending);
	model[d][port].pending = false;
}

static void random_step(void)
{
	unsigned int d = (unsigned int)unit_below(NR_DOMS), rd = (unsigned int)unit_below(NR_DOMS);

	switch (unit_below(9)) {
	case 0:
		random_alloc(d, rd);
		break;
	case 1:
	case 2:
		random_bind(d, rd);
		break;
	case 3:
		random_virq(d);
		break;
	case 4:
		random_raise(d);
		break;
	case 5:
		random_ipi(d);
		break;
	case 6:
		random_close(d);
		break;
	case 7:
		random_send(d);
		break;
	case 8:
		random_take(d);
		break;
	}
}

static void compare_with_model(void)
{
	for (unsigned int d = 0; d < NR_DOMS; d++) {
		for (uint32_t p = 1; p < min(doms[d].evtchn->nr_ports, (uint32_t)MODEL_PORTS);
		     p++) {
			assert_int_equal(at(d, p)->state, model[d][p].state);
			assert_int_equal(evtchn_is_pending(&doms[d], p), model[d][p].pending);
			if (model[d][p].state == EVTCHNSTAT_interdomain)
				assert_int_equal(at(d, p)->remote_port, model[d][p].rport);
		}
	}
}

static void random_sequences(void **state)
{
	unit_seed();
	memset(model, 0, sizeof(model));
	for (unsigned int i = 0; i < 20000; i++) {
		random_step();
		check_all();
		compare_with_model();
	}
}

/* The bits of a 32-bit kernel, by their place in the i386 structs. */
static void thirty_two_bit_words(void **state)
{
	uint8_t *page = (uint8_t *)&shared[1];
	uint32_t port, last = 0;

	guest_set_layout(&infos[1], &shared_layout_32);
	for (unsigned int i = 0; i < 70; i++)
		last = bind(1, 0, alloc(0, 2));
	port = last;
	memset(page, 0, sizeof(shared[1]));
	page[0x880 + port / 8] = (uint8_t)(1 << port % 8);
	assert_int_equal(evtchn_send(&doms[0], at(1, port)->remote_port), 0);
	assert_int_equal(page[0x800 + port / 8], 1 << port % 8);
	assert_int_equal(shared[1].vcpu_info[0].evtchn_upcall_pending, 0);
	assert_int_equal(evtchn_unmask(&doms[1], port), 0);
	assert_int_equal(page[0x880 + port / 8], 0);
	assert_int_equal(shared[1].vcpu_info[0].evtchn_upcall_pending, 1);
	assert_int_equal(*(uint32_t *)(page + 4), 1U << port / 32);
	assert_int_equal(shared[1].vcpu_info[0].evtchn_pending_sel, 0);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(ports_come_lowest_first),
		T(ports_end_at_the_limit),
		T(no_memory_is_an_error),
		T(binds_only_what_was_offered),
		T(send_reaches_the_peer),
		T(masked_ports_wait),
		T(virqs_have_one_owner),
		T(close_leaves_the_peer_unbound),
		T(loopback_needs_no_reference),
		T(pollers_wake),
		T(thirty_two_bit_words),
		T(dying_domains_open_nothing),
		T(destroy_stops_in_between),
		T(closers_race),
		T(random_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
