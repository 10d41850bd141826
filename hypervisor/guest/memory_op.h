/* SPDX-License-Identifier: GPL-2.0-only */
/* memory_op (12): handlers shared among memory_*.c. */
#ifndef GUEST_MEMORY_OP_H
#define GUEST_MEMORY_OP_H

#include "core/guest_copy.h"

/*
 * *start is the first element to do; a handler that stops early writes its progress there and
 * returns -ERESTART. The guest may have made it up: nothing but the loop may depend on it.
 */
typedef int64_t memory_fn(struct vcpu *v, guest_ptr_t arg, uint64_t *start);

memory_fn memory_add_to_physmap, memory_remove_from_physmap, memory_add_to_physmap_batch;
memory_fn memory_acquire_resource, memory_map_get, memory_map_set;

#endif
