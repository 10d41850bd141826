/* SPDX-License-Identifier: GPL-2.0-only */
/* What all operations of the calls have in common: finding the row, the struct, the domain. */
#include "guest/hypercall.h"
#include "guest/perms.h"

/* Run fn for the domain that the struct names. */
static int64_t run_on(const struct sub_op *op, struct call *call, void *buf)
{
	domid_t id = *(const domid_t *)((const char *)buf + op->domid_at);
	int64_t rc;
	int err;

	call->d = op->flags & OP_ON_OTHER ? perms_get_other(call->v, id, &err)
					  : perms_get_domain(call->v, id, &err);
	if (!call->d)
		return err;
	rc = op->fn(call, buf);
	domain_put(call->d);
	return rc;
}

/* For 32-bit code; apart, as it would slow down all others. */
static __outlined int64_t run_32(const struct sub_op *op, struct call *call, guest_ptr_t arg)
{
	uint64_t buf[32];
	int64_t rc;

	if (layout32_read(call->layout, buf, op->size, arg))
		return -EFAULT;
	rc = op->flags & (OP_ON | OP_ON_OTHER) ? run_on(op, call, buf) : op->fn(call, buf);
	if (rc >= 0 && op->flags & OP_BACK && layout32_write(call->layout, arg, buf))
		return -EFAULT;
	return rc;
}

int64_t sub_op_run(struct vcpu *v, struct call *call, const struct sub_op *table, unsigned int nr,
		   uint32_t cmd, guest_ptr_t arg)
{
	uint64_t buf[32]; /* any struct fits whose size is a uint8_t */
	const struct sub_op *op;
	int64_t rc;

	if (cmd >= nr)
		return -ENOSYS;
	op = &table[index_nospec(cmd, nr)];
	if (!op->fn)
		return -ENOSYS;
	call->v = v;
	call->d = v->d;
	if (unlikely(call->layout))
		return run_32(op, call, arg);
	if (op->size && copy_from_guest(buf, arg, op->size))
		return -EFAULT;
	rc = op->flags & (OP_ON | OP_ON_OTHER) ? run_on(op, call, buf) : op->fn(call, buf);
	if (rc >= 0 && op->flags & OP_BACK && copy_to_guest(arg, buf, op->size))
		return -EFAULT;
	return rc;
}
