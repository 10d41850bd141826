/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the SVM backend; nobody outside this folder includes it. */
#pragma once

#include "hvm/hvm.h"
#include "hvm/svm/vmcb.h"
#include "x86/cpu.h"

static inline struct vmcb *vmcb_of(const struct hvm_vcpu *hv)
{
	return hv->vmcb;
}

/* A field that the CPU may have cached was changed. */
static inline void vmcb_dirty(struct vmcb *vmcb, uint32_t bits)
{
	vmcb->clean &= ~bits;
}

/* exit.c (pure): what happened, from the VMCB alone. nrips: the CPU stores the next RIP. */
void svm_decode_exit(const struct vmcb *vmcb, bool nrips, struct hvm_exit *exit);
/* inject.c (pure): EVENTINJ's form of an event and back; what must be delivered again after this exit. */
uint64_t svm_pack_event(const struct hvm_event *ev);
struct hvm_event svm_interrupted_event(const struct vmcb *vmcb);

/* vmcb.c (pure): first control values; segments and registers to and from the neutral form. */
void svm_vmcb_init(struct vmcb *vmcb, const struct hvm_domain *hd, uint64_t iopm_hpa, uint64_t msrpm_hpa,
		   uint64_t root_hpa);
struct vmcb_seg *svm_vmcb_seg(struct vmcb *vmcb, enum seg s);
void svm_vmcb_get_state(struct vmcb *vmcb, struct hvm_state *s);
void svm_vmcb_set_state(struct vmcb *vmcb, const struct hvm_state *s);
uint64_t *svm_vmcb_msr(struct vmcb *vmcb, uint32_t msr); /* NULL: not one that exits */

/* probe.c */
int svm_probe(void);
int svm_cpu_on(void);
extern bool svm_has_nrips;
extern bool svm_on_tcg; /* for what QEMU's emulation gets wrong: put_event(), svm_run() */

/* asid.c: a TLB tag that has nothing in this CPU's TLB; of use while hv and the CPU agree on asid_gen. */
void svm_new_asid(struct hvm_vcpu *hv);
/* An entry that failed may have taken a flush with it: begin a new generation at the next use. */
void svm_forget_asids(void);
DECLARE_PERCPU(uint64_t, svm_asid_gen);

/* run.S: load GPRs, VMRUN, store GPRs. The second form also refills the return stack buffer at exit. */
void svm_enter(struct hvm_vcpu *hv, uint64_t vmcb_hpa);
void svm_enter_stuff_rsb(struct hvm_vcpu *hv, uint64_t vmcb_hpa);

void svm_dump(struct hvm_vcpu *hv);
