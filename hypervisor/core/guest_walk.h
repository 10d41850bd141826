/* SPDX-License-Identifier: GPL-2.0-only */
/* Walking a guest's own page tables: long mode, PAE and 32-bit paging (SDM 3A chapter 4). Pure. */
#pragma once

#include "hvm/hvm.h"

/* How the walker reaches guest-physical memory. size is 4 or 8. */
struct walk_ops {
	bool (*read)(void *ctx, uint64_t gpa, void *dst, unsigned int size);
	/* Set bits in the entry if it still is `old`; the CPU would have set accessed and dirty. */
	bool (*set_bits)(void *ctx, uint64_t gpa, uint64_t old, uint64_t bits, unsigned int size);
};

/*
 * va to gpa. access: PF_WRITE, PF_USER, PF_FETCH of core/guest_copy.h. 0; or -EFAULT and the error code of
 * the #PF that the guest would get in *pf_error.
 */
int guest_walk(const struct hvm_mode *m, uint64_t va, uint32_t access, const struct walk_ops *ops, void *ctx,
	       uint64_t *gpa, uint32_t *pf_error);
