/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kick is an interrupt with nothing behind it: whoever sends it has changed something that the target reads
 * before it enters a guest or sleeps. The other message drops what the target's TLB knows of our own tables.
 */
#include "x86/cpu.h"
#include "x86/cr.h"
#include "x86/ipi.h"
#include "x86/irq.h"
#include "x86/lapic.h"

static void flush_interrupt(void *unused)
{
	cr3_write(cr3_read());
}

void ipi_init(void)
{
	irq_set_handler(VEC_KICK, NULL, NULL);
	irq_set_handler(VEC_FLUSH, flush_interrupt, NULL);
}

static void send(unsigned int cpu, unsigned int vector)
{
	lapic_icr_write(per_cpu(cpu_ident, cpu).apic_id, ICR_FIXED | ICR_ASSERT | vector);
}

void ipi_kick(unsigned int cpu)
{
	send(cpu, VEC_KICK);
}

void ipi_flush(unsigned int cpu)
{
	send(cpu, VEC_FLUSH);
}
