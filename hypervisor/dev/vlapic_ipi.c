/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages between APICs: who is meant by a destination, and what each delivery mode does to a
 * target. IO-APIC pins, MSIs and ICR writes all end here. No lock: targets' mode words are read as
 * they are, and a guest that changes them meanwhile gets one or the other, as on a real bus.
 */
#include "dev/vlapic_priv.h"

static bool matches_logical(const struct vlapic *l, const struct apic_msg *m)
{
	uint32_t ldr = READ_ONCE(l->regs[REG_LDR].val);

	if (vlapic_is_x2apic(l))
		return m->dest >> 16 == ldr >> 16 && (m->dest & ldr & 0xffff);
	ldr >>= 24;
	if (m->dest > 0xff)
		return false;
	if (READ_ONCE(l->regs[REG_DFR].val) >> 28 == 0xf)
		return m->dest & ldr;
	return m->dest >> 4 == ldr >> 4 && (m->dest & ldr & 0xf);
}

static bool is_broadcast(const struct apic_msg *m)
{
	return m->dest == (m->wide ? 0xffffffffu : 0xffu);
}

static bool matches(const struct vlapic *l, const struct apic_msg *m)
{
	if (!(READ_ONCE(l->apic_base) >> 11 & 1))
		return false;
	return is_broadcast(m) || (m->logical ? matches_logical(l, m) : m->dest == vlapic_id(l));
}

/* The message reaches one APIC. False: that APIC does not take it. */
static bool take(struct vcpu *v, const struct apic_msg *m)
{
	switch (m->mode) {
	case APIC_FIXED:
	case APIC_LOWEST:
		if (!READ_ONCE(v->vlapic->accepts) || m->vector < VECTOR_FIRST)
			return false;
		vlapic_post(v, m->vector, m->level);
		return true;
	case APIC_NMI:
		vcpu_send_nmi(v);
		return true;
	case APIC_INIT:
		vcpu_send_init(v);
		return true;
	case APIC_SIPI:
		vcpu_send_sipi(v, m->vector);
		return true;
	default: /* no SMM, no 8259 */
		return false;
	}
}

/* Lowest priority: of those meant, the one that is least busy; the lowest id among equals. */
static bool deliver_lowest(struct domain *d, const struct apic_msg *m)
{
	struct vcpu *best = NULL;

	for_each_vcpu(d, v) {
		if (!v->vlapic || !READ_ONCE(v->vlapic->accepts) || !matches(v->vlapic, m))
			continue;
		if (!best || READ_ONCE(v->vlapic->regs[REG_PPR].val) <
				     READ_ONCE(best->vlapic->regs[REG_PPR].val))
			best = v;
	}
	return best && take(best, m);
}

bool vlapic_deliver(struct domain *d, const struct apic_msg *m)
{
	bool taken = false;
	struct vcpu *v;

	if (!m->logical && !is_broadcast(m)) {
		v = m->dest & 1 ? NULL : domain_vcpu(d, m->dest / 2);
		return v && v->vlapic && matches(v->vlapic, m) && take(v, m);
	}
	if (m->mode == APIC_LOWEST)
		return deliver_lowest(d, m);
	for_each_vcpu(d, other)
		if (other->vlapic && matches(other->vlapic, m))
			taken |= take(other, m);
	return taken;
}

enum { TO_DEST, TO_SELF, TO_ALL, TO_OTHERS }; /* ICR bits 19:18 */

void vlapic_send_ipi(struct vlapic *l, uint32_t icr, uint32_t dest)
{
	unsigned int shorthand = icr >> 18 & 3;
	struct apic_msg m = {
		.dest = dest,
		.logical = icr >> 11 & 1,
		.wide = vlapic_is_x2apic(l),
		.mode = icr >> 8 & 7,
		.vector = (uint8_t)icr,
	};

	if (m.mode <= APIC_LOWEST && m.vector < VECTOR_FIRST) {
		vlapic_raise_error(l, ESR_SEND_ILLEGAL);
		return;
	}
	if (m.mode == APIC_INIT && !(icr & 1u << 14))
		return; /* INIT de-assert: a relic that changes nothing */
	if (shorthand == TO_DEST) {
		vlapic_deliver(l->v->d, &m);
		return;
	}
	for_each_vcpu(l->v->d, v) {
		bool is_self = v == l->v;

		if (v->vlapic && (READ_ONCE(v->vlapic->apic_base) >> 11 & 1) &&
		    (shorthand == TO_ALL || is_self == (shorthand == TO_SELF)))
			take(v, &m);
	}
}
