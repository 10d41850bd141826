/* SPDX-License-Identifier: GPL-2.0-only */
/* Local APIC access. All CPUs of one payload use the same mode, chosen by CPU 0. */
#include "lib/apic.h"

static bool x2;

static bool cpu_has_x2apic(void)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	return r[2] & (1u << 21);
}

void apic_init_cpu(bool want_xapic)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (want_xapic &&
	    (base & APIC_BASE_X2)) { /* as Helium starts a vCPU; the way back is by off */
		base &= ~(APIC_BASE_X2 | APIC_BASE_EN);
		wrmsr(MSR_APIC_BASE, base);
		base |= APIC_BASE_EN;
		wrmsr(MSR_APIC_BASE, base);
	}
	if (this_cpu() == 0)
		x2 = !want_xapic && cpu_has_x2apic();
	if (x2 && !(base & APIC_BASE_X2))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_EN | APIC_BASE_X2);
	apic_write(APIC_SVR, 0x100 | VECTOR_SPURIOUS);
	apic_write(APIC_TPR, 0);
}

bool apic_is_x2(void)
{
	return x2;
}

uint32_t apic_read(unsigned int reg)
{
	if (x2)
		return rdmsr(0x800 + reg / 16);
	return *(volatile uint32_t *)(APIC_GPA + reg);
}

void apic_write(unsigned int reg, uint32_t value)
{
	if (x2)
		wrmsr(0x800 + reg / 16, value);
	else
		*(volatile uint32_t *)(APIC_GPA + reg) = value;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_send(uint32_t dest, uint32_t low)
{
	if (x2) {
		wrmsr(0x830, (uint64_t)dest << 32 | low);
		return;
	}
	apic_write(APIC_ICR2, dest << 24);
	apic_write(APIC_ICR, low);
	while (apic_read(APIC_ICR) & 0x1000)
		pause();
}

uint32_t apic_id_of_vcpu(unsigned int vcpu)
{
	return 2 * vcpu;
}
