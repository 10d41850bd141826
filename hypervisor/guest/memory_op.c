/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op (12): more or fewer pages for a domain, and small questions. What lies where is in
 * memory_map.c, other domains' pages in memory_foreign.c. The command's bits from 6 up carry the
 * progress of a call that was interrupted.
 */
#include "guest/hypercall.h"
#include "guest/memory_op.h"
#include "guest/perms.h"
#include "guest/physmap.h"
#include "lib/errno.h"
#include <xen/memory.h>

#define CMD_BITS 6
#define CMD_MASK ((1u << CMD_BITS) - 1)

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
static int64_t for_extents(struct vcpu *v, guest_ptr_t arg, uint64_t *start, extent_fn *fn)
{
	struct xen_memory_reservation r;
	uint64_t i = *start, budget = PAGES_PER_RUN, gfn;
	struct domain *d;
	int rc;

	if (copy_from_guest(&r, arg, sizeof(r)))
		return -EFAULT;
	if (r.nr_extents > INT64_MAX >> CMD_BITS || i > r.nr_extents)
		return -EINVAL;
	d = perms_get_domain(v, r.domid, &rc);
	if (!d)
		return rc;
	for (; r.extent_order <= PAGE_ORDER_2M && i < r.nr_extents; i++) {
		if (budget < 1ULL << r.extent_order) {
			domain_put(d);
			*start = i;
			return -ERESTART;
		}
		budget -= 1ULL << r.extent_order;
		if (copy_from_guest_at(&gfn, HANDLE_PTR(r.extent_start), i, sizeof(gfn)) ||
		    !fn(d, GFN(gfn), r.extent_order))
			break;
	}
	domain_put(d);
	return (int64_t)i;
}

static int64_t op_populate_physmap(struct vcpu *v, guest_ptr_t arg, uint64_t *start)
{
	return for_extents(v, arg, start, extent_populate);
}

static int64_t op_decrease_reservation(struct vcpu *v, guest_ptr_t arg, uint64_t *start)
{
	return for_extents(v, arg, start, extent_decrease);
}

/*
 * The argument of these is a domid alone; more than one of them asks for a number of that domain.
 */
static int64_t ask(struct vcpu *v, guest_ptr_t arg, int64_t (*fn)(const struct domain *d))
{
	struct domain *d;
	domid_t domid;
	int64_t answer;
	int rc;

	if (copy_from_guest(&domid, arg, sizeof(domid)))
		return -EFAULT;
	d = perms_get_domain(v, domid, &rc);
	if (!d)
		return rc;
	answer = fn(d);
	domain_put(d);
	return answer;
}

static int64_t max_gfn(const struct domain *d)
{
	return (int64_t)d->p2m.max_gfn;
}

static int64_t tot_pages(const struct domain *d)
{
	return d->tot_pages;
}

static int64_t max_pages(const struct domain *d)
{
	return d->max_pages;
}

static int64_t op_maximum_gpfn(struct vcpu *v, guest_ptr_t arg, uint64_t *start)
{
	return ask(v, arg, max_gfn);
}

static int64_t op_current_reservation(struct vcpu *v, guest_ptr_t arg, uint64_t *start)
{
	return ask(v, arg, tot_pages);
}

static int64_t op_maximum_reservation(struct vcpu *v, guest_ptr_t arg, uint64_t *start)
{
	return ask(v, arg, max_pages);
}

/* No page is ever shared between domains by content. */
static int64_t op_sharing_pages(struct vcpu *v, guest_ptr_t arg, uint64_t *start)
{
	return 0;
}

/* Memory is there or not, never on demand: the target is what the domain has. */
static int64_t op_pod_target(struct vcpu *v, guest_ptr_t arg, uint64_t *start)
{
	struct xen_pod_target t;
	struct domain *d;
	int rc;

	if (copy_from_guest(&t, arg, sizeof(t)))
		return -EFAULT;
	d = perms_get_other(v, t.domid, &rc);
	if (!d)
		return rc;
	t.tot_pages = d->tot_pages;
	t.pod_cache_pages = t.pod_entries = 0;
	domain_put(d);
	return copy_to_guest(arg, &t, sizeof(t)) ? -EFAULT : 0;
}

/* Exactly this number tells the tools that there is no vNUMA; another would stop `save`. */
static int64_t op_get_vnumainfo(struct vcpu *v, guest_ptr_t arg, uint64_t *start)
{
	return -EOPNOTSUPP;
}

static memory_fn *const ops[] = {
	[XENMEM_decrease_reservation] = op_decrease_reservation,
	[XENMEM_current_reservation] = op_current_reservation,
	[XENMEM_maximum_reservation] = op_maximum_reservation,
	[XENMEM_populate_physmap] = op_populate_physmap,
	[XENMEM_add_to_physmap] = memory_add_to_physmap,
	[XENMEM_memory_map] = memory_map_get,
	[XENMEM_set_memory_map] = memory_map_set,
	[XENMEM_maximum_gpfn] = op_maximum_gpfn,
	[XENMEM_remove_from_physmap] = memory_remove_from_physmap,
	[XENMEM_set_pod_target] = op_pod_target,
	[XENMEM_get_pod_target] = op_pod_target,
	[XENMEM_get_sharing_freed_pages] = op_sharing_pages,
	[XENMEM_get_sharing_shared_pages] = op_sharing_pages,
	[XENMEM_add_to_physmap_batch] = memory_add_to_physmap_batch,
	[XENMEM_get_vnumainfo] = op_get_vnumainfo,
	[XENMEM_acquire_resource] = memory_acquire_resource,
};

int64_t hypercall_memory_op(struct vcpu *v, struct call *call)
{
	uint64_t cmd = call->arg[0] & CMD_MASK, start = call->arg[0] >> CMD_BITS;
	int64_t rc;

	if (cmd >= ARRAY_SIZE(ops))
		return -ENOSYS;
	cmd = index_nospec(cmd, ARRAY_SIZE(ops));
	if (!ops[cmd])
		return -ENOSYS;
	rc = ops[cmd](v, GUEST_PTR(call->arg[1]), &start);
	if (rc == -ERESTART)
		call->arg[0] = cmd | start << CMD_BITS;
	return rc;
}
