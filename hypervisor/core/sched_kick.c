/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which CPU is to know that a vCPU waits: an idle one it may use, best the one it ran on, in its
 * own group or another; else those that may have to share. Lock: the group's, level runqueue.
 */
#include "core/sched_group.h"
#include "x86/ipi.h"

void sched_need(unsigned int cpu)
{
	WRITE_ONCE(per_cpu(sched_cpu, cpu).need, true);
	if (cpu != cpu_id())
		ipi_kick(cpu);
}

static uint64_t curr_vruntime(unsigned int cpu, uint64_t t)
{
	struct vcpu *v = per_cpu(sched_cpu, cpu).curr;

	return v ? fair_vruntime_at(&v->sched, &v->d->sched, t) : 0;
}

void sched_update_level(struct sched_group *g, unsigned int cpu, uint64_t t)
{
	struct sched_cpu *sc = &per_cpu(sched_cpu, cpu);
	struct sched_vcpu *first;
	uint64_t least;

	if (!sc->curr)
		return;
	least = curr_vruntime(cpu, t);
	first = fair_first(&g->q, cpu);
	if (first)
		least = min(least, first->vruntime);
	WRITE_ONCE(sc->level, max(sc->level, least));
}

uint64_t sched_level(struct sched_group *g, const struct sched_vcpu *s, uint64_t t)
{
	uint64_t cpus = g->cpus & s->affinity, level = 0;
	unsigned int c;

	for (; cpus; cpus &= cpus - 1) {
		c = (unsigned int)__builtin_ctzll(cpus);
		sched_update_level(g, c, t);
		level = max(level, per_cpu(sched_cpu, c).level);
	}
	return level;
}

/* Kick one of g's idle CPUs that s may use; the next waker then looks for another one. */
static bool kick_idle(struct sched_group *g, const struct sched_vcpu *s)
{
	uint64_t idle = READ_ONCE(g->idle) & s->affinity;
	unsigned int c;

	if (!idle)
		return false;
	c = idle & bit(s->cpu) ? s->cpu : (unsigned int)__builtin_ctzll(idle);
	atomic_and(&g->idle, ~bit(c));
	sched_need(c);
	return true;
}

/*
 * The same in other groups: the kicked CPU takes s from our queue, if it finds nothing in its
 * own.
 */
static bool kick_idle_elsewhere(const struct sched_group *mine, const struct sched_vcpu *s)
{
	for (struct sched_group *g = sched_groups; g < groups_end(); g++)
		if (g != mine && kick_idle(g, s))
			return true;
	return false;
}

/*
 * s is queued: see that those CPUs know which could run it (`except` has just looked at the
 * queue). An idle one is enough. Else each must have its slice timer set, so that s does not
 * depend on how any single one gets on, and the one whose vCPU is most ahead may have to give way
 * at once.
 */
void sched_kick_for(struct sched_group *g, struct sched_vcpu *s, uint64_t t, uint64_t except)
{
	uint64_t cpus = g->cpus & s->affinity & ~except, most = 0, vruntime;
	unsigned int c, worst = NR_CPUS;

	if (s->running_on >= 0) {
		sched_need((unsigned int)s->running_on);
		return;
	}
	if (kick_idle(g, s) || kick_idle_elsewhere(g, s))
		return;
	for (; cpus; cpus &= cpus - 1) {
		c = (unsigned int)__builtin_ctzll(cpus);
		if (per_cpu(sched_cpu, c).need)
			continue; /* on its way to the queue already */
		if (!per_cpu(sched_cpu, c).slice_armed)
			sched_need(c);
		vruntime = curr_vruntime(c, t);
		if (worst == NR_CPUS || vruntime > most) {
			most = vruntime;
			worst = c;
		}
	}
	if (worst != NR_CPUS && fair_preempts(s->vruntime, most))
		sched_need(worst);
}

/*
 * We took one from the queue, perhaps not the one we were kicked for: those left behind may want
 * a CPU that still idles. With many waiting nobody idles, so this is seldom more than a look.
 */
void sched_kick_for_others(struct sched_group *g)
{
	uint64_t idle = 0;

	if (list_empty(&g->q.waiting))
		return;
	for (const struct sched_group *o = sched_groups; o < groups_end(); o++)
		idle |= READ_ONCE(o->idle);
	if (!idle)
		return;
	list_for_each(struct sched_vcpu, s, &g->q.waiting, queue)
		if (s->running_on < 0 && !kick_idle(g, s))
			(void)kick_idle_elsewhere(g, s);
}
