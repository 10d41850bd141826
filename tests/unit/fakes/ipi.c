/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages between CPUs: remembered, carried out when the test asks. */
#include "fakes/fakes.h"
#include "lib/errno.h"
#include "x86/ipi.h"

#define QUEUE 32

uint64_t fake_ipi_kicks;
void (*fake_ipi_hook)(unsigned int cpu);

static struct {
	void (*fn)(void *arg);
	void *arg;
} calls[FAKE_NR_CPUS][QUEUE];
static unsigned int nr_calls[FAKE_NR_CPUS];

void ipi_kick(unsigned int cpu)
{
	fake_ipi_kicks |= 1ULL << cpu;
	if (fake_ipi_hook)
		fake_ipi_hook(cpu);
}

int ipi_call(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	unsigned int i = nr_calls[cpu];

	if (i == QUEUE)
		return -EBUSY;
	calls[cpu][i].fn = fn;
	calls[cpu][i].arg = arg;
	nr_calls[cpu]++;
	return 0;
}

void fake_ipi_run(unsigned int cpu)
{
	for (unsigned int i = 0; i < nr_calls[cpu]; i++)
		calls[cpu][i].fn(calls[cpu][i].arg);
	nr_calls[cpu] = 0;
}
