/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls: one row per call in hypercalls.def, one handler each.
 *
 * A handler copies its arguments in once, checks them all, then commits. Long work stops at a
 * bound: the handler writes its progress into call->arg[] and returns -ERESTART, and the dispatcher
 * runs it again with those arguments, after the run loop has looked around.
 */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#include "core/guest_copy.h"

struct call {
	uint64_t arg[5];
};

typedef int64_t hypercall_fn(struct vcpu *v, struct call *call);

#define HYPERCALL(nr, name, who, purpose) hypercall_fn hypercall_##name;
#include "guest/hypercalls.def"
#undef HYPERCALL

/* The current vCPU executed VMMCALL/VMCALL: do it, set RAX and RIP. Called by the exit loop. */
void hypercall(struct vcpu *v);

/* Fill a guest's hypercall page (MSR 0x40000000); -EINVAL when gpa is no RAM page. */
int hypercall_page_write(struct vcpu *v, uint64_t gpa);

/*
 * Sub-operations of one call: how many bytes of struct to copy in, and whether to copy it out
 * again.
 */
struct sub_op {
	uint16_t size; /* 0: no argument */
	bool copy_back;
	int64_t (*fn)(struct vcpu *v, void *op);
};

/*
 * Look up cmd in a table of nr rows, copy its struct in from `arg`, run it, copy it back on
 * success. -ENOSYS for a row that is not there.
 */
int64_t sub_op_run(struct vcpu *v, const struct sub_op *table, unsigned int nr, uint32_t cmd,
		   guest_ptr_t arg);
#define SUB_OP_MAX_SIZE 128

#endif
