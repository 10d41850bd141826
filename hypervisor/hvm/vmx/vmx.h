/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the VT-x backend; nobody outside this folder includes it. */
#pragma once

#include "hvm/hvm.h"
#include "hvm/vmx/vmcs.h"

#define VMX_PROC2_MSR 11 /* IA32_VMX_PROCBASED_CTLS2 */
#define VMX_NR_MSRS 17 /* capabilities: IA32_VMX_BASIC (480) to IA32_VMX_TRUE_ENTRY_CTLS (490) */

/* What this CPU can do and what we make of it: caps.c. Read-only after probe. */
struct vmx_caps {
	uint32_t revision;
	uint32_t pin, proc, proc2, exit, entry; /* first values of the controls */
	uint32_t ept;				/* low half of IA32_VMX_EPT_VPID_CAP */
	unsigned int timer_shift;		/* TSC ticks to those of the preemption timer */
	uint64_t cr0_on, cr4_on;		/* set while any guest runs, whatever it thinks */
	uint64_t cr0_mask, cr4_mask;		/* bits of which a guest sees and changes a copy */
};
extern struct vmx_caps vmx_caps;

/* MSRs that stay the guest's while it is loaded: no control switches them. */
enum {
	SWITCHED_STAR, SWITCHED_LSTAR, SWITCHED_CSTAR, SWITCHED_SFMASK, SWITCHED_KERNEL_GS, NR_SWITCHED
};

/* Beside the VMCS. Own CPU only. */
struct vmx {
	uint64_t msr[NR_SWITCHED], cr2, dr6; /* while not loaded */
	uint64_t rip, rsp, rflags;	     /* as the VMCS has them */
	uint32_t blocking;		     /* likewise */
	uint32_t proc, proc_written;	     /* controls as wanted, and as the VMCS has them */
	uint64_t eptp;
	uint64_t msr_bitmap_hpa;	     /* behind it a second one, for apic_direct */
	uint64_t eoi_exits[NR_EOI_EXITS];    /* as the VMCS has them; the next two likewise */
	uint16_t interrupt_status;
	bool apic_direct;
	uint8_t tpr;			     /* at the last entry */
	int32_t last_cpu;		     /* whose TLB may hold something of it */
	bool launched;
	struct hvm_event event;		     /* goes in at the next entry */
};

static inline struct vmx *vmx_of(const struct hvm_vcpu *hv)
{
	return hv->vmcb;
}

/* caps.c (pure): c from the capability MSRs, absent ones 0. What is missing, in words, or NULL. */
const char *vmx_caps_compute(const uint64_t msr[VMX_NR_MSRS], struct vmx_caps *c);

/* exit.c (pure, as state.c: by the current VMCS alone). */
void vmx_decode_exit(struct hvm_exit *exit);
/* What must be delivered again after this exit. */
struct hvm_event vmx_interrupted_event(void);
/* The form that VM entry takes. protected: CR0.PE, without which no error code is pushed. */
uint32_t vmx_pack_event(const struct hvm_event *ev, bool protected);
/* Did an IRET end the blocking of NMIs and then fault? It will be executed again, so NMIs wait. */
bool vmx_iret_faulted(const struct hvm_exit *exit);

/* state.c: what the VMCS holds; RIP, RSP, RFLAGS, CR2, DR6 and switched MSRs are the caller's. */
void vmx_vmcs_get_state(struct hvm_state *s);
void vmx_vmcs_set_state(const struct hvm_state *s);
uint64_t vmx_vmcs_get_cr0(void); /* as the guest sees it */
uint64_t vmx_vmcs_get_cr4(void);
void vmx_vmcs_set_efer(uint64_t efer); /* but for LMA, which follows from CR0 */
/*
 * CR0 and CR4 have bits that we keep as they must be; a guest has copies. When it writes one of
 * them that nothing here depends on, note it and have the instruction executed again: the CPU does the rest
 * with all its checks. false: the write must be handled, or refused.
 */
bool vmx_adopt_cr(const struct hvm_exit *exit, uint64_t val);

/* apic.c (pure, likewise): what the CPU does of the local APIC. */
void vmx_apic_init(uint64_t page_hpa);
/* Let those MSRs through that the CPU serves by itself. */
void vmx_apic_open_msrs(uint64_t map[PAGE_SIZE / sizeof(uint64_t)]);
void vmx_apic_before_entry(struct hvm_vcpu *hv, struct vmx *vmx);
void vmx_apic_after_exit(struct hvm_vcpu *hv, struct vmx *vmx);

/* probe.c */
int vmx_probe(void);
int vmx_cpu_on(void);

/* run.S: VMLAUNCH, or VMRESUME if launched. 0 after an exit; 1 if the instruction failed. */
int vmx_enter(struct hvm_vcpu *hv, bool launched);
extern const char vmx_exit[], vmx_exit_stuff_rsb[]; /* for the VMCS's host RIP */

void vmx_dump(void); /* the current VMCS, in words */
