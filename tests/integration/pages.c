/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prints how many 4 KiB pages the machine has, how many are free, and how many are Dom0's; then how many event
 * channels Dom0 has open. `hl info` says MiB, as xl does; whether a destroyed guest left a page behind needs them exactly.
 * Runs in Dom0; the control ABI is the same on Helium and on Xen 4.17.
 */
#include <stdio.h>
#include <string.h>
#include <xencall.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <helium/domctl.h>
#include <helium/sysctl.h>

static int ask(xencall_handle *call, int hypercall, void *page, void *op, size_t size)
{
	int rc;

	memcpy(page, op, size);
	rc = xencall1(call, hypercall, (unsigned long)page);
	memcpy(op, page, size);
	return rc;
}

#define MAX_PORTS 4096 /* of the 2-level ABI */

static unsigned int open_ports(xencall_handle *call, void *page)
{
	struct evtchn_status *st = page;
	unsigned int open = 0;

	for (unsigned int port = 1; port < MAX_PORTS; port++) {
		*st = (struct evtchn_status){ .dom = DOMID_SELF, .port = port };
		if (xencall2(call, __HYPERVISOR_event_channel_op, EVTCHNOP_status, (unsigned long)page))
			break; /* beyond the table */
		open += st->status != EVTCHNSTAT_closed;
	}
	return open;
}

int main(void)
{
	struct xen_sysctl host = {
		.cmd = XEN_SYSCTL_physinfo,
		.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
	};
	struct xen_domctl dom0 = {
		.cmd = XEN_DOMCTL_getdomaininfo,
		.interface_version = XEN_DOMCTL_INTERFACE_VERSION,
		.domain = 0,
	};
	xencall_handle *call = xencall_open(NULL, 0);
	void *page = call ? xencall_alloc_buffer(call, 4096) : NULL;

	if (!page || ask(call, __HYPERVISOR_sysctl, page, &host, sizeof(host)) ||
	    ask(call, __HYPERVISOR_domctl, page, &dom0, sizeof(dom0))) {
		perror("pages: the hypervisor does not say");
		return 1;
	}
	printf("%llu %llu %llu %u\n", (unsigned long long)host.u.physinfo.total_pages,
	       (unsigned long long)host.u.physinfo.free_pages,
	       (unsigned long long)dom0.u.getdomaininfo.tot_pages, open_ports(call, page));
	return 0;
}
