/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vector table. Written under the irq lock, read without it by irq_dispatch(): an entry's
 * argument is stored before its function, and a freed entry's function is cleared first.
 */
#include "lib/spinlock.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/irq.h"
#include "x86/lapic.h"

struct irq_entry {
	irq_fn *fn;
	void *arg;
	bool used;
};

static struct irq_entry entries[256];
static spinlock_t lock = SPINLOCK_INIT(irq);
static DEFINE_PERCPU(uint32_t, running) = 0; /* vector whose handler runs now; read by any */

void irq_set_handler(unsigned int vector, irq_fn *fn, void *arg)
{
	entries[vector].arg = arg;
	entries[vector].used = true;
	store_release(&entries[vector].fn, fn);
}

/* Start after the last one given out, so that a late interrupt of a freed vector finds nobody. */
int irq_alloc_vector(irq_fn *fn, void *arg)
{
	static unsigned int next = VEC_DYNAMIC_FIRST;
	int vector = -ENOSPC;

	spin_lock(&lock);
	for (unsigned int i = VEC_DYNAMIC_FIRST; i <= VEC_DYNAMIC_LAST && vector < 0; i++) {
		if (!entries[next].used) {
			vector = next;
			irq_set_handler(next, fn, arg);
		}
		next = next == VEC_DYNAMIC_LAST ? VEC_DYNAMIC_FIRST : next + 1;
	}
	spin_unlock(&lock);
	return vector;
}

void irq_free_vector(int vector)
{
	spin_lock(&lock);
	(void)atomic_xchg(&entries[vector].fn, NULL); /* pairs with irq_dispatch() */
	entries[vector].used = false;
	spin_unlock(&lock);
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		while (load_acquire(&per_cpu(running, cpu)) == (uint32_t)vector)
			cpu_relax();
}

void irq_dispatch(unsigned int vector)
{
	irq_fn *fn;

	(void)atomic_xchg(&this_cpu(running), vector); /* seen before fn is read */
	fn = load_acquire(&entries[vector].fn);
	if (vector == VEC_SPURIOUS) /* has no in-service bit, wants no EOI */
		return;
	if (fn)
		fn(entries[vector].arg);
	store_release(&this_cpu(running), 0);
	lapic_eoi();
}

void (*irq_remap)(unsigned int vector, uint32_t apic_id, bool level, uint64_t *addr, uint32_t *data);

void msi_compose_direct(unsigned int cpu, unsigned int vector, uint64_t *addr, uint32_t *data)
{
	*addr = 0xfee00000 | (uint64_t)(per_cpu(cpu_ident, cpu).apic_id & 0xff) << 12;
	*data = vector;
}

void msi_compose(unsigned int cpu, unsigned int vector, bool level, uint64_t *addr, uint32_t *data)
{
	msi_compose_direct(cpu, vector, addr, data);
	if (irq_remap)
		irq_remap(vector, per_cpu(cpu_ident, cpu).apic_id, level, addr, data);
}
