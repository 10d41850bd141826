/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler on simulated CPUs. Time goes in steps; in each, every CPU takes its timer
 * interrupt, asks sched_pick() when it must, and the vCPU it runs follows a small program:
 * compute, sleep, be woken by whichever CPU comes along. After every step the invariants are
 * checked: nobody runs twice or where it must not, no CPU idles while one waits that it could
 * run, every ns is accounted for. Then shares are measured.
 */
#include "unit.h"
#include "core/sched_group.h"
#include "fakes/fakes.h"
#include "lib/compiler.h"
#include "lib/errno.h"

#define MAX_VS	 40
#define STEP_NS	 (50 * NSEC_PER_USEC)
#define NR_STEPS(ms) ((ms) * NSEC_PER_MSEC / STEP_NS)

static struct sim_vcpu {
	struct vcpu v;
	struct domain *d;
	uint64_t run_ns, sleep_ns; /* program: compute (0: for ever), then sleep */
	uint64_t left_ns, wake_at_ns;
	uint64_t got_ns; /* CPU time received */
	uint64_t worst_wait_ns, ready_since_ns;
	int loaded_on;
} vs[MAX_VS];
static struct domain doms[MAX_VS];
static struct vcpu *dom_vcpus[MAX_VS][MAX_VS];
static unsigned int nr_vs, nr_doms;
static struct vcpu *current_of[FAKE_NR_CPUS];
static unsigned int nr_switches;
bool hvm_spare_boot_cpu;

/* --- what core's other files do --- */

static struct sim_vcpu *sim_of(struct vcpu *v)
{
	return container_of(v, struct sim_vcpu, v);
}

void vcpu_load(struct vcpu *v)
{
	assert_int_equal(sim_of(v)->loaded_on, -1);
	for (unsigned int i = 0; i < nr_vs; i++)
		assert_int_not_equal(vs[i].loaded_on, cpu_id());
	sim_of(v)->loaded_on = (int)cpu_id();
	nr_switches++;
}

void vcpu_save(struct vcpu *v)
{
	assert_int_equal(sim_of(v)->loaded_on, cpu_id());
	sim_of(v)->loaded_on = -1;
}

struct vcpu *current_vcpu(void)
{
	return current_of[cpu_id()];
}

void set_current_vcpu(struct vcpu *v)
{
	current_of[cpu_id()] = v;
}

void domain_ref(struct domain *d)
{
	d->refcount++;
}

void domain_put(struct domain *d)
{
	d->refcount--;
}

/* --- building --- */

static void sim_init(unsigned int cpus)
{
	memset(vs, 0, sizeof(vs));
	memset(doms, 0, sizeof(doms));
	memset(current_of, 0, sizeof(current_of));
	nr_vs = nr_doms = 0;
	fake_now_ns = 1000;
	fake_cpus_init(cpus);
	sched_init();
	for (unsigned int c = 0; c < cpus; c++) {
		fake_cpu_become(c);
		timer_cpu_init();
		sched_cpu_init();
	}
}

static struct domain *sim_domain(unsigned int weight, unsigned int cap)
{
	struct domain *d = &doms[nr_doms];

	d->vcpus = dom_vcpus[nr_doms++];
	sched_domain_init(d);
	assert_int_equal(sched_set_weight_cap(d, weight, cap), 0);
	return d;
}

static void set_wait(struct vcpu *v, uint32_t wait)
{
	v->wait = wait;
	sched_update(v);
}

static struct sim_vcpu *sim_vcpu(struct domain *d, uint64_t run_us, uint64_t sleep_us)
{
	struct sim_vcpu *s = &vs[nr_vs++];

	*s = (struct sim_vcpu){
		.d = d, .run_ns = run_us * 1000, .sleep_ns = sleep_us * 1000, .loaded_on = -1,
	};
	s->v.d = d;
	s->v.wait = WAIT_DOWN;
	s->left_ns = s->run_ns;
	s->v.id = (uint16_t)d->max_vcpus;
	d->vcpus[d->max_vcpus++] = &s->v;
	sched_vcpu_init(&s->v);
	return s;
}

static void start_all(void)
{
	for (unsigned int i = 0; i < nr_vs; i++)
		set_wait(&vs[i].v, 0);
}

/* --- invariants --- */

static void check_queue(struct sched_group *g)
{
	struct sched_vcpu *last = NULL;
	unsigned int nr = 0;

	list_for_each(struct sched_vcpu, s, &g->q.waiting, queue) {
		assert_true(s->queued && !s->parked && s->state == RUN_RUNNABLE);
		assert_true(!last || last->vruntime <= s->vruntime);
		assert_ptr_equal(group_of(s->cpu), g);
		last = s;
		nr++;
	}
	assert_int_equal(nr, g->q.nr_waiting);
}

static void check_vcpu(struct sim_vcpu *s)
{
	struct sched_vcpu *sv = &s->v.sched;
	uint64_t sum = fake_now_ns - sv->state_since_ns;
	unsigned int nr_curr = 0;

	for (unsigned int c = 0; c < nr_cpus; c++)
		nr_curr += per_cpu(sched_cpu, c).curr == &s->v;
	assert_int_equal(nr_curr, sv->state == RUN_RUNNING);
	if (nr_curr)
		assert_ptr_equal(per_cpu(sched_cpu, sv->cpu).curr, &s->v);
	assert_int_equal(s->loaded_on, sv->running_on);
	for (unsigned int i = 0; i < NR_RUNSTATES; i++)
		sum += sv->time_ns[i];
	assert_int_equal(sum, fake_now_ns - 1000); /* all were made at the start */
	if (sv->state == RUN_RUNNABLE)
		assert_true(sv->queued || sv->parked);
	if (sv->state != RUN_RUNNING && s->v.wait)
		assert_true(!sv->queued && !sv->parked);
	if (sv->parked)
		assert_true(s->d->sched.cap);
}

/*
 * CPU c idles: s does not wait for it, save for a moment when it is on its way from another group
 * or CPU.
 */
static void check_not_missed(struct sim_vcpu *s, unsigned int c)
{
	struct sched_vcpu *sv = &s->v.sched;

	if (!sv->queued || !(sv->affinity >> c & 1))
		return;
	if (sv->running_on >= 0)
		assert_true(per_cpu(sched_cpu, sv->running_on).need);
	else if (group_of(sv->cpu) != group_of(c))
		assert_true(fake_now_ns - sv->state_since_ns <= PERIOD_NS + 2 * SLICE_NS);
	else
		assert_false(sv->queued);
}

static void check_cpu(unsigned int c)
{
	struct sched_cpu *sc = &per_cpu(sched_cpu, c);

	assert_ptr_equal(sc->curr, current_of[c]);
	if (sc->need)
		return;
	if (sc->curr) {
		assert_true(sc->curr->wait == 0);
		assert_true(sc->curr->sched.affinity >> c & 1);
		assert_true(sched_pool >> c & 1);
		return;
	}
	for (unsigned int i = 0; i < nr_vs; i++)
		check_not_missed(&vs[i], c);
}

static void check_all(void)
{
	assert_int_equal(fake_locks_held, 0);
	for (struct sched_group *g = sched_groups; g < groups_end(); g++)
		check_queue(g);
	for (unsigned int i = 0; i < nr_vs; i++)
		check_vcpu(&vs[i]);
	for (unsigned int c = 0; c < nr_cpus; c++)
		check_cpu(c);
}

/* --- running --- */

static void run_cpu(unsigned int c)
{
	struct sim_vcpu *s;
	struct vcpu *v;

	fake_cpu_become(c);
	if (fake_lapic_deadline_ns[c] <= fake_now_ns) {
		fake_lapic_deadline_ns[c] = UINT64_MAX;
		timer_run();
	}
	v = current_vcpu();
	if (!v || sched_needed())
		v = sched_pick();
	if (!v)
		return;
	s = sim_of(v);
	s->got_ns += STEP_NS;
	if (!s->run_ns)
		return;
	if (s->left_ns > STEP_NS) {
		s->left_ns -= STEP_NS;
		return;
	}
	s->left_ns = s->run_ns;
	s->wake_at_ns = fake_now_ns + STEP_NS + s->sleep_ns;
	v->wait |= WAIT_BLOCKED; /* in effect at the end of this step */
	sched_update(v);
}

static void wake_sleepers(void)
{
	for (unsigned int i = 0; i < nr_vs; i++) {
		struct sim_vcpu *s = &vs[i];

		if (s->v.wait & WAIT_BLOCKED && s->wake_at_ns <= fake_now_ns) {
			fake_cpu_become((unsigned int)unit_below(nr_cpus));
			s->ready_since_ns = fake_now_ns;
			set_wait(&s->v, s->v.wait & ~(uint32_t)WAIT_BLOCKED);
		}
		if (s->v.wait || s->v.sched.state == RUN_RUNNING)
			s->ready_since_ns = fake_now_ns;
		s->worst_wait_ns = max(s->worst_wait_ns, fake_now_ns - s->ready_since_ns);
	}
}

/* A step: the CPUs in turn, again for those kicked meanwhile, as their IPIs would. */
static void sim_step(void)
{
	wake_sleepers();
	for (unsigned int c = 0; c < nr_cpus; c++)
		run_cpu(c);
	for (unsigned int round = 0; round < 4; round++)
		for (unsigned int c = 0; c < nr_cpus; c++)
			if (per_cpu(sched_cpu, c).need) {
				fake_cpu_become(c);
				sched_pick();
			}
	check_all();
	fake_now_ns += STEP_NS;
}

static void sim_run(uint64_t ms)
{
	for (uint64_t i = 0; i < NR_STEPS(ms); i++)
		sim_step();
}

static void forget_shares(void)
{
	for (unsigned int i = 0; i < nr_vs; i++) {
		vs[i].got_ns = vs[i].worst_wait_ns = 0;
		vs[i].ready_since_ns = fake_now_ns;
	}
}

/* Share of one CPU in permille over ms. */
static uint64_t share(const struct sim_vcpu *s, uint64_t ms)
{
	return s->got_ns * 1000 / (ms * NSEC_PER_MSEC);
}

static void assert_share(const struct sim_vcpu *s, uint64_t ms, uint64_t want, uint64_t off)
{
	print_message("    d%ld: %llu permille of a CPU, fair %llu\n", (long)(s->d - doms),
		      (unsigned long long)share(s, ms), (unsigned long long)want);
	assert_in_range(share(s, ms), want > off ? want - off : 0, want + off);
}

/* --- tests --- */

static void one_vcpu_needs_no_timer(void **state)
{
	struct sim_vcpu *a;

	sim_init(2);
	a = sim_vcpu(sim_domain(256, 0), 0, 0);
	start_all();
	nr_switches = 0;
	sim_run(100);
	assert_share(a, 100, 1000, 0);
	assert_int_equal(nr_switches, 1);
	for (unsigned int c = 0; c < 2; c++)
		assert_false(timer_is_set(&per_cpu(sched_cpu, c).slice));
	assert_int_equal(sched_idle_time_ns(0) + sched_idle_time_ns(1), 100 * NSEC_PER_MSEC);
	assert_int_equal(sched_cpu_time_ns(&a->v), 100 * NSEC_PER_MSEC);
}

static void weights_divide_a_cpu(void **state)
{
	sim_init(1);
	sim_vcpu(sim_domain(256, 0), 0, 0);
	sim_vcpu(sim_domain(512, 0), 0, 0);
	sim_vcpu(sim_domain(256, 0), 0, 0);
	start_all();
	sim_run(2000);
	assert_share(&vs[0], 2000, 250, 5);
	assert_share(&vs[1], 2000, 500, 5);
	assert_share(&vs[2], 2000, 250, 5);
}

static void three_share_two_cpus(void **state)
{
	sim_init(2);
	for (unsigned int i = 0; i < 3; i++)
		sim_vcpu(sim_domain(256, 0), 0, 0);
	start_all();
	sim_run(3000);
	for (unsigned int i = 0; i < 3; i++)
		assert_share(&vs[i], 3000, 667, 10);
	for (unsigned int i = 0; i < 3; i++)
		assert_true(vs[i].worst_wait_ns <= 4 * SLICE_NS);
}

static void caps_hold_whatever_is_free(void **state)
{
	struct domain *d;

	sim_init(2);
	d = sim_domain(256, 50);
	sim_vcpu(d, 0, 0);
	sim_vcpu(d, 0, 0);
	sim_vcpu(sim_domain(256, 20), 0, 0);
	sim_vcpu(sim_domain(256, 120), 0, 0);
	start_all();
	sim_run(200);
	forget_shares();
	sim_run(2000);
	assert_in_range(share(&vs[0], 2000) + share(&vs[1], 2000), 490, 510);
	assert_share(&vs[2], 2000, 200, 5);
	/*
	 * while all four compete each has half a CPU: 8 ms of 20, then two thirds, then a whole
	 * one
	 */
	assert_share(&vs[3], 2000, 775, 50);
	/* lifting the cap works within a period */
	fake_cpu_become(0);
	assert_int_equal(sched_set_weight_cap(d, 256, 0), 0);
	sim_run(50);
	forget_shares();
	sim_run(500);
	assert_true(share(&vs[0], 500) + share(&vs[1], 500) > 900);
	assert_int_equal(sched_set_weight_cap(d, 0, 0), -EINVAL);
	assert_int_equal(sched_set_weight_cap(d, 1, 65535), -EINVAL);
}

static void affinity_is_obeyed(void **state)
{
	sim_init(3);
	for (unsigned int i = 0; i < 5; i++)
		sim_vcpu(sim_domain(256, 0), 0, 0);
	assert_int_equal(sched_set_affinity(&vs[0].v, 1), 0);
	assert_int_equal(sched_set_affinity(&vs[1].v, 1), 0);
	assert_int_equal(sched_set_affinity(&vs[2].v, 1), 0);
	assert_int_equal(sched_set_affinity(&vs[0].v, 0), -EINVAL);
	assert_int_equal(sched_set_affinity(&vs[0].v, 0xf0), -EINVAL);
	start_all();
	sim_run(1500);
	for (unsigned int i = 0; i < 3; i++)
		assert_share(&vs[i], 1500, 333, 10);
	assert_share(&vs[3], 1500, 1000, 5);
	assert_share(&vs[4], 1500, 1000, 5);
	/* all to CPU 2, while running */
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(sched_set_affinity(&vs[i].v, 4), 0);
	sim_run(20);
	forget_shares();
	sim_run(1500);
	for (unsigned int i = 0; i < 5; i++)
		assert_share(&vs[i], 1500, 200, 10);
}

static void sleepers_wake_at_once_and_gain_no_more(void **state)
{
	sim_init(1);
	sim_vcpu(sim_domain(256, 0), 0, 0);
	sim_vcpu(sim_domain(256, 0), 200, 10000); /* 2 %: never waits long */
	sim_vcpu(sim_domain(256, 0), 400, 5);	  /* nearly always computing: its half, not more */
	start_all();
	sim_run(100);
	forget_shares();
	sim_run(3000);
	assert_true(vs[1].worst_wait_ns <= SLICE_NS);
	assert_share(&vs[1], 3000, 20, 4);
	assert_share(&vs[2], 3000, 490, 60);
	/* a long sleep saves nothing up */
	set_wait(&vs[2].v, WAIT_PAUSED);
	sim_run(1000);
	set_wait(&vs[2].v, 0);
	forget_shares();
	sim_run(40);
	assert_true(share(&vs[0], 40) >= 300);
}

static void yield_lets_the_next_go(void **state)
{
	sim_init(1);
	sim_vcpu(sim_domain(256, 0), 0, 0);
	sim_vcpu(sim_domain(256, 0), 0, 0);
	start_all();
	sim_run(1);
	for (unsigned int i = 0; i < 20; i++) {
		struct vcpu *before = current_of[0];

		sched_yield();
		assert_true(sched_needed());
		sim_step();
		assert_ptr_not_equal(current_of[0], before);
	}
	set_wait(&vs[0].v, WAIT_PAUSED);
	sim_run(1);
	sched_yield();
	assert_false(sched_needed());
}

static void blocking_alone_keeps_registers(void **state)
{
	sim_init(2);
	sim_vcpu(sim_domain(256, 0), 100, 300);
	start_all();
	nr_switches = 0;
	sim_run(100);
	assert_int_equal(nr_switches, 1);
	/* a pause takes them away */
	set_wait(&vs[0].v, vs[0].v.wait | WAIT_PAUSED);
	sim_step();
	assert_int_equal(vs[0].v.sched.running_on, -1);
	assert_int_equal(vs[0].v.sched.state, RUN_OFFLINE);
	sched_vcpu_remove(&vs[0].v);
}

static void the_boot_cpu_can_be_spared(void **state)
{
	hvm_spare_boot_cpu = true;
	sim_init(3);
	assert_int_equal(sched_pool, 6);
	assert_int_equal(sched_pool_size(), 2);
	assert_int_equal(sched_nth_cpu(0), 1);
	assert_int_equal(sched_nth_cpu(3), 2);
	for (unsigned int i = 0; i < 3; i++)
		sim_vcpu(sim_domain(256, 0), 0, 0);
	assert_int_equal(sched_set_affinity(&vs[0].v, 1), -EINVAL);
	assert_int_equal(sched_set_affinity(&vs[1].v, 3), 0);
	assert_int_equal(vs[1].v.sched.affinity, 2);
	start_all();
	sim_run(1000);
	assert_int_equal(sched_idle_time_ns(0), 1000 * NSEC_PER_MSEC);
	assert_int_equal(sched_idle_time_ns(1) + sched_idle_time_ns(2), 0);
	sim_init(1); /* alone it must */
	assert_int_equal(sched_pool, 1);
	assert_int_equal(sched_nth_cpu(7), 0);
	hvm_spare_boot_cpu = false;
}

static void random_life(void **state)
{
	unsigned int weight, cap;

	unit_seed();
	for (unsigned int round = 0; round < 12; round++) {
		hvm_spare_boot_cpu = unit_below(4) == 0;
		sim_init(1 + (unsigned int)unit_below(FAKE_NR_CPUS));
		for (unsigned int d = 0; d < 5; d++) {
			struct domain *dom;

			cap = unit_below(3) ? 0 : 10 + (unsigned int)unit_below(300);
			dom = sim_domain(64u << unit_below(5), cap);

			for (uint64_t n = 1 + unit_below(4); n--;)
				sim_vcpu(dom, unit_below(2) ? 0 : unit_below(3000),
					 unit_below(5000));
		}
		start_all();
		for (unsigned int step = 0; step < 4000; step++) {
			struct sim_vcpu *s = &vs[unit_below(nr_vs)];

			fake_cpu_become((unsigned int)unit_below(nr_cpus));
			switch (unit_below(40)) {
			case 0:
				set_wait(&s->v, s->v.wait ^ WAIT_PAUSED);
				break;
			case 1:
				assert_int_equal(sched_set_affinity(&s->v, sched_pool & unit_rand() ?: sched_pool), 0);
				break;
			case 2:
				assert_int_equal(
					sched_set_affinity(&s->v, 1ULL << sched_nth_cpu((unsigned int)unit_below(64))), 0);
				break;
			case 3:
				weight = 1 + (unsigned int)unit_below(1000);
				cap = unit_below(2) ? 0 : 1 + (unsigned int)unit_below(300);
				assert_int_equal(sched_set_weight_cap(s->d, weight, cap), 0);
				break;
			case 4:
				sched_yield();
				break;
			}
			sim_step();
		}
		for (unsigned int i = 0; i < nr_vs; i++)
			set_wait(&vs[i].v, WAIT_DOWN);
		sim_run(1);
		for (unsigned int i = 0; i < nr_vs; i++)
			sched_vcpu_remove(&vs[i].v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_vcpu_needs_no_timer),
		cmocka_unit_test(weights_divide_a_cpu),
		cmocka_unit_test(three_share_two_cpus),
		cmocka_unit_test(caps_hold_whatever_is_free),
		cmocka_unit_test(affinity_is_obeyed),
		cmocka_unit_test(sleepers_wake_at_once_and_gain_no_more),
		cmocka_unit_test(yield_lets_the_next_go),
		cmocka_unit_test(blocking_alone_keeps_registers),
		cmocka_unit_test(the_boot_cpu_can_be_spared),
		cmocka_unit_test(random_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
