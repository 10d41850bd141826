/* SPDX-License-Identifier: GPL-2.0-only */
/* sysctl: what the host has and says: console ring, CPUs, memory, domains. */
#include "guest/domctl.h"
#include "lib/printf.h"
#include "mem/iommu.h"
#include "x86/console.h"
#include "x86/features.h"
#include "x86/time.h"

#define READ_CHUNK 512
#define DOMAINS_PER_CALL 1024 /* a list that is cut short makes the tools ask from its end on */
#define LOCAL_DISTANCE 10

int sysctl_readconsole(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *r = &op->u.readconsole;
	uint32_t index = r->incremental ? r->index : 0, size = min(r->count, CONSOLE_RING_SIZE);
	uint32_t done = 0, n;
	char buf[READ_CHUNK];

	while (done < size) {
		n = (uint32_t)console_read_ring(&index, buf,
						min(size - done, (uint32_t)sizeof(buf)));
		if (!n)
			break;
		if (copy_to_guest(guest_ptr_add(HANDLE_PTR(r->buffer), done), buf, n))
			return -EFAULT;
		done += n;
	}
	if (r->clear)
		console_clear_ring();
	r->count = done;
	r->index = index;
	return 0;
}

int sysctl_physinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_physinfo *p = &op->u.physinfo;

	memset(p, 0, sizeof(*p));
	p->threads_per_core = 1;
	p->cores_per_socket = nr_cpus;
	p->nr_cpus = nr_cpus;
	p->max_cpu_id = nr_cpus - 1;
	p->nr_nodes = 1;
	p->cpu_khz = (uint32_t)tsc_khz;
	p->capabilities =
		XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_gnttab_v1;
	if (iommu.ops)
		p->capabilities |= XEN_SYSCTL_PHYSCAP_directio | XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share;
	p->total_pages = frame_nr_total();
	p->free_pages = frame_nr_free();
	p->max_mfn = frame_nr_table() - 1;
	memcpy(p->hw_cap, cpu_features.word, sizeof(p->hw_cap)); /* the same order */
	return 0;
}

int sysctl_hl_iommu(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_hl_iommu *i = &op->u.hl_iommu;

	memset(i, 0, sizeof(*i));
	if (!iommu.ops)
		return 0;
	snprintf(i->name, sizeof(i->name), "%s", iommu.ops->name);
	i->nr_units = iommu.nr_units;
	i->flags = iommu.remaps_interrupts ? XEN_SYSCTL_HL_IOMMU_intremap : 0;
	return 0;
}

int sysctl_debug_keys(struct vcpu *v, struct xen_sysctl *op)
{
	const struct xen_sysctl_debug_keys *k = &op->u.debug_keys;
	char key;

	if (k->nr_keys > 64)
		return -E2BIG;
	for (uint32_t i = 0; i < k->nr_keys; i++) {
		if (copy_from_guest_at(&key, HANDLE_PTR(k->keys), i, 1))
			return -EFAULT;
		console_handle_key(key);
	}
	return 0;
}

int sysctl_getcpuinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;
	uint32_t i, nr = min(g->max_cpus, nr_cpus);

	for (i = 0; i < nr; i++) {
		struct xen_sysctl_cpuinfo info = { .idletime = sched_idle_time_ns(i) };

		if (copy_to_guest_at(HANDLE_PTR(g->info), i, &info, sizeof(info)))
			return -EFAULT;
	}
	g->nr_cpus = nr;
	return 0;
}

int sysctl_availheap(struct vcpu *v, struct xen_sysctl *op)
{
	op->u.availheap.avail_bytes = frame_nr_free() << PAGE_SHIFT;
	return 0;
}

/* We do not look at threads and sockets: each CPU is a core of the one socket. */
int sysctl_cputopoinfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
	uint32_t i, nr = min(t->num_cpus, nr_cpus);

	for (i = 0; i < nr && !guest_ptr_null(HANDLE_PTR(t->cputopo)); i++) {
		struct xen_sysctl_cputopo topo = { .core = i, .socket = 0, .node = 0 };

		if (copy_to_guest_at(HANDLE_PTR(t->cputopo), i, &topo, sizeof(topo)))
			return -EFAULT;
	}
	t->num_cpus = nr_cpus;
	return 0;
}

int sysctl_numainfo(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_numainfo *n = &op->u.numainfo;
	struct xen_sysctl_meminfo mem = {
		.memsize = frame_nr_total() << PAGE_SHIFT, .memfree = frame_nr_free() << PAGE_SHIFT,
	};
	uint32_t distance = LOCAL_DISTANCE;
	guest_ptr_t mem_out = HANDLE_PTR(n->meminfo), distance_out = HANDLE_PTR(n->distance);

	if (n->num_nodes && !guest_ptr_null(mem_out) && copy_to_guest(mem_out, &mem, sizeof(mem)))
		return -EFAULT;
	if (n->num_nodes && !guest_ptr_null(distance_out) &&
	    copy_to_guest(distance_out, &distance, sizeof(distance)))
		return -EFAULT;
	n->num_nodes = 1;
	return 0;
}

int sysctl_getdomaininfolist(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
	uint32_t nr = 0, max_nr = min(l->max_domains, (uint32_t)DOMAINS_PER_CALL);
	struct xen_domctl_getdomaininfo info;
	uint32_t next = l->first_domain;
	struct domain *d;

	while (nr < max_nr && next < DOMID_FIRST_RESERVED && (d = domain_get_from((domid_t)next))) {
		domctl_fill_info(d, &info);
		next = d->id + 1u;
		domain_put(d);
		if (copy_to_guest_at(HANDLE_PTR(l->buffer), nr++, &info, sizeof(info)))
			return -EFAULT;
	}
	l->num_domains = nr;
	return 0;
}
