/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which CPUs' TLBs may hold entries of a p2m. A CPU announces the p2m it enters a guest with, and
 * withdraws it right after the exit. Whoever removed an entry raises tlb_gen, then looks at the
 * announcements: a CPU seen inside is kicked and waited for; one that comes later sees the new
 * generation and flushes. Between them the announcement and the generation are ordered by full
 * barriers, so one side always sees the other.
 *
 * Waiting is bounded by the way out of a guest: no lock lies between an exit and p2m_leave().
 */
#include "mem/p2m.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/ipi.h"

struct p2m_inside {
	struct p2m *p;	   /* NULL outside */
	uint32_t nr_times; /* tells one stay from the next */
};

static DEFINE_PERCPU(struct p2m_inside, p2m_inside);

bool p2m_enter(struct p2m *p, uint64_t *seen_gen)
{
	struct p2m_inside *in = &this_cpu(p2m_inside);
	uint64_t gen;
	bool stale;

	in->nr_times++;
	(void)atomic_xchg(&in->p, p); /* pairs with p2m_flush(): announce, then read tlb_gen */
	gen = READ_ONCE(p->tlb_gen);
	stale = gen != *seen_gen;
	*seen_gen = gen;
	return stale;
}

void p2m_leave(void)
{
	store_release(&this_cpu(p2m_inside).p, NULL);
}

void p2m_flush(struct p2m *p)
{
	struct p2m_inside *in;
	uint32_t times;

	(void)atomic_add_return(&p->tlb_gen, 1);
	for (unsigned int c = 0; c < nr_cpus; c++) {
		in = &per_cpu(p2m_inside, c);
		times = READ_ONCE(in->nr_times);
		if (load_acquire(&in->p) != p)
			continue;
		ipi_kick(c);
		while (load_acquire(&in->p) == p && READ_ONCE(in->nr_times) == times)
			cpu_relax();
	}
	if (p->iommu_flush)
		p->iommu_flush();
}
