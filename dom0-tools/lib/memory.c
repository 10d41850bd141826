/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A new domain's memory from outside: populating it, copying into it, seeding its grant table.
 * Copies go through hl_load where the hypervisor has it: a few MiB per hypercall instead of two
 * hypercalls per page, which is what a foreign mapping costs in a PVH Dom0.
 */
#include "dom0-tools/lib/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xenforeignmemory.h>

#define TOOLS_PAGE 4096UL

int hl_mem_populate(struct hl *hl, uint32_t domid, const xen_pfn_t *gfn, unsigned int nr,
		    unsigned int order)
{
	struct xen_memory_reservation r = {
		.nr_extents = nr, .extent_order = order, .domid = domid,
	};
	xen_pfn_t *buf = hl_buffer(hl, nr * sizeof(*buf));
	int rc;

	if (!buf)
		return -ENOMEM;
	memcpy(buf, gfn, nr * sizeof(*buf));
	set_xen_guest_handle(r.extent_start, buf);
	rc = hl_memory_op(hl, XENMEM_populate_physmap, &r, sizeof(r));
	hl_buffer_free(hl, buf);
	return rc;
}

int hl_mem_set_map(struct hl *hl, uint32_t domid, const struct hl_e820 *map, unsigned int nr)
{
	struct xen_foreign_memory_map m = { .domid = domid, .map.nr_entries = nr };
	struct hl_e820 *buf = hl_buffer(hl, nr * sizeof(*buf));
	int rc;

	if (!buf)
		return -ENOMEM;
	memcpy(buf, map, nr * sizeof(*buf));
	set_xen_guest_handle(m.map.buffer, buf);
	rc = hl_memory_op(hl, XENMEM_set_memory_map, &m, sizeof(m));
	hl_buffer_free(hl, buf);
	return rc;
}

/* The slow way: map the pages, copy, unmap. At most LOAD_CHUNK bytes. */
static int load_by_mapping(struct hl *hl, uint32_t domid, uint64_t gpa, const void *data,
			   uint64_t size)
{
	size_t first = gpa / TOOLS_PAGE, nr = (gpa + size - 1) / TOOLS_PAGE - first + 1;
	xen_pfn_t *gfn = malloc(nr * sizeof(*gfn));
	int *errs = calloc(nr, sizeof(*errs));
	uint8_t *va = NULL;
	int rc = -ENOMEM;

	if (!gfn || !errs || !hl_foreign(hl))
		goto out;
	for (size_t i = 0; i < nr; i++)
		gfn[i] = first + i;
	va = xenforeignmemory_map(hl->fmem, domid, PROT_READ | PROT_WRITE, nr, gfn, errs);
	if (!va) {
		rc = -errno;
		goto out;
	}
	rc = 0;
	for (size_t i = 0; i < nr && !rc; i++)
		rc = errs[i];
	if (!rc && data)
		memcpy(va + gpa % TOOLS_PAGE, data, size);
	else if (!rc)
		memset(va + gpa % TOOLS_PAGE, 0, size);
	xenforeignmemory_unmap(hl->fmem, va, nr);
out:
	free(gfn);
	free(errs);
	return rc;
}

static int load_by_call(struct hl *hl, uint32_t domid, uint64_t gpa, const void *data,
			uint64_t size)
{
	struct xen_domctl op = { .u.hl_load = { .gpa = gpa, .size = size } };

	if (data) {
		if (!hl->chunk)
			hl->chunk = hl_buffer(hl, LOAD_CHUNK);
		if (!hl->chunk)
			return -ENOMEM;
		memcpy(hl->chunk, data, size);
		set_xen_guest_handle(op.u.hl_load.src, hl->chunk);
	}
	return hl_domctl_for(hl, XEN_DOMCTL_hl_load, domid, &op);
}

int hl_mem_load(struct hl *hl, uint32_t domid, uint64_t gpa, const void *data, uint64_t size)
{
	const uint8_t *src = data;

	while (size) {
		/* Clearing needs no buffer, so it goes in one call. */
		uint64_t n = size > LOAD_CHUNK && (src || hl->no_load) ? LOAD_CHUNK : size;
		int rc = hl->no_load ? load_by_mapping(hl, domid, gpa, src, n) :
				       load_by_call(hl, domid, gpa, src, n);

		if (rc == -ENOSYS && !hl->no_load) {
			hl->no_load = true;
			continue;
		}
		if (rc < 0)
			return rc;
		gpa += n;
		size -= n;
		src = src ? src + n : NULL;
	}
	return 0;
}

/* Without hl_grant_seed: map the first frame of the domain's grant table and write the entry. */
static int seed_by_mapping(struct hl *hl, uint32_t domid, uint32_t ref, uint64_t gfn,
			   uint32_t backend)
{
	xenforeignmemory_resource_handle *res;
	void *va = NULL;

	if (!hl_foreign(hl))
		return -ENOMEM;
	res = xenforeignmemory_map_resource(hl->fmem, domid, XENMEM_resource_grant_table,
					    XENMEM_resource_grant_table_id_shared, 0, 1, &va,
					    PROT_READ | PROT_WRITE, 0);
	if (!res)
		return -errno;
	((struct grant_entry_v1 *)va)[ref] = (struct grant_entry_v1){
		.flags = GTF_permit_access, .domid = backend, .frame = gfn,
	};
	xenforeignmemory_unmap_resource(hl->fmem, res);
	return 0;
}

int hl_grant_seed(struct hl *hl, uint32_t domid, uint32_t ref, uint64_t gfn, uint32_t backend)
{
	struct xen_domctl op = { .u.hl_grant_seed = { .gfn = gfn, .ref = ref, .domid = backend } };
	int rc = -ENOSYS;

	if (!hl->no_seed)
		rc = hl_domctl_for(hl, XEN_DOMCTL_hl_grant_seed, domid, &op);
	if (rc != -ENOSYS)
		return rc;
	hl->no_seed = true;
	return seed_by_mapping(hl, domid, ref, gfn, backend);
}

int hl_hvm_set_params(struct hl *hl, uint32_t domid, const xen_domctl_hl_param_t *p,
		      unsigned int nr)
{
	struct xen_domctl op = { .u.hl_hvm_params.nr = nr };
	xen_domctl_hl_param_t *buf = hl_buffer(hl, nr * sizeof(*p));
	int rc = -ENOSYS;

	if (!buf)
		return -ENOMEM;
	memcpy(buf, p, nr * sizeof(*p));
	set_xen_guest_handle(op.u.hl_hvm_params.params, buf);
	if (!hl->no_params)
		rc = hl_domctl_for(hl, XEN_DOMCTL_hl_hvm_params, domid, &op);
	hl_buffer_free(hl, buf);
	if (rc != -ENOSYS)
		return rc;
	hl->no_params = true;
	rc = 0;
	for (unsigned int i = 0; i < nr && !rc; i++)
		rc = hl_hvm_set_param(hl, domid, p[i].index, p[i].value);
	return rc;
}
