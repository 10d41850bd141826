/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Output: the console hypercall where it is allowed (Dom0), else the PV console ring, else port
 * 0xe9. The first that works is kept.
 */
#include "lib/hypercall.h"
#include "lib/test.h"

#include <xen/io/console.h>

static enum { TO_PORT, TO_HYPERCALL, TO_RING } target;
static struct xencons_interface *ring;
static evtchn_port_t ring_port;

static long console_io_write(const char *text, size_t len)
{
	return HC(__HYPERVISOR_console_io, CONSOLEIO_write, len, text);
}

void console_init(void)
{
	uint64_t pfn, port;

	if (is_dom0() && console_io_write("", 0) >= 0) {
		target = TO_HYPERCALL;
	} else if (!hvm_get_param(DOMID_SELF, HVM_PARAM_CONSOLE_PFN, &pfn) && pfn &&
		   !hvm_get_param(DOMID_SELF, HVM_PARAM_CONSOLE_EVTCHN, &port) && port) {
		ring = (void *)(pfn << PAGE_SHIFT);
		ring_port = port;
		target = TO_RING;
	}
}

/* Waits while the ring is full, but not for ever: a test may run with nobody at the other end. */
static void ring_write(const char *text, size_t len)
{
	struct evtchn_send send = { .port = ring_port };
	XENCONS_RING_IDX prod = ring->out_prod;

	for (unsigned int tries = 0; len && tries < 10000;) {
		if (prod - READ_ONCE(ring->out_cons) >= sizeof(ring->out)) {
			event_channel_op(EVTCHNOP_send, &send);
			sched_op(SCHEDOP_yield, NULL);
			tries++;
			continue;
		}
		ring->out[MASK_XENCONS_IDX(prod++, ring->out)] = *text++;
		len--;
		barrier(); /* x86 keeps stores in order; the compiler must too */
		WRITE_ONCE(ring->out_prod, prod);
	}
	event_channel_op(EVTCHNOP_send, &send);
}

void console_write(const char *text, size_t len)
{
	switch (target) {
	case TO_HYPERCALL:
		console_io_write(text, len);
		break;
	case TO_RING:
		ring_write(text, len);
		break;
	case TO_PORT:
		while (len--)
			outb(0xe9, *text++);
	}
}
