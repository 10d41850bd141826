/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Delivery of 2-level events: a pending bit and a mask bit per port in shared_info, a selector word
 * and a flag in the vcpu_info. The guest writes all of them at will; we only ever set bits and read
 * flags, so the worst it can do is to lose its own events. A kernel of 32 bits has its mask and
 * selector elsewhere (struct shared_layout) and 1024 ports; what is set for a port above hits
 * nothing but its own page.
 */
#include "guest/evtchn_abi.h"

const struct shared_layout shared_layout_64 = {
	.mask = offsetof(struct shared_info, evtchn_mask) / 4,
	.wc = offsetof(struct shared_info, wc_version) / 4,
	.wc_sec_hi = 3,
	.sel = offsetof(struct vcpu_info, evtchn_pending_sel) * 8,
	.sel_bits = 64,
	.sel_shift = 6,
};
/* As xen.h and arch-x86/xen.h lay the same structs out for i386. */
const struct shared_layout shared_layout_32 = {
	.mask = 0x880 / 4,
	.wc = 0x900 / 4,
	.wc_sec_hi = 9,
	.sel = 4 * 8,
	.sel_bits = 32,
	.sel_shift = 5,
};

static __outlined void raise_upcall(struct vcpu *v, uint32_t port)
{
	const struct shared_layout *l = READ_ONCE(v->d->guest->layout);
	struct vcpu_info *vi = READ_ONCE(v->guest->vi);

	if (!atomic_test_and_set_bit(l->sel + (port >> l->sel_shift), vi))
		evtchn_upcall(v, vi);
}

/* The domain changed its ABI under us, or has pollers. */
static __outlined void watched(struct domain *d, uint32_t port, struct evtchn *e)
{
	if (READ_ONCE(d->evtchn->watch) & EVTCHN_WATCH_FIFO)
		evtchn_fifo.set_pending(d, port, e);
	evtchn_wake_pollers(d, port);
}

static void set_pending_2l(struct domain *d, uint32_t port, struct evtchn *e)
{
	struct shared_info *s = d->guest->shared;

	if (atomic_test_and_set_bit(port, s->evtchn_pending))
		return;
	if (!test_bit(port, READ_ONCE(d->guest->evtchn_mask)))
		raise_upcall(d->vcpus[READ_ONCE(e->vcpu)], port);
	if (unlikely(READ_ONCE(d->evtchn->watch)))
		watched(d, port, e);
}

static void unmask_2l(struct domain *d, uint32_t port, struct evtchn *e)
{
	if (atomic_test_and_clear_bit(port, READ_ONCE(d->guest->evtchn_mask)) &&
	    test_bit(port, d->guest->shared->evtchn_pending))
		raise_upcall(d->vcpus[e->vcpu], port);
}

static void clear_2l(struct domain *d, uint32_t port)
{
	atomic_clear_bit(port, d->guest->shared->evtchn_pending);
}

static bool is_pending_2l(const struct domain *d, uint32_t port)
{
	return test_bit(port, d->guest->shared->evtchn_pending);
}

static bool is_masked_2l(const struct domain *d, uint32_t port)
{
	return test_bit(port, READ_ONCE(d->guest->evtchn_mask));
}

const struct evtchn_abi evtchn_2l = {
	"2-level", set_pending_2l, unmask_2l, clear_2l, is_pending_2l, is_masked_2l,
};
