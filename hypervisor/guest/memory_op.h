/* SPDX-License-Identifier: GPL-2.0-only */
/* memory_op (12): handlers shared among memory_*.c. */
#pragma once

#include "guest/hypercall.h"

/*
 * The command's bits from 6 up say which element is to be done first. A handler that stops early
 * returns memory_restart(), with the next one. The guest may have made it up: nothing but the loop
 * may depend on it.
 */
#define MEMORY_CMD_BITS 6
#define MEMORY_CMD_MASK ((1u << MEMORY_CMD_BITS) - 1)

static inline uint64_t memory_start(const struct call *call)
{
	return call->arg[0] >> MEMORY_CMD_BITS;
}

static inline int64_t memory_restart(struct call *call, uint64_t next)
{
	call->arg[0] = (call->arg[0] & MEMORY_CMD_MASK) | next << MEMORY_CMD_BITS;
	return -ERESTART;
}

typedef int64_t memory_fn(struct call *call, void *op);
memory_fn memory_add_to_physmap, memory_remove_from_physmap, memory_add_to_physmap_batch;
memory_fn memory_acquire_resource, memory_map_get, memory_map_set;
