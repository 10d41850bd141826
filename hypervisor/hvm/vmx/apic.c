/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the CPU does of a guest's local APIC, in a page with the APIC's registers: SDM 3C 29. Pure.
 *
 * CR8 is the page's TPR. Of virtual interrupt delivery only the end is used: the guest's EOI changes
 * page and interrupt status, and needs no exit. What is delivered, and when, the vLAPIC says; so nothing
 * is ever requested here, and in service is one interrupt at most. An EOI that means more finds its
 * MSR closed. Accesses to the page at fee00000 exit: guests start in x2APIC mode.
 */
#include "hvm/vmx/vmx.h"
#include "x86/lapic.h"

#define PAGE_REG(reg) ((reg) * 4) /* registers are 16 bytes apart */

static uint32_t *in_service(const struct vmx *vmx, uint8_t vector)
{
	return &vmx->apic_page[PAGE_REG(REG_ISR + vector / 32)];
}

void vmx_apic_init(const struct vmx *vmx, uint64_t page_hpa)
{
	if (!(vmx_caps.proc & PROC_TPR_SHADOW))
		return;
	vmcs_write(VMCS_VIRTUAL_APIC, page_hpa);
	vmcs_write(VMCS_TPR_THRESHOLD, 0);
	if (!(vmx_caps.proc2 & PROC2_INTR_DELIVERY))
		return;
	vmcs_write(VMCS_INTERRUPT_STATUS, 0);
	for (unsigned int i = 0; i < 4; i++)
		vmcs_write(VMCS_EOI_EXITS + 2 * i, 0);
}

static void set_direct_eoi(struct vmx *vmx, uint8_t vector)
{
	*in_service(vmx, vmx->direct_eoi) = 0;
	if (vector)
		*in_service(vmx, vector) = 1u << vector % 32;
	vmx->direct_eoi = vector;
	vmcs_write(VMCS_INTERRUPT_STATUS, (uint64_t)vector << 8);
	vmcs_write(VMCS_MSR_BITMAP, vmx->msr_bitmap_hpa + (vector ? PAGE_SIZE : 0));
}

void vmx_apic_before_entry(struct hvm_vcpu *hv, struct vmx *vmx)
{
	if (!(vmx_caps.proc & PROC_TPR_SHADOW))
		return;
	vmx->apic_page[PAGE_REG(REG_TPR)] = hv->cr8 << 4;
	/* The TPR threshold would do, but not together with virtual interrupt delivery. */
	vmx->proc = hv->held_class ? vmx->proc | PROC_CR8_WRITE : vmx->proc & ~PROC_CR8_WRITE;
	if ((vmx_caps.proc2 & PROC2_INTR_DELIVERY) && hv->direct_eoi != vmx->direct_eoi)
		set_direct_eoi(vmx, hv->direct_eoi);
}

void vmx_apic_after_exit(struct hvm_vcpu *hv, const struct vmx *vmx)
{
	if (!(vmx_caps.proc & PROC_TPR_SHADOW))
		return;
	hv->cr8 = (uint8_t)(vmx->apic_page[PAGE_REG(REG_TPR)] >> 4 & 0xf);
	if (vmx->direct_eoi && !(vmcs_read(VMCS_INTERRUPT_STATUS) >> 8))
		hv->direct_eoi = 0;
}
