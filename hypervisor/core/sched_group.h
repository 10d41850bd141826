/* SPDX-License-Identifier: GPL-2.0-only */
/* What sched.c and sched_ctl.c share: groups of CPUs with one run queue, and each CPU's part. */
#pragma once

#include "core/domain.h"
#include "core/sched_fair.h"

#define GROUP_CPUS 8
#define NR_GROUPS  (NR_CPUS / GROUP_CPUS)

struct sched_group {
	spinlock_t lock;	/* level runqueue */
	struct fair_queue q;
	uint64_t cpus;		/* in service; bit per CPU, of all CPUs */
	uint64_t idle;		/* of those: have nothing to run and were not kicked yet; atomic */
	struct list parked;	/* runnable, but their domain's budget is used up */
	struct timer unpark;
};

struct sched_cpu {
	struct vcpu *curr;	/* running here; runqueue lock */
	struct vcpu *loaded;	/* has its registers here: curr, or who ran last; runqueue lock */
	bool need;		/* call sched_pick(); set by any, cleared here */
	bool yielded;		/* own CPU */
	bool slice_armed;	/* runqueue lock */
	struct timer slice;
	uint64_t level;		/* least vruntime that competes here; runqueue lock, any may read */
	uint64_t idle_ns;	/* runqueue lock, like idle_since_ns */
	uint64_t idle_since_ns;	/* 0: busy */
};

DECLARE_PERCPU(struct sched_cpu, sched_cpu);
extern struct sched_group sched_groups[NR_GROUPS];

static inline struct sched_group *group_of(unsigned int cpu)
{
	return &sched_groups[cpu / GROUP_CPUS];
}

static inline uint64_t bit(unsigned int cpu)
{
	return 1ULL << cpu;
}

static inline struct vcpu *vcpu_of(struct sched_vcpu *s)
{
	return container_of(s, struct vcpu, sched);
}

static inline struct sched_domain *domain_of(struct sched_vcpu *s)
{
	return &vcpu_of(s)->d->sched;
}

static inline struct sched_group *groups_end(void)
{
	return sched_groups + div_round_up(nr_cpus, GROUP_CPUS);
}

/* The group that v belongs to, locked. */
struct sched_group *sched_lock_home(struct vcpu *v) __acquires(v);
/* Have cpu call sched_pick() soon. */
void sched_need(unsigned int cpu);
/* Raise cpu's level to the least vruntime that competes there. Runqueue lock. */
void sched_update_level(struct sched_group *g, unsigned int cpu, uint64_t t);
/* s is queued: see that those CPUs know which could run it, but those in except. Runqueue lock. */
void sched_kick_for(struct sched_group *g, struct sched_vcpu *s, uint64_t t, uint64_t except);
/* One was taken from the queue: do those left behind want a CPU that still idles? */
void sched_kick_for_others(struct sched_group *g);
/* The highest level among g's CPUs that s may use. Runqueue lock. */
uint64_t sched_level(struct sched_group *g, const struct sched_vcpu *s, uint64_t t);
/* Neither waiting nor parked any more. */
void sched_take_off(struct sched_group *g, struct sched_vcpu *s);
void sched_set_runstate(struct sched_vcpu *s, enum runstate state, uint64_t t);
