/* SPDX-License-Identifier: GPL-2.0-only */
/* domctl (36): version, target, row. Also the bitmaps that several operations pass. */
#include "guest/domctl.h"
#include "guest/hypercall.h"
#include "guest/parts.h"
#include "guest/perms.h"
#include "guest/shared_info.h"

/*
 * ALONE: no two of these at a time on one domain; they make, start or look into vCPUs that stand
 * still.
 */
enum { NO_TARGET = 1, OTHER_ONLY = 2, NO_ANSWER = 4, ALONE = 8 };

struct row {
	domctl_fn *fn;
	uint8_t flags;
};

#define OP(name, ...) [XEN_DOMCTL_##name] = { domctl_##name, 0 __VA_ARGS__ }
static const struct row ops[] = {
	OP(createdomain, | NO_TARGET),
	OP(destroydomain, | OTHER_ONLY | NO_ANSWER),
	OP(pausedomain, | OTHER_ONLY | NO_ANSWER),
	OP(unpausedomain, | OTHER_ONLY | NO_ANSWER | ALONE),
	OP(getdomaininfo, | NO_TARGET),
	OP(setvcpuaffinity),
	OP(max_mem, | NO_ANSWER),
	OP(getvcpuinfo),
	OP(max_vcpus, | OTHER_ONLY | NO_ANSWER | ALONE),
	OP(scheduler_op),
	OP(setdomainhandle, | NO_ANSWER),
	OP(settimeoffset, | NO_ANSWER),
	OP(getvcpuaffinity),
	OP(sendtrigger, | OTHER_ONLY | NO_ANSWER),
	OP(gethvmcontext, | OTHER_ONLY | ALONE),
	OP(sethvmcontext, | OTHER_ONLY | NO_ANSWER | ALONE),
	OP(gethvmcontext_partial, | OTHER_ONLY | ALONE),
	OP(gettscinfo),
	OP(settscinfo, | OTHER_ONLY | NO_ANSWER),
	OP(setnodeaffinity, | NO_ANSWER),
	OP(getnodeaffinity),
	OP(get_cpu_policy),
	OP(set_cpu_policy, | OTHER_ONLY | ALONE),
	[XEN_DOMCTL_get_paging_mempool_size] = { domctl_get_mempool, 0 },
	[XEN_DOMCTL_set_paging_mempool_size] = { domctl_set_mempool, 0 },
};
#undef OP

#define OP(name, flags) [XEN_DOMCTL_##name - XEN_DOMCTL_HL_BASE] = { domctl_##name, flags }
static const struct row hl_ops[] = {
	OP(hl_load, OTHER_ONLY),
	OP(hl_pvh_start, OTHER_ONLY | NO_ANSWER | ALONE),
	OP(hl_grant_seed, OTHER_ONLY | NO_ANSWER),
	OP(hl_hvm_params, OTHER_ONLY),
	[XEN_DOMCTL_hl_destroy - XEN_DOMCTL_HL_BASE] = { domctl_destroydomain, OTHER_ONLY | NO_ANSWER },
};

static const struct row *find_row(uint32_t cmd)
{
	if (cmd < ARRAY_SIZE(ops))
		return &ops[index_nospec(cmd, ARRAY_SIZE(ops))];
	if (cmd >= XEN_DOMCTL_HL_BASE && cmd - XEN_DOMCTL_HL_BASE < ARRAY_SIZE(hl_ops))
		return &hl_ops[index_nospec(cmd - XEN_DOMCTL_HL_BASE, ARRAY_SIZE(hl_ops))];
	return NULL;
}

static int run(struct vcpu *v, const struct row *row, struct xen_domctl *op)
{
	struct domain *d;
	int rc;

	if (row->flags & NO_TARGET)
		return row->fn(v, NULL, op);
	if (op->domain == DOMID_SELF)
		return -ESRCH; /* unlike elsewhere, a number is asked for */
	d = row->flags & OTHER_ONLY ? perms_get_other(v, op->domain, &rc)
				    : perms_get_domain(v, op->domain, &rc);
	if (!d)
		return rc;
	if (!(row->flags & ALONE)) {
		rc = row->fn(v, d, op);
	} else if (atomic_xchg(&d->guest->control_busy, true)) {
		rc = -ERESTART;
	} else {
		rc = row->fn(v, d, op);
		store_release(&d->guest->control_busy, false);
	}
	if (DEBUG)
		domain_check(d);
	domain_put(d);
	return rc;
}

/* The struct goes back after an error too: some say in it what was wrong. */
int64_t hypercall_domctl(struct vcpu *v, struct call *call)
{
	guest_ptr_t arg = GUEST_PTR(call->arg[0]);
	const struct row *row;
	struct xen_domctl op;
	int rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	row = find_row(op.cmd);
	if (!row || !row->fn)
		return -ENOSYS;
	rc = run(v, row, &op);
	if (!(row->flags & NO_ANSWER) && copy_to_guest(arg, &op, sizeof(op)))
		return -EFAULT;
	return rc;
}

int xenctl_bitmap_read(uint64_t *mask, const struct xenctl_bitmap *b, uint64_t beyond)
{
	uint32_t nr_bits = min(b->nr_bits, 64u);
	uint64_t bits = 0, valid = nr_bits == 64 ? ~0ULL : (1ULL << nr_bits) - 1;

	if (copy_from_guest(&bits, HANDLE_PTR(b->bitmap), (nr_bits + 7) / 8))
		return -EFAULT;
	*mask = (bits & valid) | (beyond & ~valid);
	return 0;
}

int xenctl_bitmap_write(const struct xenctl_bitmap *b, uint64_t mask)
{
	uint32_t nr_bytes = b->nr_bits / 8 + !!(b->nr_bits % 8), nr = min(nr_bytes, 8u);

	if (copy_to_guest(HANDLE_PTR(b->bitmap), &mask, nr))
		return -EFAULT;
	/* What lies beyond is zero; nobody has more than some thousand CPUs. */
	nr_bytes = min(nr_bytes, 1024u);
	return clear_guest(guest_ptr_add(HANDLE_PTR(b->bitmap), nr), nr_bytes - nr) ? -EFAULT : 0;
}
