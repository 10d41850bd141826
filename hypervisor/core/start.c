/* SPDX-License-Identifier: GPL-2.0-only */
/* The hand-over from init to the run loop, on each CPU. See start.h for why it is not in init/. */
#include "core/start.h"
#include "core/sched.h"
#include "core/timer.h"
#include "hvm/hvm.h"
#include "x86/ipi.h"
#include "x86/spec.h"
#include "x86/irq.h"
#include "x86/time.h"

static void (*run_loop)(void); /* set by start_others(), pairs with start_other_cpu() */
static uint32_t nr_serving;    /* other CPUs; atomic */

static void timer_interrupt(void *arg)
{
	timer_run();
}

int start_this_cpu(void)
{
	spec_cpu_init();
	irq_set_handler(VEC_TIMER, timer_interrupt, NULL);
	timer_cpu_init();
	sched_cpu_init();
	return hvm_ops->cpu_on();
}

void start_other_cpu(void)
{
	while (!load_acquire(&run_loop)) /* pairs with start_others() */
		cpu_idle_wait();
	if (start_this_cpu())
		panic("CPU %u cannot run guests although the boot CPU can; leave it out with "
		      "maxcpus=\n", cpu_id());
	atomic_inc(&nr_serving);
	run_loop();
	BUG();
}

void start_others(void (*run)(void))
{
	uint64_t give_up = now() + 10 * NSEC_PER_SEC;

	store_release(&run_loop, run);
	for (unsigned int cpu = 1; cpu < nr_cpus; cpu++)
		ipi_kick(cpu);
	while (load_acquire(&nr_serving) != nr_cpus - 1) {
		if (now() > give_up)
			panic("only %u of %u CPUs came into service; leave some out with maxcpus=\n",
			      nr_serving + 1, nr_cpus);
		cpu_relax();
	}
}

void start_service(void (*run)(void))
{
	uint64_t start = virt_to_phys(__init_start), end = virt_to_phys(__init_end);

	hostmap_drop_init();
	frame_give_heap(MFN(start >> PAGE_SHIFT), (end - start) >> PAGE_SHIFT);
	log_info("Start-up is done: %lu KiB of init memory freed\n", (end - start) >> 10);
	run();
	BUG();
}
