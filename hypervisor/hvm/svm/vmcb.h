/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual machine control block: AMD APM volume 2, appendix B, with its field names. Exit codes
 * (appendix C) are those of <asm/svm.h>.
 */
#pragma once

#include "lib/base.h"
#include <asm/svm.h>

struct vmcb_seg {
	uint16_t sel, attr;
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	/* control area, B-1 */
	uint16_t cr_reads, cr_writes; /* 000 intercepts */
	uint16_t dr_reads, dr_writes;
	uint32_t exceptions;
	uint64_t intercepts; /* 00c: a bit for each exit code from INTR on */
	uint32_t intercepts_14;
	uint8_t rsvd018[0x24];
	uint16_t pause_threshold, pause_count; /* 03c */
	uint64_t iopm_base_pa;		       /* 040 */
	uint64_t msrpm_base_pa;
	uint64_t tsc_offset;
	uint32_t asid; /* 058 */
	uint8_t tlb_control, rsvd05d[3];
	uint8_t v_tpr, v_irq, v_intr_prio, v_intr_masking; /* 060: one byte of the field each */
	uint8_t v_intr_vector, rsvd065[3];
	uint64_t interrupt_shadow; /* 068 */
	uint64_t exitcode;	   /* 070 */
	uint64_t exitinfo1, exitinfo2;
	uint64_t exitintinfo; /* 088 */
	uint64_t np_enable;
	uint8_t rsvd098[0x10];
	uint64_t eventinj; /* 0a8 */
	uint64_t n_cr3;
	uint64_t lbr_virt;
	uint32_t clean, rsvd0c4; /* 0c0 */
	uint64_t nrip;
	uint8_t insn_len, insn[15]; /* 0d0 */
	uint8_t rsvd0e0[0x320];

	/* state save area, B-2, at 400 */
	struct vmcb_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t rsvd4a0[0x2b];
	uint8_t cpl; /* 4cb */
	uint32_t rsvd4cc;
	uint64_t efer; /* 4d0 */
	uint8_t rsvd4d8[0x70];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip; /* 548 */
	uint8_t rsvd580[0x58];
	uint64_t rsp; /* 5d8 */
	uint8_t rsvd5e0[0x18];
	uint64_t rax; /* 5f8 */
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip, cr2; /* 628 */
	uint8_t rsvd648[0x20];
	uint64_t g_pat, dbgctl; /* 668 */
	uint64_t br_from, br_to, lastexcpfrom, lastexcpto;
	uint8_t rsvd698[0x48];
	uint64_t spec_ctrl; /* 6e0 */
	uint8_t rsvd6e8[0x918];
} __packed __aligned(PAGE_SIZE);

#define VMCB_AT(field, off) _Static_assert(offsetof(struct vmcb, field) == (off), #field)
VMCB_AT(intercepts, 0x0c);
VMCB_AT(pause_threshold, 0x3c);
VMCB_AT(iopm_base_pa, 0x40);
VMCB_AT(asid, 0x58);
VMCB_AT(v_tpr, 0x60);
VMCB_AT(exitcode, 0x70);
VMCB_AT(exitintinfo, 0x88);
VMCB_AT(eventinj, 0xa8);
VMCB_AT(clean, 0xc0);
VMCB_AT(nrip, 0xc8);
VMCB_AT(es, 0x400);
VMCB_AT(tr, 0x490);
VMCB_AT(cpl, 0x4cb);
VMCB_AT(efer, 0x4d0);
VMCB_AT(cr4, 0x548);
VMCB_AT(rip, 0x578);
VMCB_AT(rsp, 0x5d8);
VMCB_AT(rax, 0x5f8);
VMCB_AT(cr2, 0x640);
VMCB_AT(g_pat, 0x668);
VMCB_AT(spec_ctrl, 0x6e0);
_Static_assert(sizeof(struct vmcb) == PAGE_SIZE, "VMCB is one page");

#define INTERCEPT_CR8	    (1u << 8) /* in cr_writes */
#define INTERCEPT(exit)	    (1ULL << (SVM_EXIT_##exit - SVM_EXIT_INTR)) /* in intercepts */

#define V_IRQ		    1u	 /* in v_irq */
#define V_IGN_TPR	    0x10 /* in v_intr_prio */
#define V_INTR_MASKING	    1u	 /* in v_intr_masking */
#define TLB_DO_NOTHING	    0
#define TLB_FLUSH_ALL	    1

#define EVENT_ERROR_VALID   (1u << 11) /* EVENTINJ and EXITINTINFO, 15.20 */
#define EVENT_VALID	    (1u << 31)
/* Ours, see put_event(): a software interrupt, and in a reserved bit that it is not the guest's own. */
#define EVENT_NOT_GUESTS    (1u << 12)
#define EVENT_INTR_AS_SOFT  (EVENT_SOFT << 8 | EVENT_NOT_GUESTS)

/* VMCB clean bits, 15.15.3: what the CPU may take from its cache */
#define CLEAN_INTERCEPTS    (1u << 0)
#define CLEAN_ASID	    (1u << 2)
#define CLEAN_TPR	    (1u << 3)
#define CLEAN_CRX	    (1u << 5)
#define CLEAN_CR2	    (1u << 9)
#define CLEAN_ALL	    0x3ffu

/* EXITINFO1 of an IOIO exit, 15.10.2 */
#define IOIO_IN	    (1u << 0)
#define IOIO_STRING (1u << 2)
#define IOIO_REP    (1u << 3)

/* EXITINFO1 of a nested page fault, 15.25.6 */
#define NPF_WRITE	(1u << 1)
#define NPF_FETCH	(1u << 4)
#define NPF_TABLE_WALK	(1ULL << 33)
