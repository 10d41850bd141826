/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The heart of a local APIC: interrupts requested (IRR), in service (ISR), and which one may go
 * next.
 *
 * All registers are in the vCPU's APIC page, as a CPU has them that takes a part in this (SDM 3C 29);
 * what it would do without an exit is done here in the same way. Only the CPU that runs the vCPU
 * writes there. Posting is one atomic bit beside the page and a kick, from any CPU; the bit enters IRR
 * before the next entry.
 *
 * What is posted while the APIC is off by SVR or APIC_BASE (only event channel upcalls are: they do
 * not come by the bus) enters IRR when the guest enables the APIC. Linux would otherwise find it
 * there before that and spend thousands of exits on acknowledging it. Invariants: svi is the highest
 * bit of ISR, rvi that of IRR, or 0 while the APIC is off; PPR follows from svi and TPR; nothing is
 * accepted whose class is not above PPR's.
 */
#include "dev/vlapic_priv.h"
#include "dev/vioapic.h"
#include "mem/kalloc.h"

void vlapic_post(struct vcpu *v, uint8_t vector, bool level)
{
	struct vlapic *l = v->vlapic;
	uint32_t *tmr = vlapic_map_word(l, REG_TMR, vector);

	if (unlikely(level))
		atomic_set_bit(vector % 32, tmr);
	else if (unlikely(test_bit(vector % 32, tmr)))
		atomic_clear_bit(vector % 32, tmr);
	if (!atomic_test_and_set_bit(vector, l->posted))
		vcpu_kick(v, TODO_INTR);
}

/* What was posted enters IRR. */
static void collect(struct vlapic *l)
{
	struct hvm_vcpu *hv = &l->v->hvm;

	for (unsigned int i = 0; i < ARRAY_SIZE(l->posted) && l->accepts; i++) {
		uint64_t bits = READ_ONCE(l->posted[i]) ? atomic_xchg(&l->posted[i], 0) : 0;

		if (!bits)
			continue;
		l->regs[REG_IRR + 2 * i].val |= (uint32_t)bits;
		l->regs[REG_IRR + 2 * i + 1].val |= (uint32_t)(bits >> 32);
		hv->rvi = (uint8_t)max((unsigned int)hv->rvi, i * 64 + 63 - __builtin_clzll(bits));
		hv->has_requests = true;
	}
}

static void update_ppr(struct vlapic *l)
{
	uint8_t tpr = hvm_tpr(&l->v->hvm), svi = l->v->hvm.svi;

	WRITE_ONCE(l->regs[REG_PPR].val, tpr >> 4 >= svi >> 4 ? tpr : svi & 0xf0);
}

int vlapic_pending(const struct vcpu *v)
{
	const struct vlapic *l = v->vlapic;

	collect(v->vlapic);
	return v->hvm.rvi >> 4 > l->regs[REG_PPR].val >> 4 ? v->hvm.rvi : -1;
}

void vlapic_accept(struct vcpu *v, uint8_t vector)
{
	struct vlapic *l = v->vlapic;

	*vlapic_map_word(l, REG_IRR, vector) &= ~(1u << vector % 32);
	*vlapic_map_word(l, REG_ISR, vector) |= 1u << vector % 32;
	v->hvm.rvi = vlapic_highest(l, REG_IRR);
	v->hvm.svi = vector;
	update_ppr(l);
}

uint8_t vlapic_held_class(const struct vcpu *v)
{
	uint8_t class = v->hvm.rvi >> 4;

	return class > v->hvm.svi >> 4 && class <= hvm_tpr(&v->hvm) >> 4 ? class : 0;
}

static void recheck(struct vcpu *v)
{
	if (vlapic_pending(v) >= 0 || unlikely(vlapic_held_class(v)))
		vcpu_kick(v, TODO_INTR);
}

void vlapic_eoi(struct vcpu *v)
{
	struct vlapic *l = v->vlapic;
	uint8_t vector = v->hvm.svi;

	if (unlikely(!vector))
		return;
	*vlapic_map_word(l, REG_ISR, vector) &= ~(1u << vector % 32);
	v->hvm.svi = vlapic_highest(l, REG_ISR);
	update_ppr(l);
	vlapic_ended(v, vector);
	recheck(v);
}

void vlapic_ended(struct vcpu *v, uint8_t vector)
{
	if (unlikely(vlapic_is_set(v->vlapic, REG_TMR, vector)))
		vioapic_eoi(v->d, vector);
}

void vlapic_tpr_changed(struct vcpu *v)
{
	v->hvm.tpr_written = false;
	update_ppr(v->vlapic);
	recheck(v);
}

void vlapic_set_tpr(struct vcpu *v, uint8_t tpr)
{
	v->vlapic->regs[REG_TPR].val = tpr;
	vlapic_tpr_changed(v);
}

bool vlapic_is_enabled(const struct vcpu *v)
{
	return v->vlapic->apic_base & APIC_BASE_ENABLE;
}

/* ID and, where it follows from that, LDR are shown as the mode has them. */
void vlapic_update_mode(struct vlapic *l)
{
	uint32_t id = vlapic_id(l);

	l->regs[REG_ID].val = vlapic_is_x2apic(l) ? id : id << 24;
	if (vlapic_is_x2apic(l)) /* cluster in 31:16, one bit of 15:0 */
		l->regs[REG_LDR].val = id >> 4 << 16 | 1u << (id & 15);
	vlapic_update_accepts(l);
}

void vlapic_update_accepts(struct vlapic *l)
{
	bool accepts = (l->apic_base & APIC_BASE_ENABLE) && (l->regs[REG_SVR].val & SVR_ENABLE);

	WRITE_ONCE(l->accepts, accepts);
	l->v->hvm.rvi = accepts ? vlapic_highest(l, REG_IRR) : 0;
	l->v->hvm.apic_direct = accepts && vlapic_is_x2apic(l);
	if (accepts)
		vcpu_kick(l->v, TODO_INTR);
}

void vlapic_raise_error(struct vlapic *l, uint32_t bits)
{
	uint32_t lvt = l->regs[REG_LVT_ERROR].val;

	l->esr_new |= bits;
	if (!(lvt & LVT_MASKED) && (lvt & 0xff) >= VECTOR_FIRST)
		vlapic_post(l->v, (uint8_t)lvt, false);
}

void vlapic_reset(struct vcpu *v)
{
	struct vlapic *l = v->vlapic;

	vlapic_timer_stop(l);
	memset(l->regs, 0, NR_APIC_REGS * 16);
	memset(l->posted, 0, sizeof(l->posted));
	v->hvm.svi = v->hvm.held_class = 0;
	l->esr_new = 0;
	l->regs[REG_VERSION].val = VLAPIC_VERSION;
	l->regs[REG_SVR].val = 0xff;
	l->regs[REG_DFR].val = ~0u;
	for (unsigned int reg = REG_LVT_TIMER; reg <= REG_LVT_ERROR; reg++)
		l->regs[reg].val = LVT_MASKED;
	vlapic_update_mode(l);
}

int vlapic_create(struct vcpu *v)
{
	struct vlapic *l = kalloc(sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->v = v;
	l->regs = v->hvm.apic_page;
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
