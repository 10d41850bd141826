/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the CPU does of a guest's local APIC, in the page with the APIC's registers: SDM 3C 29. Pure.
 *
 * CR8 is the page's TPR. With APIC-register virtualization the x2APIC's MSRs are read there. With virtual
 * interrupt delivery the CPU also delivers: the highest request (RVI) as soon as PPR and the guest let
 * it, and after each EOI, TPR write and self-IPI the next. It exits at the end of those interrupts for whose
 * end an IO-APIC waits. Nobody else knows: the vLAPIC continues from page, RVI and SVI as they are after
 * an exit. Accesses to the page at fee00000 exit: guests start in x2APIC mode.
 */
#include "hvm/vmx/vmx.h"

void vmx_apic_init(uint64_t page_hpa)
{
	if (!(vmx_caps.proc & PROC_TPR_SHADOW))
		return;
	vmcs_write(VMCS_VIRTUAL_APIC, page_hpa);
	vmcs_write(VMCS_TPR_THRESHOLD, 0);
	if (!(vmx_caps.proc2 & PROC2_INTR_DELIVERY))
		return;
	vmcs_write(VMCS_INTERRUPT_STATUS, 0);
	for (unsigned int i = 0; i < NR_EOI_EXITS; i++)
		vmcs_write(VMCS_EOI_EXITS + 2 * i, 0);
}

#define REG(name) (1ULL << REG_##name)
#define REGS(name, nr) (((1ULL << (nr)) - 1) << REG_##name)

/* 24.6.9: bit n of the map is MSR n read, 0x4000 + n written; 1 = exit. */
void vmx_apic_open_msrs(uint64_t map[PAGE_SIZE / sizeof(uint64_t)])
{
	uint64_t *reads = &map[MSR_X2APIC_BASE / 64], *writes = &map[(0x4000 + MSR_X2APIC_BASE) / 64];

	if (vmx_caps.proc2 & PROC2_APIC_REGS) /* those that the page has as they are; ICR has a high half elsewhere */
		*reads &= ~(REG(ID) | REG(VERSION) | REG(TPR) | REG(LDR) | REG(SVR) | REGS(ISR, 24) | REG(ESR) |
			    REGS(LVT_TIMER, 6) | REG(TIMER_INITIAL) | REG(TIMER_DIVIDE));
	if (vmx_caps.proc2 & PROC2_INTR_DELIVERY)
		*writes &= ~(REG(TPR) | REG(EOI) | REG(SELF));
}

/* TMR says which interrupts have an end that somebody waits for. */
static void update_eoi_exits(struct hvm_vcpu *hv, struct vmx *vmx)
{
	const struct lapic_reg *tmr = &hv->apic_page[REG_TMR];

	for (unsigned int i = 0; i < NR_EOI_EXITS; i++) {
		uint64_t bits = tmr[2 * i].val | (uint64_t)tmr[2 * i + 1].val << 32;

		if (unlikely(bits != vmx->eoi_exits[i]))
			vmcs_write(VMCS_EOI_EXITS + 2 * i, vmx->eoi_exits[i] = bits);
	}
	hv->has_requests = false;
}

void vmx_apic_before_entry(struct hvm_vcpu *hv, struct vmx *vmx)
{
	uint16_t status = (uint16_t)(hv->svi << 8 | hv->rvi);

	vmx->tpr = hvm_tpr(hv);
	if (!(vmx_caps.proc & PROC_TPR_SHADOW))
		return;
	/* The TPR threshold would do, but not together with virtual interrupt delivery. */
	vmx->proc = hv->held_class ? vmx->proc | PROC_CR8_WRITE : vmx->proc & ~PROC_CR8_WRITE;
	if (unlikely(hv->apic_direct != vmx->apic_direct)) {
		vmx->apic_direct = hv->apic_direct;
		vmcs_write(VMCS_MSR_BITMAP, vmx->msr_bitmap_hpa + (vmx->apic_direct ? PAGE_SIZE : 0));
	}
	if (!(vmx_caps.proc2 & PROC2_INTR_DELIVERY))
		return;
	if (status != vmx->interrupt_status)
		vmcs_write(VMCS_INTERRUPT_STATUS, vmx->interrupt_status = status);
	if (hv->has_requests)
		update_eoi_exits(hv, vmx);
}

void vmx_apic_after_exit(struct hvm_vcpu *hv, struct vmx *vmx)
{
	hv->tpr_written = vmx->tpr != hvm_tpr(hv);
	if (!(vmx_caps.proc2 & PROC2_INTR_DELIVERY))
		return;
	vmx->interrupt_status = (uint16_t)vmcs_read(VMCS_INTERRUPT_STATUS);
	hv->rvi = (uint8_t)vmx->interrupt_status;
	hv->svi = vmx->interrupt_status >> 8;
}
