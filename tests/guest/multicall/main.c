/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * multicall: libxenctrl sends every memory operation through it. Results land in the entries; a
 * failing entry does not stop the others; unknown and nested calls are refused; a batch whose end
 * is unmapped does what is readable first, then -EFAULT.
 */
#include "lib/test.h"

static void set(multicall_entry_t *e, unsigned long op, unsigned long a0, unsigned long a1)
{
	*e = (multicall_entry_t){ .op = op, .result = 0xdead, .args = { a0, a1 } };
}

TEST(multicall, IN_DOM0 | IN_DOMU, 1)
{
	multicall_entry_t *e = page_alloc();
	struct xen_feature_info f = { .submap_idx = 0 };

	CHECK_EQ(HC(__HYPERVISOR_multicall, e, 0), 0);
	set(&e[0], __HYPERVISOR_xen_version, XENVER_version, 0);
	set(&e[1], 63, 0, 0);
	set(&e[2], __HYPERVISOR_xen_version, XENVER_get_features, (uintptr_t)&f);
	set(&e[3], __HYPERVISOR_xen_version, XENVER_get_features, (uintptr_t)UNMAPPED_PTR);
	set(&e[4], __HYPERVISOR_memory_op, 99, 0);
	CHECK_EQ(HC(__HYPERVISOR_multicall, e, 5), 0);
	CHECK_EQ(e[0].result, 0x40011);
	CHECK_EQ(e[1].result, -XEN_ENOSYS);
	CHECK_EQ(e[2].result, 0);
	CHECK(f.submap);
	CHECK_EQ(e[3].result, -XEN_EFAULT);
	CHECK_EQ(e[4].result, -XEN_ENOSYS);

	set(&e[0], __HYPERVISOR_multicall, (uintptr_t)&e[1], 1);
	HC(__HYPERVISOR_multicall, e, 1);
	CHECK_EQ((long)e[0].result, -XEN_EINVAL);

	e = window_end_of_page(page_alloc(), 2 * sizeof(*e));
	set(&e[0], __HYPERVISOR_xen_version, XENVER_version, 0);
	set(&e[1], __HYPERVISOR_xen_version, XENVER_version, 0);
	CHECK_EQ(HC(__HYPERVISOR_multicall, e, 3), -XEN_EFAULT);
	CHECK_EQ(HC(__HYPERVISOR_multicall, e, 0xffffffff), -XEN_EFAULT);
	CHECK_EQ(HC(__HYPERVISOR_multicall, NONCANONICAL_PTR, 1), -XEN_EFAULT);
}
