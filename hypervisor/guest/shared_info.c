/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The shared_info page, the wall clock in it, and how an event reaches a vCPU. The areas a guest
 * registers are in guest_areas.c. See shared_info.h.
 */
#include "guest/shared_info.h"
#include "guest/evtchn.h"
#include "dev/vlapic.h"
#include "mem/kalloc.h"
#include "x86/time.h"
#include <xen/hvm/params.h>

int guest_info_create(struct domain *d)
{
	struct guest_info *g = kalloc(sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->shared_mfn = frame_alloc_domain(d->id, 0, PAGE_SHARED);
	if (mfn_eq(g->shared_mfn, INVALID_MFN)) {
		kfree(g, sizeof(*g));
		return -ENOMEM;
	}
	g->shared = frame_map(g->shared_mfn);
	g->shared_gfn = ~0ULL;
	guest_set_layout(g, &shared_layout_64);
	d->guest = g;
	guest_wallclock_update(d);
	return 0;
}

int guest_info_destroy(struct domain *d)
{
	if (!d->guest || !d->vcpus)
		return 0;
	for_each_vcpu(d, v)
		if (v->guest)
			guest_areas_drop(v);
	return 0;
}

void guest_info_free(struct domain *d)
{
	struct guest_info *g = d->guest;

	if (!g)
		return;
	frame_unmap(g->shared);
	page_put(g->shared_mfn);
	kfree(g->e820, g->nr_e820 * sizeof(*g->e820));
	kfree(g, sizeof(*g));
	d->guest = NULL;
}

void guest_wallclock_update(struct domain *d)
{
	const struct shared_layout *l = d->guest->layout;
	uint32_t *wc = (uint32_t *)d->guest->shared + l->wc; /* version, sec, nsec */
	uint64_t wall_ns = READ_ONCE(wall_at_boot_ns);
	uint64_t sec = wall_ns / NSEC_PER_SEC + (uint64_t)d->time_offset_s;

	spin_lock(&d->lock);
	WRITE_ONCE(wc[0], wc[0] | 1); /* odd: being written */
	smp_mb();
	WRITE_ONCE(wc[1], (uint32_t)sec);
	WRITE_ONCE(wc[2], (uint32_t)(wall_ns % NSEC_PER_SEC));
	WRITE_ONCE(wc[l->wc_sec_hi], (uint32_t)(sec >> 32));
	smp_mb();
	WRITE_ONCE(wc[0], wc[0] + 1);
	spin_unlock(&d->lock);
}

void guest_set_memory_map(struct domain *d, struct e820_entry *e, uint32_t nr)
{
	struct guest_info *g = d->guest;
	struct e820_entry *old;
	uint32_t nr_old;

	spin_lock(&d->lock);
	old = g->e820;
	nr_old = g->nr_e820;
	g->e820 = e;
	g->nr_e820 = nr;
	spin_unlock(&d->lock);
	kfree(old, nr_old * sizeof(*old));
}

void guest_upcall(struct vcpu *v)
{
	uint8_t vector = READ_ONCE(v->guest->upcall_vector);

	if (likely(vector))
		vlapic_post(v, vector, false);
	else
		vcpu_kick(v, v->d->guest->callback_vector ? TODO_UPCALL : TODO_WAKE);
}

bool guest_event_pending(struct vcpu *v)
{
	return READ_ONCE(v->guest->vi->evtchn_upcall_pending) || vlapic_pending(v) >= 0;
}

void guest_vcpu_started(struct vcpu *v)
{
	/* INIT emptied the vLAPIC; an upcall raised before must not be lost with it. */
	if (READ_ONCE(v->guest->vi->evtchn_upcall_pending))
		guest_upcall(v);
	vcpu_kick(v, TODO_TIME | TODO_RUNSTATE);
}

void guest_look_again(struct vcpu *v)
{
	const struct shared_layout *l = READ_ONCE(v->d->guest->layout);
	struct vcpu_info *vi = v->guest->vi;

	memset((uint8_t *)vi + l->sel / 8, 0xff, l->sel_bits / 8);
	smp_mb();
	WRITE_ONCE(vi->evtchn_upcall_pending, 1);
	guest_upcall(v);
}

void guest_latch_layout(struct vcpu *v)
{
	const struct shared_layout *l;

	hvm_ops->get_mode(&v->hvm, &v->mode);
	l = v->mode.long_cs ? &shared_layout_64 : &shared_layout_32;
	if (l == READ_ONCE(v->d->guest->layout))
		return;
	guest_set_layout(v->d->guest, l);
	smp_mb(); /* who finds the old one has sent before we look again */
	guest_wallclock_update(v->d);
	for_each_vcpu(v->d, w) {
		spin_lock(&w->guest->lock);
		guest_look_again(w);
		spin_unlock(&w->guest->lock);
	}
}

/*
 * Type in bits 63:56. A GSI or PCI line (types 0 and 1) is stored by the caller but drives nothing
 * here.
 */
void guest_set_callback(struct domain *d, uint64_t param)
{
	bool vector_style = param >> 56 == HVM_PARAM_CALLBACK_TYPE_VECTOR && (param & 0xff) >= 0x10;

	WRITE_ONCE(d->guest->callback_vector, vector_style ? param & 0xff : 0);
	smp_mb();
	for_each_vcpu(d, v)
		if (vector_style && READ_ONCE(v->guest->vi->evtchn_upcall_pending))
			guest_upcall(v);
}

int guest_set_upcall_vector(struct vcpu *v, uint8_t vector)
{
	if (vector < 0x10)
		return -EINVAL;
	WRITE_ONCE(v->guest->upcall_vector, vector);
	smp_mb(); /* pairs with the exchange in evtchn_2l.c: one of the two sees the other */
	if (READ_ONCE(v->guest->vi->evtchn_upcall_pending))
		guest_upcall(v);
	return 0;
}
