/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A local APIC's registers as the guest reaches them: by MSR in x2APIC mode, by its MMIO page in
 * xAPIC mode. One pair of functions serves both; a table says which registers exist in which mode.
 * All of it runs on the vCPU's own CPU.
 */
#include "dev/vlapic_priv.h"

enum { XR = 1, XW = 2, MR = 4, MW = 8, RW = XR | XW | MR | MW, RO = XR | MR };

/* Who may do what: X by xAPIC page, M by x2APIC MSR. */
static const uint8_t reg_rights[NR_APIC_REGS] = {
	[REG_ID] = RO, [REG_VERSION] = RO, [REG_TPR] = RW, [REG_APR] = XR, [REG_PPR] = RO,
	[REG_EOI] = XW | MW, [REG_RRD] = XR, [REG_LDR] = RO | XW, [REG_DFR] = XR | XW,
	[REG_SVR] = RW, [REG_ISR ... REG_ISR + 7] = RO, [REG_TMR ... REG_TMR + 7] = RO,
	[REG_IRR ... REG_IRR + 7] = RO, [REG_ESR] = RW, [REG_ICR] = RW, [REG_ICR2] = XR | XW,
	[REG_LVT_TIMER ... REG_LVT_ERROR] = RW, [REG_TIMER_INITIAL] = RW, [REG_TIMER_CURRENT] = RO,
	[REG_TIMER_DIVIDE] = RW, [REG_SELF] = MW,
};

/* Bits of each LVT entry that a guest can set; delivery status and remote IRR stay 0. */
static const uint32_t lvt_writable[NR_LVT] = {
	0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff
};

static uint32_t bitmap_word(const uint64_t map[4], unsigned int i)
{
	return (uint32_t)(READ_ONCE(map[i / 2]) >> i % 2 * 32);
}

static uint32_t reg_read(struct vlapic *l, unsigned int reg)
{
	switch (reg) {
	case REG_ID: return vlapic_is_x2apic(l) ? vlapic_id(l) : vlapic_id(l) << 24;
	case REG_VERSION: return VLAPIC_VERSION;
	case REG_TPR: return vlapic_tpr(l);
	case REG_PPR: return vlapic_ppr(l);
	case REG_LDR: return vlapic_is_x2apic(l) ? vlapic_x2apic_ldr(l) : l->ldr;
	case REG_DFR: return l->dfr;
	case REG_SVR: return l->svr;
	case REG_ISR ... REG_ISR + 7: return bitmap_word(l->isr, reg - REG_ISR);
	case REG_TMR ... REG_TMR + 7: return bitmap_word(l->tmr, reg - REG_TMR);
	case REG_IRR ... REG_IRR + 7: return bitmap_word(l->irr, reg - REG_IRR);
	case REG_ESR: return l->esr;
	case REG_ICR: return l->icr;
	case REG_ICR2: return l->icr2;
	case REG_LVT_TIMER ... REG_LVT_ERROR: return l->lvt[reg - REG_LVT_TIMER];
	case REG_TIMER_INITIAL: return l->initial;
	case REG_TIMER_CURRENT: return vlapic_timer_current(l);
	case REG_TIMER_DIVIDE: return l->divide;
	default: return 0;
	}
}

static void write_svr(struct vlapic *l, uint32_t val)
{
	l->svr = val & 0x1ff;
	vlapic_update_accepts(l);
	if (l->accepts) {
		vlapic_recheck(l);
		return;
	}
	for (unsigned int i = 0; i < NR_LVT; i++) /* software-disabled: every LVT is masked */
		l->lvt[i] |= LVT_MASKED;
}

static void write_lvt(struct vlapic *l, unsigned int i, uint32_t val)
{
	val &= lvt_writable[i];
	if (!(l->svr & SVR_ENABLE))
		val |= LVT_MASKED;
	if (i == 0)
		vlapic_timer_set_mode(l, val);
	else
		l->lvt[i] = val;
}

static void reg_write(struct vlapic *l, unsigned int reg, uint32_t val)
{
	switch (reg) {
	case REG_EOI:
		vlapic_eoi(l->v);
		break;
	case REG_TPR:
		vlapic_set_tpr(l, (uint8_t)val);
		break;
	case REG_LDR:
		WRITE_ONCE(l->ldr, val & 0xff000000);
		break;
	case REG_DFR:
		WRITE_ONCE(l->dfr, val | 0x0fffffff);
		break;
	case REG_SVR:
		write_svr(l, val);
		break;
	case REG_ESR: /* a write shows what gathered since the last one */
		l->esr = l->esr_new;
		l->esr_new = 0;
		break;
	case REG_ICR:
		l->icr = val & 0xccfff;
		vlapic_send_ipi(l, l->icr, l->icr2 >> 24);
		break;
	case REG_ICR2:
		l->icr2 = val & 0xff000000;
		break;
	case REG_LVT_TIMER ... REG_LVT_ERROR:
		write_lvt(l, reg - REG_LVT_TIMER, val);
		break;
	case REG_TIMER_INITIAL:
		vlapic_timer_set_initial(l, val);
		break;
	case REG_TIMER_DIVIDE:
		vlapic_timer_set_divide(l, val & 0xb);
		break;
	}
}

/* x2APIC: 64-bit ICR, #GP on bits that must be zero. */
static int x2apic_write(struct vlapic *l, unsigned int reg, uint64_t val)
{
	if (reg == REG_ICR) {
		if (val & 0xfff32000u)
			return -EINVAL;
		l->icr = (uint32_t)val & 0xccfff;
		l->icr2 = (uint32_t)(val >> 32);
		vlapic_send_ipi(l, l->icr, l->icr2);
		return 0;
	}
	if (val >> 32)
		return -EINVAL;
	if (reg == REG_SELF) {
		if (val > 0xff)
			return -EINVAL;
		vlapic_send_ipi(l, 1u << 18 | (uint32_t)val, 0);
		return 0;
	}
	if ((reg == REG_ESR && val) || (reg == REG_TPR && val > 0xff))
		return -EINVAL;
	reg_write(l, reg, (uint32_t)val);
	return 0;
}

/* EN and EXTD: off -> xAPIC -> x2APIC -> off, and xAPIC -> off; every other step is #GP. */
static int write_apic_base(struct vlapic *l, uint64_t val)
{
	uint64_t mode = val & (APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	uint64_t old = l->apic_base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC);

	if ((val & ~0xfffULL) != VLAPIC_GPA || (val & 0x2ff))
		return -EINVAL; /* the page does not move; see docs/exits.md */
	if (mode == APIC_BASE_X2APIC ||
	    (old == (APIC_BASE_ENABLE | APIC_BASE_X2APIC) && mode == APIC_BASE_ENABLE) ||
	    (!old && (mode & APIC_BASE_X2APIC)))
		return -EINVAL;
	WRITE_ONCE(l->apic_base, VLAPIC_GPA | mode | (l->apic_base & APIC_BASE_BSP));
	if (!mode && old)
		vlapic_reset(l->v);
	vlapic_update_accepts(l);
	return 0;
}

int vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	struct vlapic *l = v->vlapic;
	unsigned int reg = msr - MSR_X2APIC_BASE;

	if (likely(reg < NR_APIC_REGS)) {
		if (!vlapic_is_x2apic(l))
			return -EINVAL;
		if (reg == REG_EOI && !val) { /* the one that is hot */
			vlapic_eoi(l->v);
			return 0;
		}
		reg = (unsigned int)index_nospec(reg, NR_APIC_REGS);
		if (!(reg_rights[reg] & MW) || reg == REG_EOI)
			return -EINVAL;
		return x2apic_write(l, reg, val);
	}
	switch (msr) {
	case MSR_APIC_BASE:
		return write_apic_base(l, val);
	case MSR_TSC_DEADLINE:
		vlapic_timer_set_deadline(l, val);
		return 0;
	}
	return -EINVAL;
}

int vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	struct vlapic *l = v->vlapic;
	unsigned int reg = msr - MSR_X2APIC_BASE;

	if (likely(reg < NR_APIC_REGS)) {
		reg = (unsigned int)index_nospec(reg, NR_APIC_REGS);
		if (!vlapic_is_x2apic(l) || !(reg_rights[reg] & MR))
			return -EINVAL;
		*val = reg_read(l, reg);
		if (reg == REG_ICR)
			*val |= (uint64_t)l->icr2 << 32;
		return 0;
	}
	switch (msr) {
	case MSR_APIC_BASE:
		*val = l->apic_base;
		return 0;
	case MSR_TSC_DEADLINE:
		*val = READ_ONCE(l->tsc_deadline);
		return 0;
	}
	return -EINVAL;
}

void vlapic_mmio(struct vcpu *v, void *ctx, uint64_t gpa, unsigned int size, bool write,
		 uint64_t *val)
{
	struct vlapic *l = v->vlapic;
	unsigned int offset = gpa & 0xfff, reg = offset / 16;
	bool is_open =
		(l->apic_base & APIC_BASE_ENABLE) && !vlapic_is_x2apic(l) && reg < NR_APIC_REGS;

	if (write) {
		if (is_open && offset % 16 == 0 && size >= 4 && (reg_rights[reg] & XW))
			reg_write(l, reg, (uint32_t)*val);
		return;
	}
	*val = ~0ULL;
	if (is_open)
		*val = offset % 16 < 4 && (reg_rights[reg] & XR)
			       ? reg_read(l, reg) >> offset % 4 * 8 : 0;
}

void vlapic_get_state(const struct vcpu *v, struct vlapic_state *s)
{
	struct vlapic *l = v->vlapic;

	s->apic_base = l->apic_base;
	s->tsc_deadline = READ_ONCE(l->tsc_deadline);
	for (unsigned int reg = 0; reg < NR_APIC_REGS; reg++)
		s->regs[reg] = reg_read(l, reg);
}

static void bitmap_set_word(uint64_t map[4], unsigned int i, uint32_t val)
{
	map[i / 2] |= (uint64_t)val << i % 2 * 32;
}

int vlapic_set_state(struct vcpu *v, const struct vlapic_state *s)
{
	struct vlapic *l = v->vlapic;
	uint64_t old_base = l->apic_base;
	int rc;

	/* The mode's steps do not count here: come from "off". */
	l->apic_base &= ~(APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	rc = write_apic_base(l, s->apic_base & ~APIC_BASE_X2APIC);
	if (!rc && (s->apic_base & APIC_BASE_X2APIC))
		rc = write_apic_base(l, s->apic_base);
	if (rc) {
		l->apic_base = old_base;
		return rc;
	}
	vlapic_reset(v);
	l->svr = s->regs[REG_SVR] & 0x1ff;
	vlapic_set_tpr(l, (uint8_t)s->regs[REG_TPR]);
	l->dfr = s->regs[REG_DFR] | 0x0fffffff;
	l->ldr = vlapic_is_x2apic(l) ? 0 : s->regs[REG_LDR] & 0xff000000;
	l->esr = s->regs[REG_ESR];
	l->icr = s->regs[REG_ICR] & 0xccfff;
	l->icr2 = s->regs[REG_ICR2];
	for (unsigned int i = 0; i < 8; i++) {
		bitmap_set_word(l->isr, i, s->regs[REG_ISR + i]);
		bitmap_set_word(l->tmr, i, s->regs[REG_TMR + i]);
		bitmap_set_word(l->irr, i, s->regs[REG_IRR + i]);
	}
	l->isr[0] &= ~0xffffULL;
	l->irr[0] &= ~0xffffULL;
	l->isr_top = (uint8_t)max(bitmap256_highest(l->isr), 0);
	for (unsigned int i = 1; i < NR_LVT; i++)
		l->lvt[i] = s->regs[REG_LVT_TIMER + i] & lvt_writable[i];
	vlapic_timer_set_divide(l, s->regs[REG_TIMER_DIVIDE] & 0xb);
	vlapic_timer_set_mode(l, s->regs[REG_LVT_TIMER] & lvt_writable[0]);
	vlapic_timer_set_initial(l, s->regs[REG_TIMER_INITIAL]);
	vlapic_timer_set_deadline(l, s->tsc_deadline);
	vlapic_update_accepts(l);
	vlapic_recheck(l);
	return 0;
}
