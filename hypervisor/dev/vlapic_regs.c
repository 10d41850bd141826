/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A local APIC's registers as the guest reaches them: by MSR in x2APIC mode, by its MMIO page in
 * xAPIC mode. One pair of functions serves both; a table says which registers exist in which mode.
 * All of it runs on the vCPU's own CPU.
 */
#include "dev/vlapic_priv.h"

enum { XR = 1, XW = 2, MR = 4, MW = 8, S = 16, RW = XR | XW | MR | MW, RO = XR | MR };

/* Who may do what: X by xAPIC page, M by x2APIC MSR. S: saved and restored as it is. And its bits. */
static const struct {
	uint8_t rights;
	uint32_t bits;
} rows[NR_APIC_REGS] = {
	[REG_ID] = { RO }, [REG_VERSION] = { RO }, [REG_TPR] = { RW | S, 0xff }, [REG_APR] = { XR },
	[REG_PPR] = { RO }, [REG_EOI] = { XW | MW, ~0u }, [REG_RRD] = { XR },
	[REG_LDR] = { RO | XW | S, 0xff000000 }, [REG_DFR] = { XR | XW | S, ~0u },
	[REG_SVR] = { RW | S, 0x1ff },
	[REG_ISR] = { RO | S, 0xffff0000 }, [REG_ISR + 1 ... REG_ISR + 7] = { RO | S, ~0u },
	[REG_TMR ... REG_TMR + 7] = { RO | S, ~0u },
	[REG_IRR] = { RO | S, 0xffff0000 }, [REG_IRR + 1 ... REG_IRR + 7] = { RO | S, ~0u },
	[REG_ESR] = { RW | S, ~0u }, [REG_ICR] = { RW | S, 0xccfff }, [REG_ICR2] = { XR | XW | S, ~0u },
	/* delivery status and remote IRR stay 0 */
	[REG_LVT_TIMER] = { RW, 0x700ff }, [REG_LVT_THERMAL ... REG_LVT_PERF] = { RW | S, 0x107ff },
	[REG_LVT_LINT0 ... REG_LVT_LINT1] = { RW | S, 0x1a7ff }, [REG_LVT_ERROR] = { RW | S, 0x100ff },
	[REG_TIMER_INITIAL] = { RW, ~0u }, [REG_TIMER_CURRENT] = { RO }, [REG_TIMER_DIVIDE] = { RW, 0xb },
	[REG_SELF] = { MW, 0xff },
};

static uint32_t reg_read(struct vlapic *l, unsigned int reg)
{
	return reg == REG_TIMER_CURRENT ? vlapic_timer_current(l) : l->regs[reg].val;
}

static void write_svr(struct vlapic *l, uint32_t val)
{
	l->regs[REG_SVR].val = val;
	vlapic_update_accepts(l);
	if (l->accepts)
		return;
	for (unsigned int reg = REG_LVT_TIMER; reg <= REG_LVT_ERROR; reg++) /* software-disabled: all are masked */
		l->regs[reg].val |= LVT_MASKED;
}

static void write_lvt(struct vlapic *l, unsigned int reg, uint32_t val)
{
	if (!(l->regs[REG_SVR].val & SVR_ENABLE))
		val |= LVT_MASKED;
	if (reg == REG_LVT_TIMER)
		vlapic_timer_set_mode(l, val);
	else
		l->regs[reg].val = val;
}

static void reg_write(struct vlapic *l, unsigned int reg, uint32_t val)
{
	val &= rows[reg].bits;
	switch (reg) {
	case REG_EOI:
		vlapic_eoi(l->v);
		break;
	case REG_TPR:
		vlapic_set_tpr(l->v, (uint8_t)val);
		break;
	case REG_DFR:
		WRITE_ONCE(l->regs[reg].val, val | 0x0fffffff);
		break;
	case REG_SVR:
		write_svr(l, val);
		break;
	case REG_ESR: /* a write shows what gathered since the last one */
		l->regs[reg].val = l->esr_new;
		l->esr_new = 0;
		break;
	case REG_ICR:
		l->regs[reg].val = val;
		vlapic_send_ipi(l, val, l->regs[REG_ICR2].val >> 24);
		break;
	case REG_ICR2:
		l->regs[reg].val = val & 0xff000000;
		break;
	case REG_LVT_TIMER ... REG_LVT_ERROR:
		write_lvt(l, reg, val);
		break;
	case REG_SELF:
		vlapic_send_ipi(l, 1u << 18 | val, 0);
		break;
	case REG_TIMER_INITIAL:
		vlapic_timer_set_initial(l, val);
		break;
	case REG_TIMER_DIVIDE:
		vlapic_timer_set_divide(l, val);
		break;
	default:
		WRITE_ONCE(l->regs[reg].val, val);
	}
}

/* x2APIC: 64-bit ICR, #GP on bits that must be zero. */
static int x2apic_write(struct vlapic *l, unsigned int reg, uint64_t val)
{
	if (reg == REG_ICR) {
		if (val & 0xfff32000u)
			return -EINVAL;
		l->regs[REG_ICR].val = (uint32_t)val & rows[reg].bits;
		l->regs[REG_ICR2].val = (uint32_t)(val >> 32);
		vlapic_send_ipi(l, l->regs[REG_ICR].val, l->regs[REG_ICR2].val);
		return 0;
	}
	if (val >> 32 || (reg == REG_ESR && val) ||
	    ((reg == REG_TPR || reg == REG_SELF) && val > 0xff))
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
	vlapic_update_mode(l);
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
		if (!(rows[reg].rights & MW) || reg == REG_EOI)
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
		if (!vlapic_is_x2apic(l) || !(rows[reg].rights & MR))
			return -EINVAL;
		*val = reg_read(l, reg);
		if (reg == REG_ICR)
			*val |= (uint64_t)l->regs[REG_ICR2].val << 32;
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
		if (is_open && offset % 16 == 0 && size >= 4 && (rows[reg].rights & XW))
			reg_write(l, reg, (uint32_t)*val);
		return;
	}
	*val = ~0ULL;
	if (is_open)
		*val = offset % 16 < 4 && (rows[reg].rights & XR)
			       ? reg_read(l, reg) >> offset % 4 * 8 : 0;
}

void vlapic_get_state(const struct vcpu *v, struct vlapic_state *s)
{
	struct vlapic *l = v->vlapic;

	(void)vlapic_pending(v); /* what was posted shows in IRR */
	s->apic_base = l->apic_base;
	s->tsc_deadline = READ_ONCE(l->tsc_deadline);
	for (unsigned int reg = 0; reg < NR_APIC_REGS; reg++)
		s->regs[reg] = reg_read(l, reg);
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
	for (unsigned int reg = 0; reg < NR_APIC_REGS; reg++)
		if (rows[reg].rights & S)
			l->regs[reg].val = s->regs[reg] & rows[reg].bits;
	l->regs[REG_DFR].val |= 0x0fffffff;
	v->hvm.svi = vlapic_highest(l, REG_ISR);
	v->hvm.has_requests = true;
	vlapic_timer_set_divide(l, s->regs[REG_TIMER_DIVIDE] & rows[REG_TIMER_DIVIDE].bits);
	vlapic_timer_set_mode(l, s->regs[REG_LVT_TIMER] & rows[REG_LVT_TIMER].bits);
	vlapic_timer_set_initial(l, s->regs[REG_TIMER_INITIAL]);
	vlapic_timer_set_deadline(l, s->tsc_deadline);
	vlapic_update_mode(l);
	vlapic_tpr_changed(v);
	return 0;
}
