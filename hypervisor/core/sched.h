/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sharing physical CPUs among vCPUs: proportional to weight, limited by cap, within hard
 * affinity. The mechanism (sched.c) keeps run queues and switches; the policy (sched_fair.c,
 * pure) orders them. There is no tick: a CPU's slice timer is set only while somebody else waits.
 */
#pragma once

#include "lib/list.h"
#include "lib/spinlock.h"

struct vcpu;
struct domain;

#define SCHED_WEIGHT_DEFAULT 256

/* The numbers of <xen/vcpu.h> RUNSTATE_*. Offline is paused or down. */
enum runstate { RUN_RUNNING, RUN_RUNNABLE, RUN_BLOCKED, RUN_OFFLINE, NR_RUNSTATES };

/*
 * Embedded in struct vcpu; owned by the scheduler. Fields under the runqueue lock unless said
 * otherwise.
 */
struct sched_vcpu {
	struct list queue;
	uint64_t vruntime;	/* weighted ns of CPU time, the policy's order */
	uint64_t slice_start_ns;
	uint64_t charged_ns;	/* running: vruntime counts up to here */
	uint64_t affinity;	/* hard: bit per CPU */
	enum runstate state;
	uint64_t state_since_ns;
	uint64_t time_ns[NR_RUNSTATES];
	uint16_t cpu;		/* last or current */
	bool queued, parked;	/* waits for a CPU; waits for its domain's next cap period */
	/*
	 * CPU that holds its registers, -1; written by that CPU, read by any (acquire). A vCPU
	 * that only blocked stays loaded until the CPU has something else to run: waking it there
	 * costs nothing.
	 */
	int32_t running_on;
};

/* Per domain; weight and cap are read by any. */
struct sched_domain {
	uint16_t weight, cap;	/* cap in percent of one CPU, 0 = none; atomic */
	spinlock_t lock;	/* level schedcap, for the rest; used only with a cap */
	int64_t budget_ns;	/* left in this period; negative: owed to the next */
	uint64_t period_end_ns;
};

/* The CPUs that run vCPUs, a bit each; fixed at boot. One that does not still does the hypervisor's work. */
extern uint64_t sched_pool;
unsigned int sched_pool_size(void);
unsigned int sched_nth_cpu(unsigned int n); /* of the pool, counted from 0; wraps */

void sched_init(void);		/* boot CPU, after nr_cpus is known */
void sched_cpu_init(void);	/* each CPU */
void sched_domain_init(struct domain *d);
void sched_vcpu_init(struct vcpu *v);
void sched_vcpu_remove(struct vcpu *v); /* not running, not runnable any more */

/*
 * Look at v's flags again (vcpu_is_runnable()) and queue it, take it off, or kick the CPU that
 * runs it. Whoever changes such a flag calls this afterwards. Any CPU, any lock below runqueue.
 */
void sched_update(struct vcpu *v);
/* The current vCPU lets the others of its queue go first. */
void sched_yield(void);
/*
 * Which vCPU should this CPU run now? NULL = idle. Called by the run loop with no lock held. On a
 * change it has saved the old one (vcpu_save, under the runqueue lock) and loaded the new one
 * (vcpu_load), and set current_vcpu().
 */
struct vcpu *sched_pick(void);
/* Must the run loop call sched_pick() before entering the guest again? One flag per CPU. */
bool sched_needed(void);

/* For domctl/sysctl; all take the runqueue lock. -EINVAL for what is out of range. */
int sched_set_weight_cap(struct domain *d, unsigned int weight, unsigned int cap);
int sched_set_affinity(struct vcpu *v, uint64_t cpus); /* -EINVAL: none of the pool in it */
uint64_t sched_cpu_time_ns(struct vcpu *v);
void sched_runstate(struct vcpu *v, enum runstate *state, uint64_t *since_ns,
		    uint64_t time_ns[NR_RUNSTATES]);
uint64_t sched_idle_time_ns(unsigned int cpu);
