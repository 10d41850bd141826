/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control registers. With nested paging the CPU checks most writes by itself; what is intercepted
 * comes here, and the same checks guard states that a toolstack loads (APM 15.5.1, SDM
 * 3C 26.3.1.1).
 */
#include "dev/cr.h"
#include "dev/cpuid.h"
#include "dev/decode.h"
#include "dev/vlapic.h"
#include "lib/errno.h"
#include "x86/cr.h"
#include "x86/features.h"
#include "x86/msr.h"

#define CR0_DEFINED \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | \
	 CR0_CD | CR0_PG)

bool cr_valid_cr0(uint64_t val)
{
	if (val >> 32)
		return false;
	if ((val & CR0_PG) && !(val & CR0_PE))
		return false;
	return !(val & CR0_NW) || (val & CR0_CD);
}

/* CR4 bits that need a feature; the others are in every 64-bit CPU. */
static const struct {
	uint64_t bit;
	unsigned int feature;
} cr4_needs[] = {
	{ CR4_UMIP, F_UMIP },	{ CR4_FSGSBASE, F_FSGSBASE }, { CR4_PCIDE, F_PCID },
	{ CR4_OSXSAVE, F_XSAVE }, { CR4_SMEP, F_SMEP },	      { CR4_SMAP, F_SMAP },
};

bool cr_valid_cr4(const struct domain *d, uint64_t val)
{
	uint64_t allowed = CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_MCE |
			   CR4_PGE | CR4_PCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	for (unsigned int i = 0; i < ARRAY_SIZE(cr4_needs); i++)
		if (cpuid_has(d, cr4_needs[i].feature))
			allowed |= cr4_needs[i].bit;
	return !(val & ~allowed);
}

#define XCR0_X87	1ULL
#define XCR0_SSE	2ULL
#define XCR0_AVX	4ULL
#define XCR0_AVX512	0xe0ULL

bool cr_valid_xcr0(const struct domain *d, uint64_t val)
{
	if (!(val & XCR0_X87) || (val & ~cpuid_xcr0_mask(d)))
		return false;
	if ((val & XCR0_AVX) && !(val & XCR0_SSE))
		return false;
	return !(val & XCR0_AVX512) || ((val & XCR0_AVX512) == XCR0_AVX512 && (val & XCR0_AVX));
}

bool cr_valid_efer(const struct domain *d, uint64_t val)
{
	uint64_t allowed = EFER_SCE | EFER_LME | EFER_LMA;

	if (cpuid_has(d, F_NX))
		allowed |= EFER_NXE;
	if (cpuid_has(d, F_FFXSR))
		allowed |= EFER_FFXSR;
	return !(val & ~allowed);
}

static int write_cr0(struct vcpu *v, uint64_t val)
{
	struct hvm_mode m;

	hvm_ops->get_mode(&v->hvm, &m);
	if (!cr_valid_cr0(val))
		return -EINVAL;
	/* With LME set, switching paging changes long mode itself; that has conditions. */
	if ((val & CR0_PG) && !(m.cr0 & CR0_PG) && (m.efer & EFER_LME) &&
	    (!(m.cr4 & CR4_PAE) || m.long_cs))
		return -EINVAL;
	if (!(val & CR0_PG) && (m.cr0 & CR0_PG) && (m.long_cs || (m.cr4 & CR4_PCIDE)))
		return -EINVAL;
	hvm_ops->cr_write(&v->hvm, 0, (val & CR0_DEFINED) | CR0_ET);
	return 0;
}

static int write_cr3(struct vcpu *v, uint64_t val)
{
	struct hvm_mode m;
	uint64_t keep_tlb = 1ULL << 63;

	hvm_ops->get_mode(&v->hvm, &m);
	if (!(m.efer & EFER_LMA))
		val = (uint32_t)val;
	else if ((val & ~(m.cr4 & CR4_PCIDE ? keep_tlb : 0)) >> cpuid_phys_bits(v->d))
		return -EINVAL;
	hvm_ops->cr_write(&v->hvm, 3, val & ~keep_tlb);
	return 0;
}

static int write_cr4(struct vcpu *v, uint64_t val)
{
	struct hvm_mode m;

	hvm_ops->get_mode(&v->hvm, &m);
	if (!cr_valid_cr4(v->d, val))
		return -EINVAL;
	if ((m.efer & EFER_LMA) && !(val & CR4_PAE))
		return -EINVAL;
	if ((val & CR4_PCIDE) && !(m.cr4 & CR4_PCIDE) && (!(m.efer & EFER_LMA) || (m.cr3 & 0xfff)))
		return -EINVAL;
	hvm_ops->cr_write(&v->hvm, 4, val);
	return 0;
}

static int write_cr(struct vcpu *v, unsigned int cr, uint64_t val)
{
	switch (cr) {
	case 0:
		return write_cr0(v, val);
	case 2:
		hvm_ops->cr_write(&v->hvm, 2, val);
		return 0;
	case 3:
		return write_cr3(v, val);
	case 4:
		return write_cr4(v, val);
	case 8:
		if (val > 15)
			return -EINVAL;
		vlapic_set_cr8(v, (uint8_t)val);
		return 0;
	default:
		return -EINVAL;
	}
}

static uint64_t read_cr(struct vcpu *v, unsigned int cr)
{
	return cr == 8 ? vlapic_get_cr8(v) : hvm_ops->cr_read(&v->hvm, cr);
}

int cr_access(struct vcpu *v, const struct hvm_exit *exit)
{
	uint64_t cr0 = hvm_ops->cr_read(&v->hvm, 0);
	int rc = 0;

	if (exit->cr.is_clts)
		rc = write_cr0(v, cr0 & ~CR0_TS);
	else if (exit->cr.is_lmsw) /* sets PE but never clears it */
		rc = write_cr0(v, (cr0 & ~(uint64_t)(CR0_MP | CR0_EM | CR0_TS)) | (exit->cr.lmsw & 0xf));
	else if (exit->cr.write)
		rc = write_cr(v, exit->cr.cr, v->hvm.gpr[exit->cr.gpr & 15]);
	else
		gpr_write(&v->hvm, exit->cr.gpr, 8, read_cr(v, exit->cr.cr));
	if (rc == 0)
		hvm_advance(&v->hvm, exit->len);
	return rc;
}

int cr_xsetbv(struct vcpu *v, const struct hvm_exit *exit)
{
	uint64_t val = (uint32_t)v->hvm.gpr[RAX] | v->hvm.gpr[RDX] << 32;
	struct hvm_mode m;

	hvm_ops->get_mode(&v->hvm, &m);
	if (m.cpl || (uint32_t)v->hvm.gpr[RCX] != 0 || !cr_valid_xcr0(v->d, val))
		return -EINVAL;
	v->hvm.xcr0 = val;
	xcr0_write(val);
	hvm_advance(&v->hvm, exit->len ? exit->len : 3);
	return 0;
}
