/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * First values of a VMCB, and its registers in neutral form. Pure.
 *
 * CR0, CR3 and CR4 are the guest's own: nested paging needs no watch on them. What it could harm by
 * them (caching, machine checks) is its own.
 */
#include "hvm/svm/svm.h"

void svm_vmcb_init(struct vmcb *vmcb, const struct hvm_domain *hd, uint64_t iopm_hpa, uint64_t msrpm_hpa,
		   uint64_t root_hpa)
{
	memset(vmcb, 0, sizeof(*vmcb));
	vmcb->dr_reads = vmcb->dr_writes = 0xffff;
	/*
	 * #DB and #AC only so that a guest whose handler faults again for ever keeps exiting and cannot
	 * hold the CPU in microcode; a machine check is the host's.
	 */
	vmcb->exceptions = 1u << VECTOR_DB | 1u << VECTOR_AC | 1u << VECTOR_MC;
	/* SMI: the firmware's handler runs after STGI, in our world. QEMU would run it inside the guest's. */
	vmcb->intercepts = INTERCEPT(INTR) | INTERCEPT(NMI) | INTERCEPT(SMI) | INTERCEPT(INIT) |
			   INTERCEPT(RDPMC) | INTERCEPT(CPUID) | INTERCEPT(INVD) | INTERCEPT(HLT) |
			   INTERCEPT(INVLPGA) | INTERCEPT(IOIO) | INTERCEPT(MSR) |
			   INTERCEPT(FERR_FREEZE) | INTERCEPT(SHUTDOWN) | INTERCEPT(VMRUN) |
			   INTERCEPT(VMMCALL) | INTERCEPT(VMLOAD) | INTERCEPT(VMSAVE) |
			   INTERCEPT(STGI) | INTERCEPT(CLGI) | INTERCEPT(SKINIT) |
			   INTERCEPT(MONITOR) | INTERCEPT(MWAIT) | INTERCEPT(XSETBV) |
			   INTERCEPT(RDPRU);
	/* The hardware domain's drivers flush caches for their devices; others have none to flush for. */
	if (!hd->direct_io)
		vmcb->intercepts |= INTERCEPT(WBINVD);
	vmcb->iopm_base_pa = iopm_hpa;
	vmcb->msrpm_base_pa = msrpm_hpa;
	vmcb->v_intr_masking = V_INTR_MASKING;
	vmcb->np_enable = 1;
	vmcb->n_cr3 = root_hpa;
	vmcb->g_pat = PAT_POWER_ON;
	vmcb->efer = EFER_SVME;
}

static const uint16_t seg_offset[NR_SEGS] = {
	[SEG_ES] = offsetof(struct vmcb, es), [SEG_CS] = offsetof(struct vmcb, cs),
	[SEG_SS] = offsetof(struct vmcb, ss), [SEG_DS] = offsetof(struct vmcb, ds),
	[SEG_FS] = offsetof(struct vmcb, fs), [SEG_GS] = offsetof(struct vmcb, gs),
	[SEG_LDTR] = offsetof(struct vmcb, ldtr), [SEG_TR] = offsetof(struct vmcb, tr),
};

struct vmcb_seg *svm_vmcb_seg(struct vmcb *vmcb, enum seg s)
{
	return (void *)((char *)vmcb + seg_offset[s]);
}

/* 64-bit registers that go in and out as they are. */
static const struct {
	uint16_t vmcb, state;
} words[] = {
#define WORD(field, member) { offsetof(struct vmcb, field), offsetof(struct hvm_state, member) }
	WORD(cr0, cr0), WORD(cr2, cr2), WORD(cr3, cr3), WORD(cr4, cr4), WORD(dr6, dr6), WORD(dr7, dr7),
	WORD(gdtr.base, gdtr_base), WORD(idtr.base, idtr_base), WORD(g_pat, pat),
	WORD(star, star), WORD(lstar, lstar), WORD(cstar, cstar), WORD(sfmask, sfmask),
	WORD(kernel_gs_base, kernel_gs_base), WORD(sysenter_cs, sysenter_cs),
	WORD(sysenter_esp, sysenter_esp), WORD(sysenter_eip, sysenter_eip),
};

void svm_vmcb_get_state(struct vmcb *vmcb, struct hvm_state *s)
{
	for (unsigned int i = 0; i < NR_SEGS; i++) {
		const struct vmcb_seg *seg = svm_vmcb_seg(vmcb, i);

		s->seg[i] = (struct hvm_seg){ seg->sel, seg->attr, seg->limit, seg->base };
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		memcpy((char *)s + words[i].state, (const char *)vmcb + words[i].vmcb, sizeof(uint64_t));
	s->gdtr_limit = vmcb->gdtr.limit;
	s->idtr_limit = vmcb->idtr.limit;
	s->efer = vmcb->efer & ~EFER_SVME;
}

void svm_vmcb_set_state(struct vmcb *vmcb, const struct hvm_state *s)
{
	for (unsigned int i = 0; i < NR_SEGS; i++)
		*svm_vmcb_seg(vmcb, i) = (struct vmcb_seg){
			s->seg[i].sel, s->seg[i].attr, s->seg[i].limit, s->seg[i].base,
		};
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		memcpy((char *)vmcb + words[i].vmcb, (const char *)s + words[i].state, sizeof(uint64_t));
	vmcb->cpl = (s->seg[SEG_SS].attr >> 5) & 3;
	vmcb->gdtr.limit = s->gdtr_limit;
	vmcb->idtr.limit = s->idtr_limit;
	vmcb->efer = s->efer | EFER_SVME;
	vmcb->clean = 0;
}

uint64_t *svm_vmcb_msr(struct vmcb *vmcb, uint32_t msr)
{
	switch (msr) {
	case MSR_EFER:	    return &vmcb->efer;
	case MSR_PAT:	    return &vmcb->g_pat;
	case MSR_SPEC_CTRL: return &vmcb->spec_ctrl;
	default:	    return NULL;
	}
}
