/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grant_table_op (20): questions about the table, and the batches of gnttab_map.c and
 * gnttab_copy.c.
 */
#include "guest/gnttab.h"
#include "guest/hypercall.h"
#include "guest/perms.h"
#include "lib/errno.h"

typedef int64_t batch_fn(struct vcpu *v, guest_ptr_t ops, uint32_t count, uint32_t *done);

static int64_t query_size(struct vcpu *v, guest_ptr_t arg)
{
	struct gnttab_query_size op;
	struct domain *d;
	int rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	d = perms_get_domain(v, op.dom, &rc);
	if (d) {
		op.nr_frames = READ_ONCE(d->gnttab->nr_frames);
		op.max_nr_frames = d->gnttab->max_frames;
		op.status = GNTST_okay;
		domain_put(d);
	} else {
		op.status = rc == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
	}
	return copy_to_guest(arg, &op, sizeof(op)) ? -EFAULT : 0;
}

static int64_t set_version(struct vcpu *v, guest_ptr_t arg)
{
	struct gnttab_set_version op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	return op.version == 1 ? 0 : -EINVAL;
}

static int64_t get_version(struct vcpu *v, guest_ptr_t arg)
{
	struct gnttab_get_version op;
	struct domain *d;
	int rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	d = perms_get_domain(v, op.dom, &rc);
	if (!d)
		return rc;
	domain_put(d);
	op.version = 1;
	return copy_to_guest(arg, &op, sizeof(op)) ? -EFAULT : 0;
}

/* The table's frames as the guest sees them: where it has put them itself, by add_to_physmap. */
static int64_t list_frames(struct domain *d, struct gnttab_setup_table *op)
{
	uint64_t gfn;
	mfn_t mfn;
	uint32_t i;

	if (op->nr_frames > d->gnttab->max_frames)
		return GNTST_general_error;
	for (i = 0; i < op->nr_frames; i++) {
		if (gnttab_get_frame(d, i, &mfn))
			return GNTST_general_error;
		gfn = READ_ONCE(d->gnttab->gfn[i]);
		if (copy_to_guest_at(HANDLE_PTR(op->frame_list), i, &gfn, sizeof(gfn)))
			return -EFAULT;
	}
	return GNTST_okay;
}

static int64_t setup_table(struct vcpu *v, guest_ptr_t arg)
{
	struct gnttab_setup_table op;
	struct domain *d;
	int64_t status;
	int rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	d = perms_get_domain(v, op.dom, &rc);
	if (d) {
		status = list_frames(d, &op);
		domain_put(d);
	} else {
		status = rc == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
	}
	if (status == -EFAULT)
		return status;
	op.status = (int16_t)status;
	return copy_to_guest(arg, &op, sizeof(op)) ? -EFAULT : 0;
}

static const struct {
	batch_fn *batch;
	int64_t (*single)(struct vcpu *v, guest_ptr_t arg);
	uint16_t size; /* of a batch's element */
} ops[] = {
	[GNTTABOP_map_grant_ref] = { gnttab_op_map, NULL, sizeof(struct gnttab_map_grant_ref) },
	[GNTTABOP_unmap_grant_ref] = { gnttab_op_unmap, NULL,
				       sizeof(struct gnttab_unmap_grant_ref) },
	[GNTTABOP_setup_table] = { NULL, setup_table, 0 },
	[GNTTABOP_copy] = { gnttab_op_copy, NULL, sizeof(struct gnttab_copy) },
	[GNTTABOP_query_size] = { NULL, query_size, 0 },
	[GNTTABOP_set_version] = { NULL, set_version, 0 },
	[GNTTABOP_get_version] = { NULL, get_version, 0 },
};

int64_t hypercall_grant_table_op(struct vcpu *v, struct call *call)
{
	uint32_t cmd = (uint32_t)call->arg[0];
	uint32_t count = (uint32_t)call->arg[2], done = 0;
	int64_t rc;

	if (cmd >= ARRAY_SIZE(ops))
		return -ENOSYS;
	cmd = index_nospec(cmd, ARRAY_SIZE(ops));
	if (ops[cmd].single)
		return count == 1 ? ops[cmd].single(v, GUEST_PTR(call->arg[1])) : -EINVAL;
	if (!ops[cmd].batch)
		return -ENOSYS;
	if (count > INT32_MAX)
		return -EINVAL;
	rc = ops[cmd].batch(v, GUEST_PTR(call->arg[1]), count, &done);
	if (rc == -ERESTART) {
		call->arg[1] += (uint64_t)done * ops[cmd].size;
		call->arg[2] = count - done;
	}
	return rc;
}
