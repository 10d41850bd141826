/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making Dom0. Its pages were chosen by mem_split(); here they get their owner and their identity
 * entries in its p2m, one reference each. Device memory is not mapped: that happens on demand, when
 * Dom0 touches it, so that holes stay free for foreign pages.
 */
#include "init/dom0_build.h"
#include "dev/hwdom_map.h"
#include "guest/domctl.h"
#include "guest/evtchn.h"
#include "guest/parts.h"
#include "guest/shared_info.h"
#include "init/dom0_load.h"
#include "mem/iommu.h"
#include "mem/kalloc.h"

static unsigned int choose_nr_vcpus(const struct options *o)
{
	unsigned int n = sched_pool_size();

	if (o->dom0_vcpus_max) {
		n = max(n, o->dom0_vcpus_min);
		n = min(n, o->dom0_vcpus_max);
	}
	return min(n, (unsigned int)MAX_VCPUS);
}

/* Owner and p2m entries for one range of Dom0's. */
static int give_range(struct domain *d, uint64_t start, uint64_t size)
{
	uint64_t frame = start >> PAGE_SHIFT, nr = size >> PAGE_SHIFT;

	frame_give_owner(MFN(frame), nr, d->id, PAGE_RAM);
	d->tot_pages += (uint32_t)nr;
	return p2m_map_range(&d->p2m, GFN(frame), MFN(frame), nr, P2M_RAM);
}

static int give_memory(struct domain *d, const struct mem_split *s)
{
	int rc = give_range(d, s->acpi.start, s->acpi.end - s->acpi.start);

	for (unsigned int i = 0; !rc && i < s->nr_map; i++)
		if (s->map[i].type == BOOT_MEM_RAM)
			rc = give_range(d, s->map[i].base, s->map[i].size);
	d->max_pages = d->tot_pages;
	d->p2m.max_tables = p2m_max_tables(d->max_pages);
	return rc;
}

/*
 * What devices go on using where it is: firmware's memory, or what is Dom0's anyway; never RAM of others, nor what is kept
 * from Dom0. The firmware's word is not worth a panic.
 */
static void give_reserved(struct domain *d, const struct iommu_reserved *r)
{
	uint64_t nr_kept = 0;

	for (uint64_t at = r->first; at < r->last; at += PAGE_SIZE) {
		gfn_t gfn = GFN(at >> PAGE_SHIFT);
		int rc = hwdom_is_device(d, at) ? p2m_map(&d->p2m, gfn, MFN(gfn.n), PAGE_ORDER_4K, P2M_MMIO) : -EEXIST;

		nr_kept += rc && p2m_lookup(&d->p2m, gfn).type == P2M_NONE;
	}
	if (nr_kept)
		log_warn("IOMMU: the firmware has devices use %#lx to %#lx, of which %lu KiB are not Dom0's: they are stopped "
			 "there; if one fails then, iommu=off does without it\n", r->first, r->last, nr_kept * 4);
}

static int tell_memory_map(struct domain *d, const struct mem_split *s)
{
	struct e820_entry *e = kalloc(s->nr_map * sizeof(*e));

	if (!e)
		return -ENOMEM;
	for (unsigned int i = 0; i < s->nr_map; i++)
		e[i] = (struct e820_entry){ s->map[i].base, s->map[i].size, s->map[i].type };
	guest_set_memory_map(d, e, s->nr_map);
	return 0;
}

static void pin_vcpus(struct domain *d)
{
	for_each_vcpu(d, v)
		if (sched_set_affinity(v, 1ULL << sched_nth_cpu(v->id)))
			log_warn("d0v%u: not pinned\n", v->id);
}

static void or_panic(int rc, const char *what)
{
	if (rc)
		panic("Dom0 cannot be made: %s failed (error %d)\n", what, rc);
}

struct domain *dom0_build(const struct boot_info *bi, const struct mem_split *split,
			  const struct options *options)
{
	unsigned int nr_vcpus = choose_nr_vcpus(options);
	struct domain_limits limits = {
		.max_evtchn_port = EVTCHN_MAX_PORTS - 1,
		.max_grant_frames = options->gnttab_max_frames,
		.max_maptrack_frames = options->gnttab_max_maptrack_frames,
		.create_flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		.emulation_flags = XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC | XEN_X86_EMU_VPCI,
	};
	struct dom0_start start;
	struct domain *d;
	int rc;

	dom0_load(&start, bi, split, nr_vcpus, !iommu.ops);
	d = domain_create(0, true, &limits, &rc);
	or_panic(rc, "the domain");
	d->is_identity = true;
	hardware_domain = d;
	or_panic(give_memory(d, split), "its memory");
	for (unsigned int i = 0; i < iommu.nr_reserved && iommu.ops; i++)
		give_reserved(d, &iommu.reserved[i]);
	iommu_enable(&d->p2m);
	or_panic(tell_memory_map(d, split), "its memory map");
	or_panic(domain_set_max_vcpus(d, nr_vcpus), "its virtual CPUs");
	if (options->dom0_pin)
		pin_vcpus(d);
	vcpu_set_pvh_start(d->vcpus[0], start.entry, start.start_info);
	vcpu_up(d->vcpus[0]);
	domain_publish(d);
	log_info("Dom0: %u virtual CPUs, %u MiB\n", nr_vcpus, d->tot_pages >> 8);
	return d;
}
