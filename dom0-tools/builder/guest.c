/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Building a PVH guest. The order is: check that it fits, make the domain and its limits, give it
 * memory, fill that in, connect console and store, set the boot state, tell xenstored. Few
 * hypercalls: memory is populated a GiB at a time and loaded megabytes at a time.
 */
#include "dom0-tools/builder/guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/grant_table.h>
#include <xen/hvm/params.h>
#include "dom0-tools/builder/acpi.h"
#include "dom0-tools/builder/cpuid.h"
#include "dom0-tools/builder/layout.h"
#include "dom0-tools/device/device.h"

#define POPULATE_BATCH	512	/* extents per hypercall */
#define PAGES_PER_MIB	256
#define TSC_EMULATED	1
#define TSC_NATIVE	2

struct build {
	struct hl *hl;
	const struct guest_config *c;
	const struct guest_files *f;
	struct diag *dg;
	uint32_t domid;
	struct guest_layout layout;
	struct guest_ports ports;
	uint8_t acpi[GUEST_ACPI_SIZE];
	size_t acpi_size;
	uint64_t rsdp_gpa;
};

static int step(struct build *b, int rc, const char *what)
{
	if (rc >= 0)
		return 0;
	return diag_fail(b->dg, rc, "%s: cannot %s: %s", b->c->name, what, strerror(-rc));
}

/* What Xen wants for the p2m of a guest; Helium needs less. */
static uint64_t paging_bytes(const struct guest_config *c)
{
	return ((uint64_t)c->maxvcpus << 20) + ((uint64_t)c->maxmem_mib << 13);
}

static int check_memory(struct build *b)
{
	uint64_t need = b->c->maxmem_mib + GUEST_SLACK_KIB / 1024 + (paging_bytes(b->c) >> 20), have;
	struct xen_sysctl_physinfo phys;
	int rc = step(b, hl_physinfo(b->hl, &phys), "ask for free memory");

	if (rc)
		return rc;
	have = (phys.free_pages + phys.scrub_pages - phys.outstanding_pages) / PAGES_PER_MIB;
	if (need <= have)
		return 0;
	return diag_fail(b->dg, -ENOMEM,
			 "%s: not enough memory: the guest needs %llu MiB (%u of its own), "
			 "%llu MiB are free: %llu MiB short. Lower memory= or maxmem=, destroy a "
			 "guest, or give Dom0 less (dom0_mem= at boot)",
			 b->c->name, (unsigned long long)need, b->c->maxmem_mib,
			 (unsigned long long)have, (unsigned long long)(need - have));
}

/* All that can be found wrong before there is a domain. */
static int plan(struct build *b)
{
	int rc = layout_plan(&b->layout, &b->f->kernel, (uint64_t)b->c->maxmem_mib << 20,
			     b->f->ramdisk_size, b->c->cmdline, b->dg);

	if (rc)
		return diag_prefix(b->dg, rc, b->c->name);
	b->acpi_size =
		acpi_build(b->acpi, sizeof(b->acpi), GUEST_ACPI_GPA, b->c->maxvcpus, &b->rsdp_gpa);
	if (!b->acpi_size)
		return diag_fail(b->dg, -E2BIG, "%s: too many vCPUs for its ACPI tables",
				 b->c->name);
	if (!hl_store(b->hl))
		return diag_fail(b->dg, -EIO, "xenstored does not answer: %s (is it running?)",
				 strerror(errno));
	return check_memory(b);
}

static int set_cpu_policy(struct build *b)
{
	xen_cpuid_leaf_t *leaf = NULL;
	int nr = hl_default_leaves(b->hl, &leaf), rc;

	rc = step(b, nr, "get the default CPU policy");
	if (!rc) {
		cpuid_set_topology(leaf, nr, b->c->maxvcpus);
		rc = hl_domain_cpu_policy(b->hl, b->domid, leaf, nr, b->dg);
	}
	free(leaf);
	return rc;
}

static int set_affinity(struct build *b)
{
	_Static_assert(sizeof(struct hl_cpumap) == sizeof(struct guest_cpus),
		       "one size of CPU map");

	for (unsigned int v = 0; b->c->nr_cpus && v < b->c->maxvcpus; v++) {
		unsigned int i = b->c->nr_cpus == 1 ? 0 : v;
		struct hl_cpumap map;
		int rc;

		if (i >= b->c->nr_cpus)
			break;
		memcpy(&map, &b->c->cpus[i], sizeof(map));
		rc = hl_vcpu_set_affinity(b->hl, b->domid, v, &map);
		if (rc < 0)
			return diag_fail(b->dg, rc,
					 "%s: cpus: vCPU %u cannot run on these CPUs: %s (hl info "
					 "shows how many there are)",
					 b->c->name, v, strerror(-rc));
	}
	return 0;
}

static int set_share(struct build *b)
{
	struct xen_domctl_sched_credit2 p;
	int rc;

	if (!b->c->weight && !b->c->cap)
		return 0;
	rc = step(b, hl_sched_get(b->hl, b->domid, &p), "get the scheduling parameters");
	if (rc)
		return rc;
	if (b->c->weight)
		p.weight = b->c->weight;
	p.cap = b->c->cap;
	return step(b, hl_sched_put(b->hl, b->domid, &p), "set cpu_weight and cap");
}

static int make_domain(struct build *b)
{
	struct hl_domain_limits lim = {
		.vcpus = b->c->maxvcpus, .max_evtchn_port = b->c->max_evtchn_port, .grant_frames = -1,
	};

	memcpy(lim.uuid, b->c->uuid, sizeof(lim.uuid));
	return step(b, hl_domain_create(b->hl, &lim, &b->domid), "create a domain");
}

static int set_limits(struct build *b)
{
	const struct guest_config *c = b->c;
	uint32_t tsc_mode = 0;
	int rc;

	rc = step(b, hl_domain_max_vcpus(b->hl, b->domid, c->maxvcpus), "create its vCPUs");
	if (rc)
		return rc;
	rc = hl_domain_paging_pool(b->hl, b->domid, paging_bytes(c));
	if (rc != -ENOSYS && rc != -EOPNOTSUPP) {
		rc = step(b, rc, "reserve memory for its page tables");
		if (rc)
			return rc;
	}
	rc = step(b, hl_domain_max_mem(b->hl, b->domid, c->maxmem_mib * 1024ULL + GUEST_SLACK_KIB),
		  "limit its memory");
	if (rc)
		return rc;
	if (c->tsc_mode && strcmp(c->tsc_mode, "default"))
		tsc_mode = strcmp(c->tsc_mode, "native") ? TSC_EMULATED : TSC_NATIVE;
	if (tsc_mode)
		rc = step(b, hl_domain_tsc_mode(b->hl, b->domid, tsc_mode), "set tsc_mode");
	if (!rc)
		rc = set_affinity(b);
	if (!rc)
		rc = set_share(b);
	return rc ? rc : set_cpu_policy(b);
}

/* Populate gfn .. end with the largest of the orders that fits; a smaller one where that fails. */
static int populate(struct build *b, xen_pfn_t gfn, xen_pfn_t end, const unsigned int *order)
{
	while (gfn < end) {
		xen_pfn_t extent[POPULATE_BATCH], pages;
		unsigned int nr = 0;
		int done;

		while (*order && ((gfn & ((1UL << *order) - 1)) || end - gfn < 1UL << *order))
			order++;
		pages = 1UL << *order;
		while (nr < POPULATE_BATCH && gfn + (nr + 1) * pages <= end) {
			extent[nr] = gfn + nr * pages;
			nr++;
		}
		done = hl_mem_populate(b->hl, b->domid, extent, nr, *order);
		if (done < 0 && !*order)
			return done;
		done = done < 0 ? 0 : done;
		gfn += done * pages;
		if (done < nr && !*order)
			return -ENOMEM;
		if (done < nr) {
			int rc = populate(b, gfn, gfn + pages, order + 1);

			if (rc)
				return rc;
			gfn += pages;
		}
	}
	return 0;
}

static int give_memory(struct build *b)
{
	static const unsigned int orders[] = { 18, 9, 0 };
	const struct guest_layout *l = &b->layout;
	xen_pfn_t special[2 + GUEST_ACPI_SIZE / GUEST_PAGE] = { GUEST_STORE_GFN,
								GUEST_CONSOLE_GFN };
	struct hl_e820 map[GUEST_MAX_MAP];
	unsigned int nr = 2;
	int rc;

	for (uint64_t at = 0; at < b->acpi_size; at += GUEST_PAGE)
		special[nr++] = (GUEST_ACPI_GPA + at) / GUEST_PAGE;
	for (unsigned int i = 0; i < l->nr_map; i++)
		map[i] = (struct hl_e820){ l->map[i].addr, l->map[i].size, l->map[i].type };
	rc = populate(b, 0, l->ram_low_end / GUEST_PAGE, orders);
	if (!rc)
		rc = populate(b, (1ULL << 32) / GUEST_PAGE, l->ram_high_end / GUEST_PAGE, orders);
	if (!rc) {
		rc = hl_mem_populate(b->hl, b->domid, special, nr, 0);
		rc = rc < 0 ? rc : rc == nr ? 0 : -ENOMEM;
	}
	if (!rc)
		rc = hl_mem_set_map(b->hl, b->domid, map, l->nr_map);
	return step(b, rc, "give it memory");
}

static int load(struct build *b, uint64_t gpa, const void *data, uint64_t size)
{
	return size ? hl_mem_load(b->hl, b->domid, gpa, data, size) : 0;
}

static int load_memory(struct build *b)
{
	const struct guest_layout *l = &b->layout;
	const struct kernel *k = &b->f->kernel;
	uint8_t *info;
	int rc = 0;

	for (unsigned int i = 0; i < k->nr_segments && !rc; i++) {
		const struct kernel_segment *s = &k->segment[i];

		rc = load(b, s->gpa, s->data, s->file_size);
		if (!rc)
			rc = load(b, s->gpa + s->file_size, NULL, s->mem_size - s->file_size);
	}
	if (!rc)
		rc = load(b, l->initrd_gpa, b->f->ramdisk, l->initrd_size);
	if (!rc)
		rc = load(b, GUEST_ACPI_GPA, b->acpi, b->acpi_size);
	if (!rc)
		rc = load(b, GUEST_STORE_GFN * GUEST_PAGE, NULL, GUEST_PAGE);
	if (!rc)
		rc = load(b, GUEST_CONSOLE_GFN * GUEST_PAGE, NULL, GUEST_PAGE);
	info = layout_start_info(l, b->c->cmdline, b->rsdp_gpa);
	if (!info)
		rc = rc ? rc : -ENOMEM;
	else if (!rc)
		rc = load(b, l->info_gpa, info, l->info_size);
	free(info);
	return step(b, rc, "load its memory");
}

static int connect_rings(struct build *b)
{
	int rc = hl_evtchn_alloc(b->hl, b->domid, 0, &b->ports.store);

	if (!rc)
		rc = hl_evtchn_alloc(b->hl, b->domid, 0, &b->ports.console);
	if (!rc) {
		const xen_domctl_hl_param_t param[] = {
			{ .index = HVM_PARAM_STORE_PFN, .value = GUEST_STORE_GFN },
			{ .index = HVM_PARAM_STORE_EVTCHN, .value = b->ports.store },
			{ .index = HVM_PARAM_CONSOLE_PFN, .value = GUEST_CONSOLE_GFN },
			{ .index = HVM_PARAM_CONSOLE_EVTCHN, .value = b->ports.console },
		};

		rc = hl_hvm_set_params(b->hl, b->domid, param, sizeof(param) / sizeof(param[0]));
	}
	if (!rc)
		rc = hl_grant_seed(b->hl, b->domid, GNTTAB_RESERVED_CONSOLE, GUEST_CONSOLE_GFN, 0);
	if (!rc)
		rc = hl_grant_seed(b->hl, b->domid, GNTTAB_RESERVED_XENSTORE, GUEST_STORE_GFN, 0);
	return step(b, rc, "connect console and xenstore");
}

static bool is_pvgrub(const char *firmware)
{
	return !strncmp(firmware, "pvgrub", 6);
}

int guest_create(struct hl *hl, const struct guest_config *c, const struct guest_files *f,
		 uint32_t *domid, struct diag *dg)
{
	struct build *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return diag_fail(dg, -ENOMEM, "no memory");
	b->hl = hl;
	b->c = c;
	b->f = f;
	b->dg = dg;
	rc = plan(b);
	if (!rc)
		rc = make_domain(b);
	if (rc)
		goto out;
	rc = set_limits(b);
	if (!rc)
		rc = give_memory(b);
	if (!rc)
		rc = load_memory(b);
	if (!rc)
		rc = connect_rings(b);
	if (!rc && c->firmware && !is_pvgrub(c->firmware)) /* UEFI reaches its APIC by memory */
		rc = step(b, hl_xapic_start(hl, b->domid, c->maxvcpus), "set its APICs' mode");
	if (!rc)
		rc = step(b,
			  hl_pvh_start(hl, b->domid, c->maxvcpus, f->kernel.entry,
				       b->layout.info_gpa),
			  "set its boot state");
	if (!rc)
		rc = nodes_write(hl, c, b->domid, &b->ports, dg);
	if (!rc)
		rc = devices_attach_all(hl, c, b->domid, dg);
	if (rc) {
		nodes_remove(hl, b->domid);
		hl_domain_destroy(hl, b->domid);
	}
	*domid = b->domid;
out:
	free(b);
	return rc;
}

int guest_destroy(struct hl *hl, uint32_t domid, struct diag *dg)
{
	int kept, rc;

	hl_domain_pause(hl, domid);
	kept = devices_remove_all(hl, domid, dg);
	rc = hl_domain_destroy(hl, domid);
	/* Gone meanwhile, by its monitor for instance, is as good. */
	if (rc < 0 && rc != -ESRCH)
		return diag_fail(dg, rc, "cannot destroy domain %u: %s", domid, strerror(-rc));
	nodes_remove(hl, domid);
	return kept;
}
