/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pointers: what hypercalls do with bad ones. For each call that takes a struct: unmapped,
 * non-canonical, NULL, straddling into an unmapped page, wrapping past the end of the address
 * space, in a page whose frame is not populated: always -EFAULT and nothing changed. Straddling
 * two mapped, non-contiguous pages works. A result cannot be written through a read-only mapping.
 */
#include "lib/test.h"
#include "lib/traps.h"

struct call {
	const char *name;
	unsigned int nr;
	unsigned long a1, a3;
	int pointer;	/* which argument is the pointer */
	bool counts;	/* the result is a number of extents done: 0 will do */
};

static const struct call calls[] = {
	{ "features", __HYPERVISOR_xen_version, XENVER_get_features, 0, 2, false },
	{ "add_to_physmap", __HYPERVISOR_memory_op, XENMEM_add_to_physmap, 0, 2, false },
	{ "populate", __HYPERVISOR_memory_op, XENMEM_populate_physmap, 0, 2, true },
	{ "decrease", __HYPERVISOR_memory_op, XENMEM_decrease_reservation, 0, 2, true },
	{ "memory_map", __HYPERVISOR_memory_op, XENMEM_memory_map, 0, 2, false },
	{ "remove", __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, 0, 2, false },
	{ "alloc_unbound", __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, 0, 2, false },
	{ "bind_virq", __HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, 0, 2, false },
	{ "bind_ipi", __HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, 0, 2, false },
	{ "send", __HYPERVISOR_event_channel_op, EVTCHNOP_send, 0, 2, false },
	{ "close", __HYPERVISOR_event_channel_op, EVTCHNOP_close, 0, 2, false },
	{ "status", __HYPERVISOR_event_channel_op, EVTCHNOP_status, 0, 2, false },
	{ "unmask", __HYPERVISOR_event_channel_op, EVTCHNOP_unmask, 0, 2, false },
	{ "query_size", __HYPERVISOR_grant_table_op, GNTTABOP_query_size, 1, 2, false },
	{ "map_ref", __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, 1, 2, false },
	{ "unmap_ref", __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, 1, 2, false },
	{ "copy", __HYPERVISOR_grant_table_op, GNTTABOP_copy, 1, 2, false },
	{ "shutdown", __HYPERVISOR_sched_op, SCHEDOP_shutdown, 0, 2, false },
	{ "poll", __HYPERVISOR_sched_op, SCHEDOP_poll, 0, 2, false },
	{ "get_param", __HYPERVISOR_hvm_op, HVMOP_get_param, 0, 2, false },
	{ "set_param", __HYPERVISOR_hvm_op, HVMOP_set_param, 0, 2, false },
	{ "upcall_vector", __HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, 0, 2, false },
	{ "singleshot", __HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, 3, false },
	{ "runstate", __HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, 3, false },
	{ "vcpu_info", __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, 3, false },
	{ "multicall", __HYPERVISOR_multicall, 0, 1, 1, false },
};

static long call_with(const struct call *c, void *p)
{
	if (c->pointer == 1)
		return HC(c->nr, p, c->a3);
	if (c->pointer == 3)
		return HC(c->nr, c->a1, 0, p);
	return HC(c->nr, c->a1, p, c->a3);
}

static void check_one(const struct call *c)
{
	uint8_t *page = page_alloc();
	const struct {
		const char *what;
		void *p;
	} bad[] = {
		{ "unmapped", UNMAPPED_PTR },
		{ "non-canonical", NONCANONICAL_PTR },
		{ "NULL", NULL },
		{ "straddling", window_end_of_page(page, 1) },
		{ "wrapping", (void *)-1L },
		{ "unpopulated", window_map(2, HOLE_GPA, PTE_RW) },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		long rc = call_with(c, bad[i].p);

		if (rc != -XEN_EFAULT && (rc || !c->counts))
			test_failure("%s with a pointer %s: %ld", c->name, bad[i].what, rc);
	}
}

/*
 * A struct across the boundary of two pages that lie apart in memory, at every split of its 16
 * bytes.
 */
static void check_straddling(void)
{
	uint8_t *first = page_alloc(), *second;
	uint8_t *va;

	page_alloc();
	second = page_alloc();
	va = window_map(4, (uintptr_t)first, PTE_RW);
	window_map(5, (uintptr_t)second, PTE_RW);
	for (unsigned int split = 0; split <= sizeof(struct xen_hvm_param); split++) {
		struct xen_hvm_param *p = (void *)(va + PAGE_SIZE - split);

		memset(p, 0xee, sizeof(*p));
		p->domid = DOMID_SELF;
		p->index = HVM_PARAM_CALLBACK_IRQ;
		CHECK_EQ(hvm_op(HVMOP_get_param, p), 0);
		CHECK(p->value != 0xeeeeeeeeeeeeeeee);
	}
}

static void check_read_only(void)
{
	uint8_t *page = page_alloc();
	struct xen_feature_info *f = window_map(6, (uintptr_t)page, PTE_RO);

	CHECK_EQ(xen_version(XENVER_get_features, f), -XEN_EFAULT);
	CHECK(mem_is(page, 0, PAGE_SIZE));
	window_map(6, (uintptr_t)page, PTE_RW);
	CHECK_EQ(xen_version(XENVER_get_features, f), 0);
	CHECK(f->submap);
}

TEST(pointers, IN_DOM0 | IN_DOMU, 1)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		check_one(&calls[i]);
	check_straddling();
	check_read_only();
}
