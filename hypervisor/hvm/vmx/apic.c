/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the CPU does of a guest's local APIC, in the page with the APIC's registers: SDM 3C 29. Pure.
 *
 * CR8 is the page's TPR. Accesses to the page at fee00000 exit: guests start in x2APIC mode.
 */
#include "hvm/vmx/vmx.h"

void vmx_apic_init(uint64_t page_hpa)
{
	if (!(vmx_caps.proc & PROC_TPR_SHADOW))
		return;
	vmcs_write(VMCS_VIRTUAL_APIC, page_hpa);
	vmcs_write(VMCS_TPR_THRESHOLD, 0);
}

void vmx_apic_before_entry(struct hvm_vcpu *hv, struct vmx *vmx)
{
	if (!(vmx_caps.proc & PROC_TPR_SHADOW))
		return;
	/* The TPR threshold would do, but not together with virtual interrupt delivery. */
	vmx->proc = hv->held_class ? vmx->proc | PROC_CR8_WRITE : vmx->proc & ~PROC_CR8_WRITE;
}
