/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hypercalls: one row per call in hypercalls.def, one handler each.
 *
 * A handler copies its arguments in once, checks them all, then commits. Long work stops at a
 * bound: the handler writes its progress into call->arg[] and returns -ERESTART, and the dispatcher
 * runs it again with those arguments, after the run loop has looked around.
 */
#pragma once

#include "core/guest_copy.h"

struct call {
	uint64_t arg[5];
	struct vcpu *v;	  /* for a sub-operation: whose it is, */
	struct domain *d; /* and the domain it is about, v's own unless its row says otherwise */
	const struct layout32 *layout; /* of the caller's struct, where a 32-bit one is laid out otherwise */
};

typedef int64_t hypercall_fn(struct vcpu *v, struct call *call);

#define HYPERCALL(nr, name, who, purpose) hypercall_fn hypercall_##name;
#include "guest/hypercalls.def"
#undef HYPERCALL

/* The current vCPU executed VMMCALL/VMCALL: do it, set RAX and RIP. Called by the exit loop. */
void hypercall(struct vcpu *v);

/* The same from code that is not 64-bit: hypercall_32.c. */
void hypercall_32(struct vcpu *v);
/* Its handler's answer, -ENOSYS or -EPERM. */
int64_t hypercall_dispatch(struct vcpu *v, uint64_t nr, struct call *call);
/* A sub-operation's struct of `size` bytes from such a layout, and back into it. 0 or -EFAULT. */
int __must_check layout32_read(const struct layout32 *l, void *op, size_t size, guest_ptr_t from);
int __must_check layout32_write(const struct layout32 *l, guest_ptr_t to, const void *op);

/* Fill a guest's hypercall page (MSR 0x40000000); -EINVAL when gpa is no RAM page. */
int hypercall_page_write(struct vcpu *v, uint64_t gpa);

/*
 * One operation of a call. fn gets a copy of the caller's struct, and the domain that the struct
 * names, if it does; its result is the call's.
 */
struct sub_op {
	int64_t (*fn)(struct call *call, void *op);
	uint8_t size; /* of the struct; 0: there is none */
	uint8_t flags;
	uint8_t domid_at; /* OP_ON, OP_ON_OTHER: offset of the domid */
};
enum {
	OP_BACK = 1,	 /* copy the struct back on success */
	OP_ON = 2,	 /* it names a domain: perms_get_domain() */
	OP_ON_OTHER = 4, /* the same, never the caller's own: perms_get_other() */
};
#define SUB_OP(fn, type, flags) { fn, sizeof(struct type), flags, 0 }
#define SUB_OP_ON(fn, type, domid, flags) \
	{ fn, sizeof(struct type), flags, offsetof(struct type, domid) }

/* Carry out row cmd of nr on the struct at `arg`. -ENOSYS for a row that is not there. */
int64_t sub_op_run(struct vcpu *v, struct call *call, const struct sub_op *table, unsigned int nr,
		   uint32_t cmd, guest_ptr_t arg);
/* The same for a call whose arguments are just these: operation, struct. */
#define SUB_OP_RUN(v, call, table)                                         \
	sub_op_run(v, call, table, ARRAY_SIZE(table), (uint32_t)call->arg[0], \
		   GUEST_PTR(call->arg[1]))
