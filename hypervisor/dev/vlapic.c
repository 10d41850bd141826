/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The heart of a local APIC: interrupts requested (IRR), in service (ISR), and which one may go
 * next.
 *
 * Posting is one atomic bit and a kick, from any CPU. Only the CPU that runs the vCPU moves a bit
 * from IRR to ISR, so ISR, its highest bit and TPR need no lock.
 *
 * What is posted while the APIC is off by SVR or APIC_BASE (only event channel upcalls are: they do
 * not come by the bus) is held back and enters IRR when the guest enables the APIC. Linux would
 * otherwise find it there before that and spend thousands of exits on acknowledging it. Invariants:
 * isr_top is the highest bit of isr (0 when empty); nothing is accepted whose class is not above
 * PPR's.
 */
#include "dev/vlapic_priv.h"
#include "dev/vioapic.h"
#include "mem/kalloc.h"

/* Own CPU, or the poster that lost the race with it. */
static void release_held(struct vlapic *l)
{
	for (unsigned int i = 0; i < 4; i++)
		if (READ_ONCE(l->held[i]))
			atomic_or(&l->irr[i], atomic_xchg(&l->held[i], 0));
	vcpu_kick(l->v, TODO_INTR);
}

static void hold(struct vlapic *l, uint8_t vector)
{
	atomic_set_bit(vector, l->held);
	if (__atomic_load_n(&l->accepts, __ATOMIC_SEQ_CST)) /* pairs with vlapic_update_accepts() */
		release_held(l);
}

void vlapic_post(struct vcpu *v, uint8_t vector, bool level)
{
	struct vlapic *l = v->vlapic;

	if (unlikely(level))
		atomic_set_bit(vector, l->tmr);
	else if (unlikely(test_bit(vector, l->tmr)))
		atomic_clear_bit(vector, l->tmr);
	if (unlikely(!READ_ONCE(l->accepts)))
		hold(l, vector);
	else if (!atomic_test_and_set_bit(vector, l->irr))
		vcpu_kick(v, TODO_INTR);
}

uint8_t vlapic_ppr(const struct vlapic *l)
{
	uint8_t tpr = vlapic_tpr(l);

	return tpr >> 4 >= l->isr_top >> 4 ? tpr : l->isr_top & 0xf0;
}

int vlapic_pending(const struct vcpu *v)
{
	const struct vlapic *l = v->vlapic;
	int top, class;

	if (unlikely(!l->accepts))
		return -1;
	top = bitmap256_highest(l->irr);
	class = max(l->isr_top >> 4, (int)v->hvm.cr8); /* PPR's */
	return top >> 4 > class ? top : -1;
}

/* The end of an interrupt is the CPU's alone if nothing in here waits for it. */
static bool ends_alone(const struct vlapic *l, uint8_t vector)
{
	return !l->isr_top && vlapic_is_x2apic(l) && !test_bit(vector, l->tmr) &&
	       bitmap256_highest(l->irr) < 0;
}

void vlapic_accept(struct vcpu *v, uint8_t vector)
{
	struct vlapic *l = v->vlapic;

	atomic_clear_bit(vector, l->irr);
	v->hvm.direct_eoi = ends_alone(l, vector) ? vector : 0;
	l->isr[vector / 64] |= 1ULL << vector % 64;
	l->isr_top = vector;
}

uint8_t vlapic_held_class(const struct vcpu *v)
{
	const struct vlapic *l = v->vlapic;
	int class = bitmap256_highest(l->irr) >> 4;

	return l->accepts && class > l->isr_top >> 4 && class <= v->hvm.cr8 ? class : 0;
}

void vlapic_recheck(struct vlapic *l)
{
	if (vlapic_pending(l->v) >= 0 || (unlikely(l->v->hvm.cr8) && vlapic_held_class(l->v)))
		vcpu_kick(l->v, TODO_INTR);
}

void vlapic_eoi(struct vcpu *v)
{
	struct vlapic *l = v->vlapic;
	unsigned int vector = l->isr_top;

	if (unlikely(!vector))
		return;
	l->isr[vector / 64] &= ~(1ULL << vector % 64);
	l->isr_top = (uint8_t)max(bitmap256_highest(l->isr), 0);
	v->hvm.direct_eoi = 0;
	if (unlikely(test_bit(vector, l->tmr)))
		vioapic_eoi(v->d, (uint8_t)vector);
	vlapic_recheck(l);
}

void vlapic_set_tpr(struct vlapic *l, uint8_t tpr)
{
	l->v->hvm.cr8 = tpr >> 4;
	l->tpr_low = tpr & 15;
	vlapic_recheck(l);
}

void vlapic_set_cr8(struct vcpu *v, uint8_t val)
{
	vlapic_set_tpr(v->vlapic, (uint8_t)(val << 4));
}

bool vlapic_is_enabled(const struct vcpu *v)
{
	return v->vlapic->apic_base & APIC_BASE_ENABLE;
}

void vlapic_update_accepts(struct vlapic *l)
{
	bool accepts = (l->apic_base & APIC_BASE_ENABLE) && (l->svr & SVR_ENABLE);

	l->v->hvm.direct_eoi = 0;
	__atomic_store_n(&l->accepts, accepts, __ATOMIC_SEQ_CST); /* pairs with hold() */
	if (accepts)
		release_held(l);
}

void vlapic_raise_error(struct vlapic *l, uint32_t bits)
{
	uint32_t lvt = l->lvt[REG_LVT_ERROR - REG_LVT_TIMER];

	l->esr_new |= bits;
	if (!(lvt & LVT_MASKED) && (lvt & 0xff) >= VECTOR_FIRST)
		vlapic_post(l->v, (uint8_t)lvt, false);
}

void vlapic_reset(struct vcpu *v)
{
	struct vlapic *l = v->vlapic;

	vlapic_timer_stop(l);
	memset(l->irr, 0, sizeof(l->irr));
	memset(l->held, 0, sizeof(l->held));
	memset(l->tmr, 0, sizeof(l->tmr));
	memset(l->isr, 0, sizeof(l->isr));
	l->isr_top = 0;
	v->hvm.cr8 = v->hvm.held_class = 0;
	l->tpr_low = 0;
	l->svr = 0xff;
	l->dfr = ~0u;
	l->ldr = 0;
	l->esr = l->esr_new = 0;
	l->icr = l->icr2 = 0;
	l->initial = l->divide = 0;
	for (unsigned int i = 0; i < NR_LVT; i++)
		l->lvt[i] = LVT_MASKED;
	vlapic_update_accepts(l);
}

int vlapic_create(struct vcpu *v)
{
	struct vlapic *l = kalloc(sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->v = v;
	l->apic_base =
		VLAPIC_GPA | APIC_BASE_ENABLE | APIC_BASE_X2APIC | (v->id ? 0 : APIC_BASE_BSP);
	vlapic_timer_init(l);
	v->vlapic = l;
	vlapic_reset(v);
	return 0;
}

void vlapic_free(struct vcpu *v)
{
	if (!v->vlapic)
		return;
	vlapic_timer_stop(v->vlapic);
	timer_stop_sync(&v->vlapic->timer);
	kfree(v->vlapic, sizeof(*v->vlapic));
	v->vlapic = NULL;
}
