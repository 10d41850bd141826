/* SPDX-License-Identifier: GPL-2.0-only */
/* What Dom0 may set and ask about sharing: weight, cap, affinity, times. Lock: runqueue. */
#include "core/sched_group.h"
#include "x86/time.h"

int sched_set_weight_cap(struct domain *d, unsigned int weight, unsigned int cap)
{
	struct sched_domain *sd = &d->sched;
	struct sched_group *g;

	if (weight < 1 || weight > UINT16_MAX || cap > 100 * NR_CPUS)
		return -EINVAL;
	spin_lock(&sd->lock);
	if (cap && !sd->cap)
		sd->budget_ns = (int64_t)(sd->period_end_ns = 0); /* a new period at once */
	WRITE_ONCE(sd->weight, (uint16_t)weight);
	WRITE_ONCE(sd->cap, (uint16_t)cap);
	spin_unlock(&sd->lock);
	for_each_vcpu(d, v) { /* those that run get their timer set anew */
		g = sched_lock_home(v);
		if (v->sched.state == RUN_RUNNING)
			sched_need(v->sched.cpu);
		if (!cap)
			sched_take_off(g, &v->sched);
		spin_unlock(&g->lock);
		sched_update(v);
	}
	return 0;
}

int sched_set_affinity(struct vcpu *v, uint64_t cpus)
{
	struct sched_vcpu *s = &v->sched;
	struct sched_group *g;
	uint64_t t;

	cpus &= sched_pool; /* bits of CPUs that do not exist mean nothing */
	if (!cpus)
		return -EINVAL;
	g = sched_lock_home(v);
	s->affinity = cpus;
	if (s->running_on >= 0 && !(cpus >> s->running_on & 1))
		sched_need((unsigned int)s->running_on);
	sched_take_off(g, s); /* sched_update() puts it back, or into another group */
	t = now();
	if (s->state == RUN_RUNNING)
		fair_charge(s, &v->d->sched, t);
	fair_rebase(s, sched_level(g, s, t));
	spin_unlock(&g->lock);
	sched_update(v);
	return 0;
}

uint64_t sched_cpu_time_ns(struct vcpu *v)
{
	uint64_t time_ns[NR_RUNSTATES], since_ns;
	enum runstate state;

	sched_runstate(v, &state, &since_ns, time_ns);
	return time_ns[RUN_RUNNING];
}

void sched_runstate(struct vcpu *v, enum runstate *state, uint64_t *since_ns,
		    uint64_t time_ns[NR_RUNSTATES])
{
	struct sched_group *g = sched_lock_home(v);
	const struct sched_vcpu *s = &v->sched;

	*state = s->state;
	*since_ns = s->state_since_ns;
	for (unsigned int i = 0; i < NR_RUNSTATES; i++)
		time_ns[i] = s->time_ns[i];
	time_ns[s->state] += now() - s->state_since_ns;
	spin_unlock(&g->lock);
}

uint64_t sched_idle_time_ns(unsigned int cpu)
{
	struct sched_group *g = group_of(cpu);
	struct sched_cpu *sc = &per_cpu(sched_cpu, cpu);
	uint64_t ns;

	spin_lock(&g->lock);
	ns = sc->idle_ns + (sc->idle_since_ns ? now() - sc->idle_since_ns : 0);
	spin_unlock(&g->lock);
	return ns;
}
