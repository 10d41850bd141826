/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory-mapped devices of a domain. A nested page fault comes here; the instruction is fetched and
 * decoded, the device asked, the register written, RIP advanced. Ranges are registered by the page
 * while the domain is built, never while it runs, so no lock; MSI-X tables, which move, are
 * vmsix.c's.
 */
#pragma once

#include "core/domain.h"

/* One access of 1, 2, 4 or 8 bytes, not crossing a page. Unused upper bytes of a read are ignored.
 */
typedef void (*mmio_fn)(struct vcpu *v, void *ctx, uint64_t gpa, unsigned int size, bool write,
			uint64_t *val);

enum mmio_result {
	MMIO_DONE,  /* carried out, or a fault was injected; enter the guest again */
	MMIO_RETRY, /* Dom0 only: the real device is mapped now; enter again, RIP unchanged */
	MMIO_CRASH, /* not an instruction that the decoder knows, or code in a device: crash it */
};

/* gpa and size page aligned. -EEXIST when it overlaps, -ENOMEM. */
int mmio_register(struct domain *d, uint64_t gpa, uint64_t size, mmio_fn fn,
		  void *ctx) __must_check;
void mmio_free(struct domain *d);
bool mmio_claims(const struct domain *d, uint64_t gpa);

/*
 * The current vCPU faulted at gpa, which its p2m does not map (or not for writing). Unclaimed:
 * reads give all ones, writes are dropped. For Dom0 an address that is no RAM and not ours is
 * mapped 1:1.
 */
enum mmio_result mmio_access(struct vcpu *v, uint64_t gpa, bool write);
