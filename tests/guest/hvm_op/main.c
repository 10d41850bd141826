/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hvm_op: parameters and the upcall vector. A DomU reads its own console and store parameters but
 * cannot set what only its builder may; other domains' are out of reach; indices are bounded.
 * pagetable_dying must be refused: Linux would use it otherwise.
 */
#include "lib/test.h"

static long set_vector(uint32_t vcpu, uint8_t vector)
{
	struct xen_hvm_evtchn_upcall_vector op = { .vcpu = vcpu, .vector = vector };

	return hvm_op(HVMOP_set_evtchn_upcall_vector, &op);
}

TEST(hvm_op, IN_DOM0 | IN_DOMU, 1)
{
	struct xen_hvm_pagetable_dying dying = { .domid = DOMID_SELF };
	uint64_t value;

	CHECK_EQ(set_vector(0, 0xf), -XEN_EINVAL);
	CHECK_EQ(set_vector(0, 0), -XEN_EINVAL);
	CHECK_EQ(set_vector(77, 0x80), -XEN_ENOENT);
	CHECK_EQ(set_vector(~0u, 0x80), -XEN_ENOENT);
	CHECK_EQ(set_vector(0, VECTOR_UPCALL), 0);

	CHECK_EQ(hvm_get_param(DOMID_SELF, HVM_NR_PARAMS, &value), -XEN_EINVAL);
	CHECK_EQ(hvm_get_param(DOMID_SELF, ~0u, &value), -XEN_EINVAL);
	CHECK_EQ(hvm_set_param(DOMID_SELF, HVM_NR_PARAMS, 0), -XEN_EINVAL);
	CHECK_EQ(hvm_get_param(0x7000, HVM_PARAM_STORE_PFN, &value), -XEN_ESRCH);
	CHECK_EQ(hvm_get_param(DOMID_SELF, HVM_PARAM_STORE_EVTCHN, &value), 0);
	CHECK_EQ(value, 0); /* no store here; Linux as Dom0 relies on this zero */
	CHECK_EQ(hvm_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 1), 0);
	CHECK_EQ(hvm_get_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, &value), 0);
	CHECK_EQ(value, 1);
	CHECK_EQ(hvm_op(HVMOP_pagetable_dying, &dying), -XEN_EINVAL);
	CHECK_EQ(hvm_op(99, page_alloc()), -XEN_ENOSYS);
	if (!is_dom0()) {
		CHECK_EQ(hvm_get_param(DOMID_SELF, HVM_PARAM_CONSOLE_PFN, &value), 0);
		CHECK_EQ(value, 0xfefff);
		CHECK_EQ(hvm_get_param(0, HVM_PARAM_CONSOLE_PFN, &value), -XEN_EPERM);
		CHECK_EQ(hvm_set_param(0, HVM_PARAM_CALLBACK_IRQ, 0), -XEN_EPERM);
		CHECK_EQ(hvm_set_param(DOMID_SELF, HVM_PARAM_CONSOLE_PFN, 5), -XEN_EPERM);
	}
}
