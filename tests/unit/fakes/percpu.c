/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per-CPU variables: each pretended CPU has its own copy of the section, made by
 * fake_cpus_init().
 */
#include <stdlib.h>
#include "fakes/fakes.h"
#include "lib/bug.h"
#include "x86/cpu.h"

extern char __start_percpu[] __attribute__((weak)), __stop_percpu[] __attribute__((weak));

unsigned int nr_cpus = 1;
uintptr_t percpu_bias_of[NR_CPUS];
static char *areas[FAKE_NR_CPUS];
static unsigned int self;

/* Not memcpy: ASan's gaps between the variables are copied too. */
static __attribute__((no_sanitize("address"))) void copy_first_values(char *area)
{
	for (volatile char *s = __start_percpu; s < __stop_percpu; s++)
		area[s - __start_percpu] = *s;
}

void fake_cpus_init(unsigned int nr)
{
	size_t size = (size_t)(__stop_percpu - __start_percpu) + 64;
	uintptr_t skew = (uintptr_t)__start_percpu % 64;

	BUG_ON(nr > FAKE_NR_CPUS);
	nr_cpus = nr;
	self = 0;
	for (unsigned int i = 0; i < FAKE_NR_CPUS; i++) {
		free(areas[i]);
		areas[i] = i < nr ? aligned_alloc(64, round_up(size + skew, 64UL)) : NULL;
		if (i >= nr)
			continue;
		copy_first_values(areas[i] + skew);
		percpu_bias_of[i] = (uintptr_t)areas[i] + skew - (uintptr_t)__start_percpu;
	}
}

void fake_cpu_become(unsigned int cpu)
{
	BUG_ON(cpu >= nr_cpus);
	self = cpu;
}

uintptr_t percpu_bias(void)
{
	return percpu_bias_of[self];
}

unsigned int cpu_id(void)
{
	return self;
}
