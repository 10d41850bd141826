/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers and segments between the current VMCS and their neutral form. Pure. */
#include "hvm/vmx/vmx.h"

struct vmx_caps vmx_caps;

/* Those that go in and out as they are, cut to a size beyond which the CPU refuses to enter. */
static const struct {
	uint16_t field, offset;
	uint8_t size_bytes;
} words[] = {
#define WORD(field, member, size) { VMCS_GUEST_##field, offsetof(struct hvm_state, member), size }
	WORD(CR3, cr3, 8), WORD(DR7, dr7, 4), WORD(PAT, pat, 8),
	WORD(GDTR_BASE, gdtr_base, 8), WORD(IDTR_BASE, idtr_base, 8),
	WORD(GDTR_LIMIT, gdtr_limit, 2), WORD(IDTR_LIMIT, idtr_limit, 2),
	WORD(SYSENTER_CS, sysenter_cs, 4), WORD(SYSENTER_ESP, sysenter_esp, 8),
	WORD(SYSENTER_EIP, sysenter_eip, 8),
};

/* 24.4.1: a descriptor's, but AVL, L, D/B and G are four bits higher. Not present is unusable. */
static uint32_t attr_to_ar(uint16_t attr)
{
	return (attr & 0xff) | (attr & 0xf00) << 4 | (attr & 0x80 ? 0 : AR_UNUSABLE);
}

static uint16_t ar_to_attr(uint32_t ar)
{
	return (uint16_t)(((ar & 0xff) | (ar >> 4 & 0xf00)) & (ar & AR_UNUSABLE ? ~0x80u : ~0u));
}

void vmx_vmcs_get_state(struct hvm_state *s)
{
	for (unsigned int i = 0; i < NR_SEGS; i++)
		s->seg[i] = (struct hvm_seg){
			(uint16_t)vmcs_read(VMCS_GUEST_SEL + 2 * i),
			ar_to_attr((uint32_t)vmcs_read(VMCS_GUEST_AR + 2 * i)),
			(uint32_t)vmcs_read(VMCS_GUEST_LIMIT + 2 * i),
			vmcs_read(VMCS_GUEST_BASE + 2 * i),
		};
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		uint64_t val = vmcs_read(words[i].field);

		__builtin_memcpy((char *)s + words[i].offset, &val, words[i].size_bytes);
	}
	s->cr0 = vmx_vmcs_get_cr0();
	s->cr4 = vmx_vmcs_get_cr4();
	s->efer = vmcs_read(VMCS_GUEST_EFER);
}

void vmx_vmcs_set_state(const struct hvm_state *s)
{
	for (unsigned int i = 0; i < NR_SEGS; i++) {
		vmcs_write(VMCS_GUEST_SEL + 2 * i, s->seg[i].sel);
		vmcs_write(VMCS_GUEST_AR + 2 * i,
			   attr_to_ar(s->seg[i].attr) | (i == SEG_TR ? AR_BUSY : 0));
		vmcs_write(VMCS_GUEST_LIMIT + 2 * i, s->seg[i].limit);
		vmcs_write(VMCS_GUEST_BASE + 2 * i, s->seg[i].base);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		uint64_t val = 0;

		__builtin_memcpy(&val, (const char *)s + words[i].offset, words[i].size_bytes);
		vmcs_write(words[i].field, val);
	}
	vmcs_write(VMCS_CR4_SHADOW, s->cr4);
	vmcs_write(VMCS_GUEST_CR4, (s->cr4 & ~vmx_caps.cr4_mask) | vmx_caps.cr4_on);
	vmcs_write(VMCS_CR0_SHADOW, s->cr0);
	vmcs_write(VMCS_GUEST_CR0, (s->cr0 & ~vmx_caps.cr0_mask) | vmx_caps.cr0_on);
	vmx_vmcs_set_efer(s->efer);
	vmcs_write(VMCS_PENDING_DEBUG, 0);
}

uint64_t vmx_vmcs_get_cr0(void)
{
	return (vmcs_read(VMCS_GUEST_CR0) & ~vmx_caps.cr0_mask) |
	       (vmcs_read(VMCS_CR0_SHADOW) & vmx_caps.cr0_mask);
}

uint64_t vmx_vmcs_get_cr4(void)
{
	return (vmcs_read(VMCS_GUEST_CR4) & ~vmx_caps.cr4_mask) |
	       (vmcs_read(VMCS_CR4_SHADOW) & vmx_caps.cr4_mask);
}

/* 26.3.1.1: LMA, the entry control, and LME together with paging, are one. */
void vmx_vmcs_set_efer(uint64_t efer)
{
	bool lma = (efer & EFER_LME) && (vmcs_read(VMCS_GUEST_CR0) & X86_CR0_PG);

	vmcs_write(VMCS_GUEST_EFER, (efer & ~EFER_LMA) | (lma ? EFER_LMA : 0));
	vmcs_write(VMCS_ENTRY_CONTROLS, vmx_caps.entry | (lma ? ENTRY_IA32E : 0));
}

bool vmx_adopt_cr(const struct hvm_exit *exit, uint64_t val)
{
	uint64_t shadow = vmcs_read(VMCS_CR4_SHADOW);

	if (!exit->cr.write)
		return false;
	if (exit->cr.cr == 0 && (!(val & X86_CR0_NW) || (val & X86_CR0_CD)))
		vmcs_write(VMCS_CR0_SHADOW, val);
	else if (exit->cr.cr == 4 && !((val ^ shadow) & vmx_caps.cr4_mask & ~X86_CR4_MCE))
		vmcs_write(VMCS_CR4_SHADOW, val);
	else
		return false;
	return true;
}
