/* SPDX-License-Identifier: GPL-2.0-only */
/* Each CPU's hardware timer: only its deadline. */
#include "fakes/fakes.h"
#include "x86/cpu.h"
#include "x86/lapic.h"

uint64_t fake_lapic_deadline_ns[FAKE_NR_CPUS] = { [0 ... FAKE_NR_CPUS - 1] = LAPIC_TIMER_OFF };

void lapic_timer_set(uint64_t deadline_ns)
{
	fake_lapic_deadline_ns[cpu_id()] = deadline_ns;
}
