/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * First values of a VMCB, and its registers in neutral form. Pure.
 *
 * CR0, CR3 and CR4 are the guest's own: nested paging needs no watch on them. What it could harm by
 * them (caching, machine checks) is its own.
 */
#include "hvm/svm/svm.h"
#include "lib/string.h"
#include "x86/cr.h"
#include "x86/msr.h"

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
	vmcb->intercept1 = INTERCEPT1_INTR | INTERCEPT1_NMI | INTERCEPT1_INIT | INTERCEPT1_RDPMC |
			   INTERCEPT1_CPUID | INTERCEPT1_INVD | INTERCEPT1_HLT | INTERCEPT1_INVLPGA |
			   INTERCEPT1_IOIO | INTERCEPT1_MSR | INTERCEPT1_FERR | INTERCEPT1_SHUTDOWN;
	vmcb->intercept2 = INTERCEPT2_VMRUN | INTERCEPT2_VMMCALL | INTERCEPT2_VMLOAD | INTERCEPT2_VMSAVE |
			   INTERCEPT2_STGI | INTERCEPT2_CLGI | INTERCEPT2_SKINIT | INTERCEPT2_MONITOR |
			   INTERCEPT2_MWAIT | INTERCEPT2_XSETBV | INTERCEPT2_RDPRU;
	/* The hardware domain's drivers flush caches for their devices; others have none to flush for. */
	if (!hd->direct_io)
		vmcb->intercept2 |= INTERCEPT2_WBINVD;
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

void svm_vmcb_get_state(const struct vmcb *vmcb, struct hvm_state *s)
{
	for (unsigned int i = 0; i < NR_SEGS; i++) {
		const struct vmcb_seg *seg = (const void *)((const char *)vmcb + seg_offset[i]);

		s->seg[i] = (struct hvm_seg){ seg->sel, seg->attr, seg->limit, seg->base };
	}
	s->gdtr_base = vmcb->gdtr.base;
	s->gdtr_limit = vmcb->gdtr.limit;
	s->idtr_base = vmcb->idtr.base;
	s->idtr_limit = vmcb->idtr.limit;
	s->cr0 = vmcb->cr0;
	s->cr2 = vmcb->cr2;
	s->cr3 = vmcb->cr3;
	s->cr4 = vmcb->cr4;
	s->efer = vmcb->efer & ~EFER_SVME;
	s->dr6 = vmcb->dr6;
	s->dr7 = vmcb->dr7;
	s->star = vmcb->star;
	s->lstar = vmcb->lstar;
	s->cstar = vmcb->cstar;
	s->sfmask = vmcb->sfmask;
	s->kernel_gs_base = vmcb->kernel_gs_base;
	s->sysenter_cs = vmcb->sysenter_cs;
	s->sysenter_esp = vmcb->sysenter_esp;
	s->sysenter_eip = vmcb->sysenter_eip;
	s->pat = vmcb->g_pat;
}

void svm_vmcb_set_state(struct vmcb *vmcb, const struct hvm_state *s)
{
	for (unsigned int i = 0; i < NR_SEGS; i++) {
		struct vmcb_seg *seg = (void *)((char *)vmcb + seg_offset[i]);

		*seg = (struct vmcb_seg){ s->seg[i].sel, s->seg[i].attr, s->seg[i].limit, s->seg[i].base };
	}
	vmcb->cpl = (s->seg[SEG_SS].attr >> 5) & 3;
	vmcb->gdtr.base = s->gdtr_base;
	vmcb->gdtr.limit = s->gdtr_limit;
	vmcb->idtr.base = s->idtr_base;
	vmcb->idtr.limit = s->idtr_limit;
	vmcb->cr0 = s->cr0;
	vmcb->cr2 = s->cr2;
	vmcb->cr3 = s->cr3;
	vmcb->cr4 = s->cr4;
	vmcb->efer = s->efer | EFER_SVME;
	vmcb->dr6 = s->dr6;
	vmcb->dr7 = s->dr7;
	vmcb->star = s->star;
	vmcb->lstar = s->lstar;
	vmcb->cstar = s->cstar;
	vmcb->sfmask = s->sfmask;
	vmcb->kernel_gs_base = s->kernel_gs_base;
	vmcb->sysenter_cs = s->sysenter_cs;
	vmcb->sysenter_esp = s->sysenter_esp;
	vmcb->sysenter_eip = s->sysenter_eip;
	vmcb->g_pat = s->pat;
	vmcb->clean = 0;
}

uint64_t *svm_vmcb_msr(struct vmcb *vmcb, uint32_t msr)
{
	switch (msr) {
	case MSR_EFER:		 return &vmcb->efer;
	case MSR_STAR:		 return &vmcb->star;
	case MSR_LSTAR:		 return &vmcb->lstar;
	case MSR_CSTAR:		 return &vmcb->cstar;
	case MSR_SFMASK:	 return &vmcb->sfmask;
	case MSR_FS_BASE:	 return &vmcb->fs.base;
	case MSR_GS_BASE:	 return &vmcb->gs.base;
	case MSR_KERNEL_GS_BASE: return &vmcb->kernel_gs_base;
	case MSR_SYSENTER_CS:	 return &vmcb->sysenter_cs;
	case MSR_SYSENTER_ESP:	 return &vmcb->sysenter_esp;
	case MSR_SYSENTER_EIP:	 return &vmcb->sysenter_eip;
	case MSR_PAT:		 return &vmcb->g_pat;
	case MSR_SPEC_CTRL:	 return &vmcb->spec_ctrl;
	default:		 return NULL;
	}
}
