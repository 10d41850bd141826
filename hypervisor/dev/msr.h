/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Model-specific registers of a vCPU. Those in the control block belong to the backend, the APIC's
 * to the vLAPIC; the rest is a table here. Unknown ones are -EINVAL: the caller injects #GP.
 */
#pragma once

#include "core/domain.h"

int msr_create(struct vcpu *v) __must_check; /* -ENOMEM */
void msr_free(struct vcpu *v);

int msr_read(struct vcpu *v, uint32_t msr, uint64_t *val);
int msr_write(struct vcpu *v, uint32_t msr, uint64_t val);

/* A write to 0x40000000: fill the guest's page. -EINVAL: #GP. Registered by the guest floor. */
extern int (*msr_hypercall_page_hook)(struct vcpu *v, uint64_t val);

/* The MTRRs, as the hvm context record MTRR has them. They are stored, never obeyed. */
#define MTRR_NR_VAR   8
#define MTRR_NR_FIXED 11
struct mtrr_state {
	uint64_t cap, def_type;
	uint64_t var[2 * MTRR_NR_VAR]; /* base, mask, base, ... */
	uint64_t fixed[MTRR_NR_FIXED];
};
int msr_set_mtrr(struct vcpu *v, const struct mtrr_state *s); /* -EINVAL */
