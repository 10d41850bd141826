/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Saving and loading a guest's FPU state. The hypervisor itself never uses the FPU (it is compiled
 * with general registers only), so the last guest's state stays in the registers until another's
 * is needed.
 */
#pragma once

#include "lib/base.h"

/* This CPU: OSFXSR, OSXSAVE, XCR0 with every state of the machine. From cpu_init(). */
void fpu_init_cpu(void);

/* Bytes that a save area needs on this machine (64-byte aligned). */
size_t fpu_area_size(void);
/* Power-on state into an area. */
void fpu_area_init(void *area);
/* Save all states and the guest's XCR0; load them back. Without XSAVE there is no XCR0 and *xcr0 stays. */
void fpu_save(void *area, uint64_t *xcr0);
void fpu_restore(const void *area, uint64_t xcr0);
