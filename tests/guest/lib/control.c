/* SPDX-License-Identifier: GPL-2.0-only */
/* Control hypercalls and foreign mappings, thin: what the tiny toolstack and tests build on. */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/string.h"
#include "lib/test.h"

long domctl(uint32_t cmd, domid_t domid, struct xen_domctl *op)
{
	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = domid;
	return HC(__HYPERVISOR_domctl, op);
}

long domctl_simple(uint32_t cmd, domid_t domid)
{
	struct xen_domctl op = { 0 };

	return domctl(cmd, domid, &op);
}

long sysctl(uint32_t cmd, struct xen_sysctl *op)
{
	op->cmd = cmd;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return HC(__HYPERVISOR_sysctl, op);
}

unsigned int console_count(const char *what)
{
	static char ring[16385];
	struct xen_sysctl op = { .u.readconsole = { .count = sizeof(ring) - 1 } };
	unsigned int n = 0;

	set_xen_guest_handle_raw(op.u.readconsole.buffer, ring);
	REQUIRE_EQ(sysctl(XEN_SYSCTL_readconsole, &op), 0);
	ring[op.u.readconsole.count] = '\0';
	for (const char *text = ring; *text; text++) {
		size_t i = 0;

		while (what[i] && text[i] == what[i])
			i++;
		n += !what[i];
	}
	return n;
}

uint64_t host_free_pages(void)
{
	struct xen_sysctl op = { 0 };

	if (sysctl(XEN_SYSCTL_physinfo, &op)) {
		test_error("physinfo failed");
		return 0;
	}
	return op.u.physinfo.free_pages;
}

uint64_t host_free_pages_settled(void)
{
	uint64_t last = 0, free = host_free_pages();

	for (unsigned int i = 0; i < 50 && free != last; i++) {
		last = free;
		sleep_until(now_ns() + 5 * NSEC_PER_MSEC);
		free = host_free_pages();
	}
	return free;
}

long domain_info(domid_t domid, struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl op = { 0 };
	long rc = domctl(XEN_DOMCTL_getdomaininfo, domid, &op);

	*info = op.u.getdomaininfo;
	return rc ? rc : op.domain == domid ? 0 : -XEN_ESRCH;
}

long foreign_map(domid_t domid, const xen_pfn_t *gfns, unsigned int nr, void *at)
{
	for (unsigned int i = 0; i < nr; i++) {
		xen_ulong_t idx = gfns[i];
		xen_pfn_t gpfn = gfn_of(at) + i;
		int err = 0;
		struct xen_add_to_physmap_batch op = {
			.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1,
			.u.foreign_domid = domid,
		};
		long rc;

		set_xen_guest_handle(op.idxs, &idx);
		set_xen_guest_handle(op.gpfns, &gpfn);
		set_xen_guest_handle(op.errs, &err);
		rc = memory_op(XENMEM_add_to_physmap_batch, &op);
		if (rc || err) {
			foreign_unmap(at, i);
			return rc ? rc : err;
		}
	}
	return 0;
}

void foreign_unmap(void *at, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct xen_remove_from_physmap op = { .domid = DOMID_SELF, .gpfn = gfn_of(at) + i };

		memory_op(XENMEM_remove_from_physmap, &op);
	}
}

long memory_populate(domid_t domid, const xen_pfn_t *gfns, unsigned int nr)
{
	struct xen_memory_reservation op = { .nr_extents = nr, .domid = domid };

	set_xen_guest_handle(op.extent_start, (xen_pfn_t *)gfns);
	return memory_op(XENMEM_populate_physmap, &op);
}
