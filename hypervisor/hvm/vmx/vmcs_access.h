/* SPDX-License-Identifier: GPL-2.0-only */
/* The seam between the backend and the CPU's current VMCS; unit tests put an array in its place. */
#pragma once

#include "lib/base.h"

/* All wait for a current VMCS; a field that is not there is our own fault. */
static inline uint64_t vmcs_read(unsigned long field)
{
	uint64_t val;

	__asm__ volatile("vmread %1, %0" : "=r"(val) : "r"(field) : "cc");
	return val;
}

static inline void vmcs_write(unsigned long field, uint64_t val)
{
	bool failed;

	__asm__ volatile("vmwrite %2, %1" : "=@ccna"(failed) : "r"(field), "r"(val) : "memory");
	BUG_ON(failed);
}
