/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest memory by guest-virtual address: a "guest address" is a host address; page 0 faults. */
#include <string.h>
#include "core/guest_copy.h"
#include "fakes/fakes.h"
#include "lib/errno.h"

int64_t fake_guest_budget = -1;

static bool faults(guest_ptr_t p, size_t len)
{
	if (len && p.va < PAGE_SIZE)
		return true;
	if (fake_guest_budget < 0)
		return false;
	if ((uint64_t)fake_guest_budget < len)
		return true;
	fake_guest_budget -= (int64_t)len;
	return false;
}

int copy_from_guest(void *dst, guest_ptr_t src, size_t len)
{
	if (faults(src, len))
		return -EFAULT;
	memcpy(dst, (const void *)src.va, len);
	return 0;
}

int copy_to_guest(guest_ptr_t dst, const void *src, size_t len)
{
	if (faults(dst, len))
		return -EFAULT;
	memcpy((void *)dst.va, src, len);
	return 0;
}

int clear_guest(guest_ptr_t dst, size_t len)
{
	if (faults(dst, len))
		return -EFAULT;
	memset((void *)dst.va, 0, len);
	return 0;
}

int copy_from_guest_at(void *dst, guest_ptr_t base, uint64_t i, size_t elem_size)
{
	return copy_from_guest(dst, guest_ptr_add(base, i * elem_size), elem_size);
}

int copy_to_guest_at(guest_ptr_t base, uint64_t i, const void *src, size_t elem_size)
{
	return copy_to_guest(guest_ptr_add(base, i * elem_size), src, elem_size);
}
