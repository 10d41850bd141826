/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy: who goes first, for how long, and what a cap allows. For sched.c; no locks but a
 * domain's cap lock, no hardware, time comes in as an argument.
 *
 * Each vCPU has a virtual runtime: CPU time divided by weight. The waiting vCPU with the least
 * goes first, so over time all get CPU in proportion to weight.
 *
 * Each CPU has a level: the least vruntime that competes for it, never falling. Where affinities
 * differ, levels drift apart. One that wakes is placed near the highest level among the CPUs it
 * may use: sleeping earns a small head start, never a hoard, and nowhere can it keep others
 * waiting for what it missed.
 */
#pragma once

#include "core/sched.h"

#define SLICE_NS  (5 * NSEC_PER_MSEC)  /* before a waiter of equal runtime gets its turn */
#define GRAN_NS	  (1 * NSEC_PER_MSEC)  /* a waking vCPU preempts when it is ahead by more */
#define MIN_SLICE_NS (100 * NSEC_PER_USEC) /* the timer is not set for less */
#define PERIOD_NS (20 * NSEC_PER_MSEC) /* of caps */

/* Those that wait, least vruntime first. Runqueue lock. */
struct fair_queue {
	struct list waiting;
	unsigned int nr_waiting;
};

void fair_init(struct fair_queue *q);
void fair_insert(struct fair_queue *q, struct sched_vcpu *s);
void fair_remove(struct fair_queue *q, struct sched_vcpu *s);
/*
 * The first that may run on cpu: affinity allows it and no other CPU still holds its registers.
 * NULL.
 */
struct sched_vcpu *fair_first(const struct fair_queue *q, unsigned int cpu);
/* s comes from sleep: it may be behind `level` by a slice, no more. */
void fair_place(struct sched_vcpu *s, uint64_t level);
/*
 * s comes from other CPUs, where the level means nothing here: within a slice of `level`, either
 * way.
 */
void fair_rebase(struct sched_vcpu *s, uint64_t level);

/*
 * The vruntime of a running vCPU at t; charge also stores it and takes it off the domain's
 * budget.
 */
uint64_t fair_vruntime_at(const struct sched_vcpu *s, const struct sched_domain *sd, uint64_t t);
void fair_charge(struct sched_vcpu *s, struct sched_domain *sd, uint64_t t);

/* Does a waiting one with vruntime `waiter` preempt one that runs with `runner`? */
static inline bool fair_preempts(uint64_t waiter, uint64_t runner)
{
	return waiter + GRAN_NS < runner;
}

/*
 * ns that sd may still use in this period, after replenishing at t; UINT64_MAX without a cap, 0 =
 * must wait.
 */
uint64_t fair_budget(struct sched_domain *sd, uint64_t t);
uint64_t fair_period_end(const struct sched_domain *sd);
