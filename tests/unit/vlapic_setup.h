/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the local APIC share: its registers by MSR, an entry, and what always holds. */
#pragma once

#include "dev_setup.h"
#include "dev/vioapic.h"
#include "lib/errno.h"
#include "x86/msr.h"

#define X2APIC(reg) (MSR_X2APIC_BASE + (reg))

static unsigned int last_level_eoi;

void vioapic_eoi(struct domain *d, uint8_t vector)
{
	last_level_eoi = vector;
}

static inline void write_msr(unsigned int cpu, unsigned int reg, uint64_t val)
{
	assert_int_equal(vlapic_msr_write(&test_vcpu[cpu], X2APIC(reg), val), 0);
}

static inline uint64_t read_msr(unsigned int cpu, unsigned int reg)
{
	uint64_t val = 0;

	assert_int_equal(vlapic_msr_read(&test_vcpu[cpu], X2APIC(reg), &val), 0);
	return val;
}

static inline void enable_all(void)
{
	for (unsigned int i = 0; i < NR_TEST_VCPUS; i++)
		write_msr(i, REG_SVR, 0x1ff);
}

/* An entry that delivers it. */
static inline void deliver(struct vcpu *v, uint8_t vector)
{
	assert_int_equal(vlapic_pending(v), vector);
	vlapic_accept(v, vector);
}

static inline bool irr_has(unsigned int cpu, unsigned int vector)
{
	(void)vlapic_pending(&test_vcpu[cpu]); /* an entry */
	return read_msr(cpu, REG_IRR + vector / 32) >> vector % 32 & 1;
}

static inline void check_invariants(unsigned int cpu)
{
	struct vlapic *l = test_vcpu[cpu].vlapic;
	struct hvm_vcpu *hv = &test_vcpu[cpu].hvm;
	uint8_t tpr = hvm_tpr(hv);

	assert_true(l->accepts == ((l->apic_base & APIC_BASE_ENABLE) && (l->regs[REG_SVR].val & SVR_ENABLE)));
	assert_int_equal(hv->svi, vlapic_highest(l, REG_ISR));
	assert_int_equal(hv->rvi, l->accepts ? vlapic_highest(l, REG_IRR) : 0);
	assert_int_equal(l->regs[REG_PPR].val, max(tpr >> 4, hv->svi >> 4) == tpr >> 4 ? tpr : hv->svi & 0xf0);
	assert_int_equal(fake_locks_held, 0);
}
