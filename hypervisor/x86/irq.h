/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Physical interrupts: 256 vectors, one table for all CPUs. Fixed vectors belong to this floor;
 * the range between is handed out for device lines and MSIs. A handler runs with IF=0 on whatever
 * CPU the interrupt was routed to; the LAPIC's EOI is written after it returns. A level-triggered
 * line must have been masked by its handler (ioapic_set_masked), or it comes back at once.
 */
#pragma once

#include "lib/base.h"

enum vector {
	VEC_DYNAMIC_FIRST = 0x30,
	VEC_DYNAMIC_LAST = 0xef,
	VEC_KICK = 0xf8,  /* leave the guest, look around */
	VEC_FLUSH = 0xf9, /* drop TLB entries of ours */
	VEC_TIMER = 0xfa, /* LAPIC timer */
	VEC_ERROR = 0xfe, /* LAPIC error */
	VEC_SPURIOUS = 0xff,
};

typedef void irq_fn(void *arg);

/* A fixed vector's handler; NULL means count it only. */
void irq_set_handler(unsigned int vector, irq_fn *fn, void *arg);

/* A free vector with handler, or -ENOSPC. Any CPU may receive it. Takes the irq lock. */
int irq_alloc_vector(irq_fn *fn, void *arg) __must_check;
/*
 * The line must be masked or unrouted first; one late interrupt is swallowed. When it returns the handler runs
 * nowhere: hold no lock that it takes.
 */
void irq_free_vector(int vector);

/* From traps.c: vector >= 32 arrived. */
void irq_dispatch(unsigned int vector);

/*
 * What a device or an IO-APIC must send so that vector comes to one CPU, physical destination. An IO-APIC's entry is
 * data in its low word and, in its high one, what msi_to_rte_high() makes of the address.
 */
void msi_compose(unsigned int cpu, unsigned int vector, bool level, uint64_t *addr, uint32_t *data);
/* The same, by no remapping: for what an IOMMU itself sends. */
void msi_compose_direct(unsigned int cpu, unsigned int vector, uint64_t *addr, uint32_t *data);

static inline uint32_t msi_to_rte_high(uint64_t addr)
{
	return (uint32_t)addr << 12; /* bits 4 to 19, the destination or VT-d's handle, become 48 to 63 */
}

/*
 * An IOMMU that remaps interrupts (mem/iommu.h): makes vector's entry say apic_id and the mode, and changes
 * *addr and *data, which are msi_compose_direct()'s, where it wants another form. Set once while booting; NULL: none.
 */
extern void (*irq_remap)(unsigned int vector, uint32_t apic_id, bool level, uint64_t *addr, uint32_t *data);
