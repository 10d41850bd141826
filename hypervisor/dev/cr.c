/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control registers. With nested paging the CPU checks a guest's writes by itself; the checks here guard
 * states that a toolstack loads (APM 15.5.1, SDM 3C 26.3.1.1). What is intercepted comes here, too.
 */
#include "dev/cr.h"
#include "core/guest_copy.h"
#include "dev/cpuid.h"
#include "dev/decode.h"
#include "dev/vlapic.h"
#include "x86/features.h"

bool cr_valid_cr0(uint64_t val)
{
	if (val >> 32)
		return false;
	if ((val & X86_CR0_PG) && !(val & X86_CR0_PE))
		return false;
	return !(val & X86_CR0_NW) || (val & X86_CR0_CD);
}

/* CR4 bits that need a feature; the others are in every 64-bit CPU. */
static const struct {
	uint64_t bit;
	unsigned int feature;
} cr4_needs[] = {
	{ X86_CR4_UMIP, F_UMIP },	{ X86_CR4_FSGSBASE, F_FSGSBASE }, { X86_CR4_PCIDE, F_PCID },
	{ X86_CR4_OSXSAVE, F_XSAVE }, { X86_CR4_SMEP, F_SMEP },	      { X86_CR4_SMAP, F_SMAP },
};

bool cr_valid_cr4(const struct domain *d, uint64_t val)
{
	uint64_t allowed = X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE | X86_CR4_PAE | X86_CR4_MCE |
			   X86_CR4_PGE | X86_CR4_PCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;

	for (unsigned int i = 0; i < ARRAY_SIZE(cr4_needs); i++)
		if (cpuid_has(d, cr4_needs[i].feature))
			allowed |= cr4_needs[i].bit;
	return !(val & ~allowed);
}

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

/* SVM does not say which register is written to CR8: ask the instruction. */
static int look_at_instruction(struct vcpu *v, unsigned int *gpr, unsigned int *len)
{
	uint8_t bytes[INSN_MAX_LEN];
	struct hvm_mode mode;
	struct insn in;
	unsigned int nr;

	hvm_ops->get_mode(&v->hvm, &mode);
	nr = guest_fetch(v, &mode, bytes, sizeof(bytes));
	if (insn_decode(bytes, nr, &mode, &in) < 0 || in.op != INSN_WRITE_CR)
		return -EINVAL;
	*gpr = in.reg;
	*len = in.len;
	return 0;
}

int cr_access(struct vcpu *v, const struct hvm_exit *exit)
{
	unsigned int gpr = exit->cr.gpr, len = exit->len;

	if (exit->cr.cr != 8 || (gpr == NR_GPRS && look_at_instruction(v, &gpr, &len) < 0) ||
	    (exit->cr.write && v->hvm.gpr[gpr & 15] > 15))
		return -EINVAL;
	if (exit->cr.write)
		vlapic_set_tpr(v, (uint8_t)(v->hvm.gpr[gpr & 15] << 4));
	else
		gpr_write(&v->hvm, gpr, 8, hvm_tpr(&v->hvm) >> 4);
	hvm_advance(&v->hvm, len);
	return 0;
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
