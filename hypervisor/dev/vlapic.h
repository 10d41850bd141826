/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU's local APIC, xAPIC and x2APIC. APIC ID = 2 * vCPU id, for good.
 *
 * Who writes what: posted requests and TMR are set by anybody with atomic operations; everything else
 * belongs to the CPU that runs the vCPU, or that CPU's microcode while the guest runs, except the
 * timer's words, which the timer's callback shares under the vlapic lock.
 */
#pragma once

#include "core/domain.h"

enum apic_mode { /* delivery mode: in ICR, LVT, MSI data and redirection entries */
	APIC_FIXED, APIC_LOWEST, APIC_SMI, APIC_RESERVED, APIC_NMI, APIC_INIT, APIC_SIPI,
	APIC_EXTINT
};

struct apic_msg {
	uint32_t dest;
	bool logical;
	bool wide;	/* dest has 32 bits (x2APIC ICR); else 8, with 0xff for everyone */
	bool level;
	uint8_t mode;	/* enum apic_mode */
	uint8_t vector;
};

int vlapic_create(struct vcpu *v) __must_check;	/* power-on state, x2APIC enabled; -ENOMEM */
void vlapic_free(struct vcpu *v);
void vlapic_reset(struct vcpu *v); /* INIT: all but ID and APIC_BASE; own CPU or not running */

/* An interrupt arrives; wakes the vCPU. Any CPU, any lock below timer's. */
void vlapic_post(struct vcpu *v, uint8_t vector, bool level);
/* Own CPU, or nobody runs it: what was posted enters IRR; the vector to inject now (above PPR, APIC enabled), or -1.
 * Then take it: IRR -> ISR; not if hvm_delivers. */
int vlapic_pending(const struct vcpu *v);
void vlapic_accept(struct vcpu *v, uint8_t vector);
/* The guest ends the interrupt in service; own CPU. */
void vlapic_eoi(struct vcpu *v);
void vlapic_ended(struct vcpu *v, uint8_t vector); /* the CPU did that, except for who waits for it */
/* The class (vector >> 4) of an interrupt that only the task priority holds back; 0: none. */
uint8_t vlapic_held_class(const struct vcpu *v);
/* Post-and-accept in one for a message from IO-APIC, MSI or ICR. False: nobody listens to this
 * dest. */
bool vlapic_deliver(struct domain *d, const struct apic_msg *m);

/* The guest wrote TPR, or CR8, which is its bits 7:4; or the CPU did for it. Reading it is hvm_tpr(). Own CPU. */
void vlapic_set_tpr(struct vcpu *v, uint8_t tpr);
void vlapic_tpr_changed(struct vcpu *v);

/* MSRs 0x800-0x83f, APIC_BASE, TSC_DEADLINE. -EINVAL: #GP. */
int vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *val);
int vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t val);
bool vlapic_is_enabled(const struct vcpu *v);	/* APIC_BASE.EN, for CPUID */
/* The MMIO page at 0xfee00000, an mmio_fn. */
#define VLAPIC_GPA 0xfee00000ULL
void vlapic_mmio(struct vcpu *v, void *ctx, uint64_t gpa, unsigned int size, bool write,
		 uint64_t *val);

/* For hvm context records: the 256 registers of the page, and APIC_BASE, TSC_DEADLINE, divisor. */
struct vlapic_state {
	uint64_t apic_base, tsc_deadline;
	uint32_t regs[64]; /* register at offset 16 * i */
};
void vlapic_get_state(const struct vcpu *v, struct vlapic_state *s);
int vlapic_set_state(struct vcpu *v, const struct vlapic_state *s); /* -EINVAL; vCPU not running */
