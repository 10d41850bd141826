/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Delivery of 2-level events: a pending bit and a mask bit per port in shared_info, a selector word
 * and a flag in the vcpu_info. The guest writes all of them at will; we only ever set bits and read
 * flags, so the worst it can do is to lose its own events. A kernel of 32 bits has its mask and
 * selector elsewhere (struct shared_layout) and 1024 ports; what is set for a port above hits
 * nothing but its own page.
 */
#include "guest/evtchn.h"
#include "guest/shared_info.h"

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

void evtchn_poll_begin(struct vcpu *v, uint32_t port)
{
	WRITE_ONCE(v->guest->poll_port, port);
	if (!atomic_xchg(&v->guest->is_polling, true))
		atomic_inc(&v->d->evtchn->nr_polling);
}

void evtchn_poll_end(struct vcpu *v)
{
	if (!atomic_xchg(&v->guest->is_polling, false))
		return;
	atomic_dec(&v->d->evtchn->nr_polling);
	vcpu_kick(v, TODO_WAKE);
}

static __outlined void wake_pollers(struct domain *d, uint32_t port)
{
	for_each_vcpu(d, v) {
		struct vcpu_guest *g = v->guest;

		if (READ_ONCE(g->is_polling) && (!g->poll_port || g->poll_port == port))
			evtchn_poll_end(v);
	}
}

static __outlined void raise_upcall(struct vcpu *v, uint32_t port)
{
	const struct shared_layout *l = READ_ONCE(v->d->guest->layout);
	struct vcpu_info *vi = READ_ONCE(v->guest->vi);

	if (!atomic_test_and_set_bit(l->sel + (port >> l->sel_shift), vi) &&
	    !atomic_xchg(&vi->evtchn_upcall_pending, 1))
		guest_upcall(v);
}

void evtchn_2l_set_pending(struct domain *d, uint32_t port, unsigned int vcpu)
{
	struct shared_info *s = d->guest->shared;
	struct vcpu *v = d->vcpus[vcpu];

	if (atomic_test_and_set_bit(port, s->evtchn_pending))
		return;
	if (!test_bit(port, READ_ONCE(d->guest->evtchn_mask)))
		raise_upcall(v, port);
	/*
	 * The bit above was set with a full barrier: pairs with evtchn_poll_begin(), whose caller
	 * then looks at the ports.
	 */
	if (unlikely(READ_ONCE(d->evtchn->nr_polling)))
		wake_pollers(d, port);
}

void evtchn_2l_clear(struct domain *d, uint32_t port)
{
	atomic_clear_bit(port, d->guest->shared->evtchn_pending);
}

bool evtchn_is_pending(const struct domain *d, uint32_t port)
{
	return port < EVTCHN_MAX_PORTS && test_bit(port, d->guest->shared->evtchn_pending);
}

int evtchn_unmask(struct domain *d, uint32_t port)
{
	struct evtchn_table *t = d->evtchn;
	struct shared_info *s = d->guest->shared;
	struct evtchn *e;

	spin_lock(&t->lock);
	e = evtchn_at(t, port);
	if (!e) {
		spin_unlock(&t->lock);
		return -EINVAL;
	}
	if (atomic_test_and_clear_bit(port, READ_ONCE(d->guest->evtchn_mask)) &&
	    test_bit(port, s->evtchn_pending))
		raise_upcall(d->vcpus[e->vcpu], port);
	spin_unlock(&t->lock);
	return 0;
}
