/* SPDX-License-Identifier: GPL-2.0-only */
/* Kicks are remembered. */
#include "fakes/fakes.h"
#include "x86/ipi.h"

uint64_t fake_ipi_kicks;
void (*fake_ipi_hook)(unsigned int cpu);

void ipi_kick(unsigned int cpu)
{
	fake_ipi_kicks |= 1ULL << cpu;
	if (fake_ipi_hook)
		fake_ipi_hook(cpu);
}
