/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing how much a domain has while it runs. Dom0 can only ask, in xenstore, and set a limit: the
 * domain's own drivers do it. So each change is two steps: ask, then watch for a while what comes of
 * it. No step prints; what was not done is in the message.
 */
#pragma once

#include "dom0-tools/lib/hl.h"

#define WAIT_MEMORY_MS	10000		/* without a MiB of progress */
#define WAIT_UNPLUG_MS	10000
#define WAIT_PLUG_MS	5000		/* then it waits for somebody in the guest */

/*
 * Ask a domain to have so much memory, no more than it was created with (memory/static-max); the
 * hypervisor gives it no more from now on. -EINVAL, -ENOMEM: refused, and nothing was changed. Dom0's
 * memory is fixed (docs/decisions/0005).
 */
int resize_ask_memory(struct hl *hl, uint32_t domid, uint64_t kib, struct diag *dg);
/* Told now and then how much the domain has. */
typedef void resize_note_fn(void *arg, uint64_t have_kib);
/* Until it has that; -ETIMEDOUT when nothing moves any more, -ESRCH when it ended. */
int resize_wait_memory(struct hl *hl, uint32_t domid, uint64_t kib, resize_note_fn *note, void *arg,
		       struct diag *dg);
/* The hypervisor's limit alone; not below what the domain was asked to have. */
int resize_limit_memory(struct hl *hl, uint32_t domid, uint64_t kib, struct diag *dg);

/* Offer the domain its first nr vCPUs, and take back the others; nr is 1 to what it was created with. */
int resize_ask_vcpus(struct hl *hl, uint32_t domid, unsigned int nr, struct diag *dg);
/* Until so many are online; -ETIMEDOUT when fewer are, -EBUSY when more are, -ESRCH when it ended. */
int resize_wait_vcpus(struct hl *hl, uint32_t domid, unsigned int nr, struct diag *dg);
