/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op (12): more or fewer pages for a domain, and small questions. What lies where is in
 * memory_map.c, other domains' pages in memory_foreign.c.
 */
#include "guest/memory_op.h"
#include "guest/physmap.h"
#include <xen/memory.h>

/*
 * Pages made or given back per run: zeroing 2 MiB is as long as we want to keep interrupts waiting.
 */
#define PAGES_PER_RUN 512
/* Entries removed before their TLB flush. */
#define TAKE_BATCH 64

typedef bool extent_fn(struct domain *d, gfn_t gfn, unsigned int order);

static bool extent_populate(struct domain *d, gfn_t gfn, unsigned int order)
{
	return physmap_populate(d, gfn, order) == 0;
}

static bool extent_decrease(struct domain *d, gfn_t gfn, unsigned int order)
{
	struct p2m_entry taken[TAKE_BATCH];
	uint64_t i, left = 1ULL << order;
	unsigned int n;
	bool ok = !(gfn.n & (left - 1));

	for (; ok && left; left -= min(left, (uint64_t)TAKE_BATCH)) {
		for (n = 0; ok && n < TAKE_BATCH && n < left; n++) {
			ok = physmap_take(d, gfn, &taken[n]) == 0;
			gfn = gfn_add(gfn, 1);
		}
		n -= !ok;
		if (n)
			p2m_flush(&d->p2m);
		for (i = 0; i < n; i++)
			physmap_put(d, taken[i]);
	}
	return ok;
}

/* The answer is how many extents are done; a short count says that something stood in the way. */
static int64_t for_extents(struct call *call, const struct xen_memory_reservation *r, extent_fn *fn)
{
	uint64_t i = memory_start(call), budget = PAGES_PER_RUN, gfn;

	if (r->nr_extents > INT64_MAX >> MEMORY_CMD_BITS || i > r->nr_extents)
		return -EINVAL;
	for (; r->extent_order <= PAGE_ORDER_2M && i < r->nr_extents; i++) {
		if (budget < 1ULL << r->extent_order)
			return memory_restart(call, i);
		budget -= 1ULL << r->extent_order;
		if (copy_from_guest_at(&gfn, HANDLE_PTR(r->extent_start), i, sizeof(gfn)) ||
		    !fn(call->d, GFN(gfn), r->extent_order))
			break;
	}
	return (int64_t)i;
}

static int64_t op_populate_physmap(struct call *call, void *op)
{
	return for_extents(call, op, extent_populate);
}

static int64_t op_decrease_reservation(struct call *call, void *op)
{
	return for_extents(call, op, extent_decrease);
}

static int64_t op_maximum_gpfn(struct call *call, void *op)
{
	return (int64_t)call->d->p2m.max_gfn;
}

static int64_t op_current_reservation(struct call *call, void *op)
{
	return call->d->tot_pages;
}

static int64_t op_maximum_reservation(struct call *call, void *op)
{
	return call->d->max_pages;
}

/* No page is ever shared between domains by content. */
static int64_t op_sharing_pages(struct call *call, void *op)
{
	return 0;
}

/* Memory is there or not, never on demand: the target is what the domain has. */
static int64_t op_pod_target(struct call *call, void *op)
{
	struct xen_pod_target *t = op;

	t->tot_pages = call->d->tot_pages;
	t->pod_cache_pages = t->pod_entries = 0;
	return 0;
}

/* Exactly this number tells the tools that there is no vNUMA; another would stop `save`. */
static int64_t op_get_vnumainfo(struct call *call, void *op)
{
	return -EOPNOTSUPP;
}

#define BY_DOMID(fn, type, flags) SUB_OP_ON(fn, type, domid, flags)
static const struct sub_op ops[] = {
	[XENMEM_decrease_reservation] =
		BY_DOMID(op_decrease_reservation, xen_memory_reservation, OP_ON),
	[XENMEM_current_reservation] = BY_DOMID(op_current_reservation, xen_memory_domain, OP_ON),
	[XENMEM_maximum_reservation] = BY_DOMID(op_maximum_reservation, xen_memory_domain, OP_ON),
	[XENMEM_populate_physmap] = BY_DOMID(op_populate_physmap, xen_memory_reservation, OP_ON),
	[XENMEM_add_to_physmap] = BY_DOMID(memory_add_to_physmap, xen_add_to_physmap, OP_ON),
	[XENMEM_memory_map] = SUB_OP(memory_map_get, xen_memory_map, OP_BACK),
	[XENMEM_set_memory_map] = BY_DOMID(memory_map_set, xen_foreign_memory_map, OP_ON),
	[XENMEM_maximum_gpfn] = BY_DOMID(op_maximum_gpfn, xen_memory_domain, OP_ON),
	[XENMEM_remove_from_physmap] =
		BY_DOMID(memory_remove_from_physmap, xen_remove_from_physmap, OP_ON),
	[XENMEM_set_pod_target] = BY_DOMID(op_pod_target, xen_pod_target, OP_ON_OTHER | OP_BACK),
	[XENMEM_get_pod_target] = BY_DOMID(op_pod_target, xen_pod_target, OP_ON_OTHER | OP_BACK),
	[XENMEM_get_sharing_freed_pages] = { op_sharing_pages },
	[XENMEM_get_sharing_shared_pages] = { op_sharing_pages },
	[XENMEM_add_to_physmap_batch] =
		BY_DOMID(memory_add_to_physmap_batch, xen_add_to_physmap_batch, OP_ON),
	[XENMEM_get_vnumainfo] = { op_get_vnumainfo },
	[XENMEM_acquire_resource] =
		BY_DOMID(memory_acquire_resource, xen_mem_acquire_resource, OP_ON_OTHER),
};

int64_t hypercall_memory_op(struct vcpu *v, struct call *call)
{
	return sub_op_run(v, call, ops, ARRAY_SIZE(ops), call->arg[0] & MEMORY_CMD_MASK,
			  GUEST_PTR(call->arg[1]));
}
