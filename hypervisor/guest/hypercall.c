/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From VMMCALL to a handler and back: who may call, which handler, what becomes of RAX and RIP.
 * A restarted call leaves RIP on the instruction and its progress in the argument registers, so
 * that the guest executes it again; a call inside multicall keeps them in the caller's array.
 */
#include "guest/hypercall.h"
#include "guest/shared_info.h"
#include <xen/xen.h>

#define NR_HYPERCALLS 64

struct row {
	hypercall_fn *fn;
	bool privileged;
};

#define WHO_IS_PRIV(who) ((who)[0] == 'p')
static const struct row table[NR_HYPERCALLS] = {
#define HYPERCALL(nr, name, who, purpose) [nr] = { hypercall_##name, WHO_IS_PRIV(who) },
#include "guest/hypercalls.def"
#undef HYPERCALL
};

static __inlined int64_t dispatch(struct vcpu *v, uint64_t nr, struct call *call)
{
	const struct row *row;

	if (nr >= NR_HYPERCALLS)
		return -ENOSYS;
	row = &table[index_nospec(nr, NR_HYPERCALLS)];
	if (!row->fn)
		return -ENOSYS;
	if (row->privileged && !v->d->is_privileged)
		return -EPERM;
	return row->fn(v, call);
}

int64_t hypercall_dispatch(struct vcpu *v, uint64_t nr, struct call *call)
{
	return dispatch(v, nr, call);
}

void hypercall(struct vcpu *v)
{
	uint64_t *gpr = v->hvm.gpr;
	struct call call = { .arg = { gpr[RDI], gpr[RSI], gpr[RDX], gpr[R10], gpr[R8] } };
	int64_t rc;

	hvm_ops->get_mode(&v->hvm, &v->mode);
	if (unlikely(!v->mode.long_cs)) {
		hypercall_32(v);
		return;
	}
	if (unlikely(v->mode.cpl))
		rc = -EPERM;
	else
		rc = dispatch(v, gpr[RAX], &call);

	if (unlikely(rc == -ERESTART)) {
		gpr[RDI] = call.arg[0];
		gpr[RSI] = call.arg[1];
		gpr[RDX] = call.arg[2];
		gpr[R10] = call.arg[3];
		gpr[R8] = call.arg[4];
		return;
	}
	gpr[RAX] = (uint64_t)rc;
	hvm_advance(&v->hvm, 3);
}

/*
 * Entries per run: a call inside may be long itself, and each restart sees interrupts in between.
 */
#define MULTICALL_BOUND 8

int64_t hypercall_multicall(struct vcpu *v, struct call *call)
{
	unsigned int budget = MULTICALL_BOUND;
	uint64_t *list = &call->arg[0], *nr = &call->arg[1];
	struct multicall_entry e;
	struct call inner = { 0 };
	int64_t rc;

	*nr = (uint32_t)*nr;
	for (; *nr; (*nr)--, *list += sizeof(e)) {
		if (!budget--)
			return -ERESTART;
		if (copy_from_guest(&e, GUEST_PTR(*list), sizeof(e)))
			return -EFAULT;
		memcpy(inner.arg, e.args, sizeof(inner.arg));
		rc = e.op == __HYPERVISOR_multicall ? -EINVAL : dispatch(v, e.op, &inner);
		if (rc == -ERESTART)
			memcpy(e.args, inner.arg, sizeof(inner.arg));
		else
			e.result = (xen_ulong_t)rc;
		if (copy_to_guest(GUEST_PTR(*list), &e, sizeof(e)))
			return -EFAULT;
		if (rc == -ERESTART)
			return rc;
	}
	return 0;
}

/* Stub i at 32 * i: mov $i, %eax; vmmcall or vmcall; ret. */
int hypercall_page_write(struct vcpu *v, uint64_t gpa)
{
	uint8_t stub[9] = { 0xb8, 0, 0, 0, 0, 0, 0, 0, 0xc3 };

	if (gpa & ~PAGE_MASK || copy_to_gpa(v->d, gpa, NULL, PAGE_SIZE))
		return -EINVAL;
	guest_latch_layout(v);
	memcpy(stub + 5, hvm_ops->hypercall_insn, 3);
	for (unsigned int i = 0; i < PAGE_SIZE / 32; i++) {
		stub[1] = i;
		if (copy_to_gpa(v->d, gpa + 32 * i, stub, sizeof(stub)))
			return -EINVAL;
	}
	return 0;
}
