/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mechanism of time-sharing. CPUs form groups of eight, each with one queue of waiting vCPUs
 * and one lock; within a group fairness is exact, between groups idle CPUs take from the others'
 * queues.
 *
 *	blocked/offline --sched_update()--> queued --sched_pick()--> running
 *	       ^                              | ^                      |
 *	       |            budget used up    v | unpark timer         |
 *	       |                            parked                     |
 *	       +---------------------------- sched_pick() -------------+
 *
 * Who makes a vCPU runnable queues it and kicks one CPU: an idle one, or the one whose vCPU is
 * worst off in its claim. Only a CPU itself changes what it runs. There is no tick: the slice
 * timer is set while somebody waits or a cap counts. Lock: the group's, level runqueue.
 */
#include "core/sched_group.h"
#include "x86/time.h"

uint64_t sched_pool;
struct sched_group sched_groups[NR_GROUPS];
DEFINE_PERCPU(struct sched_cpu, sched_cpu) = { .need = true };

struct sched_group *sched_lock_home(struct vcpu *v) __acquires(v)
{
	struct sched_group *g;

	for (;;) {
		g = group_of(READ_ONCE(v->sched.cpu));
		spin_lock(&g->lock);
		if (g == group_of(v->sched.cpu))
			return g;
		spin_unlock(&g->lock);
	}
}

bool sched_needed(void)
{
	return READ_ONCE(this_cpu(sched_cpu).need);
}

void sched_set_runstate(struct sched_vcpu *s, enum runstate state, uint64_t t)
{
	s->time_ns[s->state] += t - s->state_since_ns;
	s->state_since_ns = t;
	s->state = state;
}

static enum runstate resting_state(const struct vcpu *v)
{
	return READ_ONCE(v->wait) & ~WAIT_BLOCKED ? RUN_OFFLINE : RUN_BLOCKED;
}

/* --- caps --- */

static void park(struct sched_group *g, struct sched_vcpu *s)
{
	uint64_t end = fair_period_end(domain_of(s));

	s->parked = true;
	list_add_tail(&g->parked, &s->queue);
	if (!timer_is_set(&g->unpark) || end < g->unpark.deadline_ns)
		timer_set(&g->unpark, end);
}

static void leave_parking(struct sched_vcpu *s)
{
	s->parked = false;
	list_del(&s->queue);
}

/* The group's timer: a period of some capped domain has ended. */
static void unpark(void *arg)
{
	struct sched_group *g = arg;
	struct sched_vcpu *s, *tmp;
	uint64_t t = now(), next = UINT64_MAX;

	spin_lock(&g->lock);
	list_for_each_safe(s, tmp, &g->parked, queue) {
		if (!fair_budget(domain_of(s), t)) {
			next = min(next, fair_period_end(domain_of(s)));
			continue;
		}
		leave_parking(s);
		fair_place(s, sched_level(g, s, t));
		fair_insert(&g->q, s);
		sched_kick_for(g, s, t, 0);
	}
	if (next != UINT64_MAX)
		timer_set(&g->unpark, next);
	spin_unlock(&g->lock);
}

static void enqueue(struct sched_group *g, struct sched_vcpu *s, uint64_t t)
{
	if (fair_budget(domain_of(s), t))
		fair_insert(&g->q, s);
	else
		park(g, s);
}

/* --- waking and resting --- */

void sched_take_off(struct sched_group *g, struct sched_vcpu *s)
{
	if (s->queued)
		fair_remove(&g->q, s);
	else if (s->parked)
		leave_parking(s);
}

static void rest(struct sched_group *g, struct vcpu *v, uint64_t t)
{
	struct sched_vcpu *s = &v->sched;

	if (s->state == RUN_RUNNING) {
		sched_need(s->cpu);
		return;
	}
	sched_take_off(g, s);
	if (s->state != resting_state(v))
		sched_set_runstate(s, resting_state(v), t);
	if (s->running_on >= 0 && s->state == RUN_OFFLINE)
		sched_need((unsigned int)s->running_on); /* it must let go of the registers */
}

static void wake(struct sched_group *g, struct vcpu *v, uint64_t t)
{
	struct sched_vcpu *s = &v->sched;

	if (s->state == RUN_RUNNING || s->parked)
		return;
	if (!s->queued) {
		if (s->state != RUN_RUNNABLE) {
			fair_place(s, sched_level(g, s, t));
			sched_set_runstate(s, RUN_RUNNABLE, t);
		}
		if (!(s->affinity & g->cpus) && s->running_on >= 0) {
			/* It must let go first; then s changes group. */
			sched_need((unsigned int)s->running_on);
			return;
		}
		enqueue(g, s, t);
	}
	if (s->queued)
		sched_kick_for(g, s, t, 0);
}

/* Affinity excludes the whole group: v, which neither runs nor waits, changes to another. */
static void change_group(struct sched_vcpu *s)
{
	unsigned int cpu = (unsigned int)__builtin_ctzll(s->affinity);

	fair_rebase(s, READ_ONCE(per_cpu(sched_cpu, cpu).level));
	s->cpu = (uint16_t)cpu;
}

void sched_update(struct vcpu *v)
{
	struct sched_vcpu *s = &v->sched;
	struct sched_group *g;

	for (;;) {
		g = sched_lock_home(v);
		if (s->affinity & g->cpus || s->running_on >= 0 || s->queued || s->parked)
			break;
		if (!vcpu_is_runnable(v) ||
		    group_of((unsigned int)__builtin_ctzll(s->affinity)) == g)
			break;
		change_group(s);
		spin_unlock(&g->lock);
	}
	if (vcpu_is_runnable(v))
		wake(g, v, now());
	else
		rest(g, v, now());
	spin_unlock(&g->lock);
}

void sched_yield(void)
{
	struct sched_cpu *sc = &this_cpu(sched_cpu);

	if (!READ_ONCE(group_of(cpu_id())->q.nr_waiting))
		return;
	sc->yielded = true;
	sc->need = true;
}

/* --- choosing a vCPU for this CPU --- */

/* Bring the first that may run here from another group's queue into ours. */
static void steal(struct sched_group *g, struct sched_cpu *sc, unsigned int cpu,
		  unsigned int more_than)
{
	struct sched_vcpu *s;

	for (struct sched_group *o = sched_groups; o < groups_end(); o++) {
		if (o == g || READ_ONCE(o->q.nr_waiting) <= more_than)
			continue;
		if (!spin_trylock(&o->lock)) {
			sc->need = true; /* look again soon */
			continue;
		}
		__acquire(&o->lock);
		s = fair_first(&o->q, cpu);
		if (s) {
			fair_remove(&o->q, s);
			fair_rebase(s, sc->level);
			s->cpu = (uint16_t)cpu;
			fair_insert(&g->q, s);
		}
		spin_unlock(&o->lock);
		if (s)
			return;
	}
}

/* The first in the queue whose domain has budget left; the others are parked on the way. */
static struct sched_vcpu *first_with_budget(struct sched_group *g, unsigned int cpu, uint64_t t)
{
	struct sched_vcpu *s;

	while ((s = fair_first(&g->q, cpu)) && !fair_budget(domain_of(s), t)) {
		fair_remove(&g->q, s);
		park(g, s);
	}
	return s;
}

static bool may_stay(struct vcpu *v, unsigned int cpu, uint64_t t)
{
	return vcpu_is_runnable(v) && v->sched.affinity & bit(cpu) && fair_budget(&v->d->sched, t);
}

static struct sched_vcpu *choose(struct sched_group *g, struct sched_cpu *sc, unsigned int cpu,
				 uint64_t t)
{
	struct sched_vcpu *prev = sc->curr ? &sc->curr->sched : NULL, *first;
	bool yielded = sc->yielded, slice_over;

	sc->yielded = false;
	if (prev && !may_stay(sc->curr, cpu, t))
		prev = NULL;
	slice_over = prev && t - prev->slice_start_ns >= SLICE_NS;
	if (slice_over)
		steal(g, sc, cpu, g->q.nr_waiting + 1);
	first = first_with_budget(g, cpu, t);
	if (!first && !prev) {
		steal(g, sc, cpu, 0);
		first = first_with_budget(g, cpu, t);
	}
	if (!first || !prev)
		return first ? first : prev;
	if (yielded || fair_preempts(first->vruntime, prev->vruntime))
		return first;
	if (!slice_over || prev->vruntime < first->vruntime)
		return prev;
	return first;
}

/* The current vCPU stops running. */
static void put_prev(struct sched_group *g, struct vcpu *v, uint64_t t)
{
	struct sched_vcpu *s = &v->sched;

	if (!vcpu_is_runnable(v)) {
		sched_set_runstate(s, resting_state(v), t);
		return;
	}
	sched_set_runstate(s, RUN_RUNNABLE, t);
	if (s->affinity & g->cpus)
		enqueue(g, s, t);
}

static void take_next(struct sched_group *g, struct sched_vcpu *s, unsigned int cpu, uint64_t t)
{
	fair_remove(&g->q, s);
	s->cpu = (uint16_t)cpu;
	s->slice_start_ns = s->charged_ns = t;
	sched_set_runstate(s, RUN_RUNNING, t);
	store_release(&s->running_on, (int32_t)cpu);
}

/*
 * Save whoever's registers are here and should not be: somebody else runs next, or it did not
 * just block. Only then can another CPU take it, so only then is it worth a kick. Returns it,
 * with its domain referenced, if it must change to another group, which takes that group's lock.
 */
static struct vcpu *unload(struct sched_group *g, struct sched_cpu *sc, struct vcpu *next,
			   unsigned int cpu, uint64_t t)
{
	struct vcpu *v = sc->loaded;
	bool must_leave;

	if (!v || v == next)
		return NULL;
	if (!next && !(READ_ONCE(v->wait) & ~WAIT_BLOCKED) && v->sched.affinity & bit(cpu))
		return NULL;
	must_leave = !(v->sched.affinity & g->cpus);
	if (must_leave)
		domain_ref(v->d); /* from here on nothing else keeps it from being freed */
	vcpu_save(v);
	store_release(&v->sched.running_on, -1);
	sc->loaded = NULL;
	if (!must_leave) {
		if (v->sched.queued)
			sched_kick_for(g, &v->sched, t, bit(cpu));
		return NULL;
	}
	sched_take_off(g, &v->sched);
	return v;
}

static void arm_slice(struct sched_group *g, struct sched_cpu *sc, unsigned int cpu, uint64_t t)
{
	uint64_t deadline = UINT64_MAX, budget;
	struct sched_vcpu *s;

	if (sc->curr) {
		s = &sc->curr->sched;
		if (t - s->slice_start_ns >= SLICE_NS)
			s->slice_start_ns = t;
		if (fair_first(&g->q, cpu))
			deadline = s->slice_start_ns + SLICE_NS;
		budget = fair_budget(domain_of(s), t);
		if (budget != UINT64_MAX) {
			budget = max(budget, MIN_SLICE_NS);
			deadline = min(deadline, t + budget);
		}
	}
	sc->slice_armed = deadline != UINT64_MAX;
	if (!sc->slice_armed)
		timer_stop(&sc->slice);
	else if (!timer_is_set(&sc->slice) || sc->slice.deadline_ns != deadline)
		timer_set(&sc->slice, deadline);
}

static void slice_ended(void *arg)
{
	struct sched_cpu *sc = arg;

	sc->need = true;
}

static void account_idle(struct sched_group *g, struct sched_cpu *sc, unsigned int cpu, uint64_t t)
{
	if (!sc->curr) {
		atomic_or(&g->idle, bit(cpu));
		if (!sc->idle_since_ns)
			sc->idle_since_ns = t;
		return;
	}
	if (g->idle & bit(cpu))
		atomic_and(&g->idle, ~bit(cpu));
	if (sc->idle_since_ns)
		sc->idle_ns += t - sc->idle_since_ns;
	sc->idle_since_ns = 0;
}

struct vcpu *__outlined sched_pick(void)
{
	unsigned int cpu = cpu_id();
	struct sched_cpu *sc = &this_cpu(sched_cpu);
	struct sched_group *g = group_of(cpu);
	struct vcpu *prev, *next, *homeless;
	struct sched_vcpu *chosen;
	bool load;
	uint64_t t;

	spin_lock(&g->lock);
	WRITE_ONCE(sc->need, false);
	t = now();
	prev = sc->curr;
	if (prev)
		fair_charge(&prev->sched, &prev->d->sched, t);
	chosen = choose(g, sc, cpu, t);
	next = chosen ? vcpu_of(chosen) : NULL;
	if (next != prev) {
		if (next)
			take_next(g, chosen, cpu, t);
		if (prev)
			put_prev(g, prev, t);
		sc->curr = next;
	}
	sched_update_level(g, cpu, t);
	arm_slice(g, sc, cpu, t);
	account_idle(g, sc, cpu, t);
	homeless = unload(g, sc, next, cpu, t);
	if (next && next != prev)
		sched_kick_for_others(g);
	load = next && sc->loaded != next;
	if (next)
		sc->loaded = next;
	spin_unlock(&g->lock);

	if (load)
		vcpu_load(next);
	if (next != prev) {
		set_current_vcpu(next);
		if (next) /* its runstate area is out of date */
			atomic_or(&next->todo, TODO_RUNSTATE);
	}
	if (homeless) {
		sched_update(homeless);
		domain_put(homeless->d);
	}
	return next;
}

/* --- beginnings and ends --- */

static unsigned int first_cpu(void)
{
	return hvm_spare_boot_cpu && nr_cpus > 1;
}

unsigned int sched_pool_size(void)
{
	return nr_cpus - first_cpu();
}

unsigned int sched_nth_cpu(unsigned int n)
{
	return first_cpu() + n % sched_pool_size();
}

void sched_init(void)
{
	sched_pool = ~0ULL >> (64 - sched_pool_size()) << first_cpu();
	for (struct sched_group *g = sched_groups; g < sched_groups + NR_GROUPS; g++) {
		spin_init(&g->lock, LOCK_runqueue);
		fair_init(&g->q);
		list_init(&g->parked);
		timer_init(&g->unpark, unpark, g);
		g->cpus = g->idle = 0;
	}
}

void sched_cpu_init(void)
{
	unsigned int cpu = cpu_id();
	struct sched_cpu *sc = &this_cpu(sched_cpu);
	struct sched_group *g = group_of(cpu);

	timer_init(&sc->slice, slice_ended, sc);
	spin_lock(&g->lock);
	g->cpus |= bit(cpu);
	sc->idle_since_ns = now();
	spin_unlock(&g->lock);
}

void sched_domain_init(struct domain *d)
{
	d->sched = (struct sched_domain){ .weight = SCHED_WEIGHT_DEFAULT };
	spin_init(&d->sched.lock, LOCK_schedcap);
}

void sched_vcpu_init(struct vcpu *v)
{
	static uint32_t nr_made; /* spreads new vCPUs over the groups */

	v->sched = (struct sched_vcpu){
		.affinity = sched_pool,
		.state = RUN_OFFLINE,
		.state_since_ns = now(),
		.cpu = (uint16_t)sched_nth_cpu(atomic_add_return(&nr_made, 1)),
		.running_on = -1,
	};
	list_init(&v->sched.queue);
}

void sched_vcpu_remove(struct vcpu *v)
{
	struct sched_vcpu *s = &v->sched;
	struct sched_group *g = sched_lock_home(v);

	BUG_ON(s->state == RUN_RUNNING || s->running_on >= 0);
	sched_take_off(g, s);
	spin_unlock(&g->lock);
}
