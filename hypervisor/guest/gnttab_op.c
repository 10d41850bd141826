/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grant_table_op (20): questions about the table, and the batches of gnttab_map.c and
 * gnttab_copy.c.
 */
#include "guest/gnttab.h"
#include "guest/hypercall.h"
#include "guest/perms.h"

typedef int64_t batch_fn(struct vcpu *v, guest_ptr_t ops, uint32_t count, uint32_t *done);

/* The domain that a question is about, referenced; NULL with *status saying why not. */
static struct domain *find_domain(struct call *call, domid_t id, int16_t *status)
{
	int rc;
	struct domain *d = perms_get_domain(call->v, id, &rc);

	*status = d ? GNTST_okay : rc == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
	return d;
}

static int64_t op_query_size(struct call *call, void *arg)
{
	struct gnttab_query_size *op = arg;
	struct domain *d = find_domain(call, op->dom, &op->status);

	if (!d)
		return 0;
	op->nr_frames = READ_ONCE(d->gnttab->nr_frames);
	op->max_nr_frames = d->gnttab->max_frames;
	domain_put(d);
	return 0;
}

static int64_t op_set_version(struct call *call, void *arg)
{
	return ((struct gnttab_set_version *)arg)->version == 1 ? 0 : -EINVAL;
}

static int64_t op_get_version(struct call *call, void *arg)
{
	((struct gnttab_get_version *)arg)->version = 1;
	return 0;
}

/* The table's frames as the guest sees them: where it has put them itself, by add_to_physmap. */
static int64_t list_frames(struct domain *d, struct gnttab_setup_table *op)
{
	uint64_t gfn;
	mfn_t mfn;

	if (op->nr_frames > d->gnttab->max_frames)
		op->status = GNTST_general_error;
	for (uint32_t i = 0; op->status == GNTST_okay && i < op->nr_frames; i++) {
		if (gnttab_get_frame(d, i, &mfn)) {
			op->status = GNTST_general_error;
			break;
		}
		gfn = READ_ONCE(d->gnttab->gfn[i]);
		if (copy_to_guest_at(HANDLE_PTR(op->frame_list), i, &gfn, sizeof(gfn)))
			return -EFAULT;
	}
	return 0;
}

static int64_t op_setup_table(struct call *call, void *arg)
{
	struct gnttab_setup_table *op = arg;
	struct domain *d = find_domain(call, op->dom, &op->status);
	int64_t rc;

	if (!d)
		return 0;
	rc = list_frames(d, op);
	domain_put(d);
	return rc;
}

static const struct sub_op ops[] = {
	[GNTTABOP_setup_table] = SUB_OP(op_setup_table, gnttab_setup_table, OP_BACK),
	[GNTTABOP_query_size] = SUB_OP(op_query_size, gnttab_query_size, OP_BACK),
	[GNTTABOP_set_version] = SUB_OP(op_set_version, gnttab_set_version, 0),
	[GNTTABOP_get_version] = SUB_OP_ON(op_get_version, gnttab_get_version, dom, OP_ON | OP_BACK),
};

static const struct {
	batch_fn *fn;
	uint16_t size; /* of an element */
} batches[] = {
	[GNTTABOP_map_grant_ref] = { gnttab_op_map, sizeof(struct gnttab_map_grant_ref) },
	[GNTTABOP_unmap_grant_ref] = { gnttab_op_unmap, sizeof(struct gnttab_unmap_grant_ref) },
	[GNTTABOP_copy] = { gnttab_op_copy, sizeof(struct gnttab_copy) },
};

int64_t hypercall_grant_table_op(struct vcpu *v, struct call *call)
{
	uint32_t cmd = (uint32_t)call->arg[0], i = index_nospec(cmd, ARRAY_SIZE(batches));
	uint32_t count = (uint32_t)call->arg[2], done = 0;
	int64_t rc;

	if (cmd >= ARRAY_SIZE(batches) || !batches[i].fn)
		return count == 1 || cmd >= ARRAY_SIZE(ops) ? SUB_OP_RUN(v, call, ops) : -EINVAL;
	if (count > INT32_MAX)
		return -EINVAL;
	rc = batches[i].fn(v, GUEST_PTR(call->arg[1]), count, &done);
	if (rc == -ERESTART) {
		call->arg[1] += (uint64_t)done * batches[i].size;
		call->arg[2] = count - done;
	}
	return rc;
}
