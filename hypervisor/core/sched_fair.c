/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fair shares by weight, and caps; see sched_fair.h for the idea. The queue is a sorted list: a
 * group of eight CPUs seldom has more than a few waiting, and affinity wants a walk in order
 * anyway.
 *
 * A cap is a budget of cap% of one CPU per period for the whole domain. What its vCPUs use beyond
 * it (they run in parallel and are charged afterwards) is owed to the next period, so the mean is
 * exact.
 */
#include "core/sched_fair.h"

void fair_init(struct fair_queue *q)
{
	list_init(&q->waiting);
	q->nr_waiting = 0;
}

void fair_insert(struct fair_queue *q, struct sched_vcpu *s)
{
	struct list *at = q->waiting.prev;

	/* From the end: equals stay in order of arrival. */
	while (at != &q->waiting &&
	       list_entry(at, struct sched_vcpu, queue)->vruntime > s->vruntime)
		at = at->prev;
	list_add(at, &s->queue);
	s->queued = true;
	q->nr_waiting++;
}

void fair_remove(struct fair_queue *q, struct sched_vcpu *s)
{
	list_del(&s->queue);
	s->queued = false;
	q->nr_waiting--;
}

struct sched_vcpu *fair_first(const struct fair_queue *q, unsigned int cpu)
{
	list_for_each(struct sched_vcpu, s, &q->waiting, queue)
		if (s->affinity >> cpu & 1 && (s->running_on < 0 || s->running_on == (int32_t)cpu))
			return s;
	return NULL;
}

void fair_place(struct sched_vcpu *s, uint64_t level)
{
	if (level > SLICE_NS)
		s->vruntime = max(s->vruntime, level - SLICE_NS);
}

void fair_rebase(struct sched_vcpu *s, uint64_t level)
{
	fair_place(s, level);
	s->vruntime = min(s->vruntime, level + SLICE_NS);
}

static uint64_t weighted(uint64_t ns, unsigned int weight)
{
	return weight == SCHED_WEIGHT_DEFAULT ? ns : ns * SCHED_WEIGHT_DEFAULT / weight;
}

uint64_t fair_vruntime_at(const struct sched_vcpu *s, const struct sched_domain *sd, uint64_t t)
{
	return s->vruntime + weighted(t - s->charged_ns, READ_ONCE(sd->weight));
}

void fair_charge(struct sched_vcpu *s, struct sched_domain *sd, uint64_t t)
{
	uint64_t ran = t - s->charged_ns;

	s->vruntime += weighted(ran, READ_ONCE(sd->weight));
	s->charged_ns = t;
	if (!READ_ONCE(sd->cap))
		return;
	spin_lock(&sd->lock);
	sd->budget_ns -= (int64_t)ran;
	spin_unlock(&sd->lock);
}

/* Start new periods up to t. An unused budget is not saved, a debt is paid off period by period. */
static void replenish(struct sched_domain *sd, unsigned int cap, uint64_t t)
{
	int64_t per_period = (int64_t)(PERIOD_NS * cap / 100);
	uint64_t nr;

	if (t < sd->period_end_ns)
		return;
	nr = 1 + (t - sd->period_end_ns) / PERIOD_NS;
	sd->period_end_ns += nr * PERIOD_NS;
	nr = min(nr, 1000ul); /* no overflow; a debt is never that old */
	sd->budget_ns = min(sd->budget_ns + (int64_t)nr * per_period, per_period);
}

uint64_t fair_budget(struct sched_domain *sd, uint64_t t)
{
	unsigned int cap = READ_ONCE(sd->cap);
	int64_t left;

	if (!cap)
		return UINT64_MAX;
	spin_lock(&sd->lock);
	replenish(sd, cap, t);
	left = sd->budget_ns;
	spin_unlock(&sd->lock);
	return left > 0 ? (uint64_t)left : 0;
}

uint64_t fair_period_end(const struct sched_domain *sd)
{
	return READ_ONCE(sd->period_end_ns);
}
