/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes to control registers, checked as the CPU would before they reach the backend. Both
 * functions finish the instruction: RIP is advanced, or -EINVAL is returned and the caller injects
 * #GP(0).
 */
#pragma once

#include "core/domain.h"

/*
 * EXIT_CR: CR8, where the CPU has no task priority for guests, or where something waits for its
 * fall; or a write to another that no guest may do.
 */
int cr_access(struct vcpu *v, const struct hvm_exit *exit);
/* EXIT_XSETBV: register in ECX, value in EDX:EAX. */
int cr_xsetbv(struct vcpu *v, const struct hvm_exit *exit);

/* Would the CPU take this value? For hvm context and start states too. */
bool cr_valid_cr0(uint64_t val);
bool cr_valid_cr4(const struct domain *d, uint64_t val);
bool cr_valid_xcr0(const struct domain *d, uint64_t val);
bool cr_valid_efer(const struct domain *d, uint64_t val);
