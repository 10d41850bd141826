/* SPDX-License-Identifier: GPL-2.0-only */
/* Putting a domain's machine together: all devices of this floor, in one call each. */
#pragma once

#include "core/domain.h"

/*
 * Dom0: vIO-APIC, PCI, RTC, power ports, and direct access to all ports that are not ours.
 * Others: the vLAPIC page and the debug port. Domain allocated, not running, vCPUs maybe not made
 * yet. -ENOMEM; what was made is freed by dev_free().
 */
int dev_setup(struct domain *d) __must_check;
void dev_free(struct domain *d); /* vCPUs are gone or about to go; no lock held */

/* A vCPU's part: vLAPIC and MSRs. */
int dev_vcpu_create(struct vcpu *v) __must_check;
void dev_vcpu_free(struct vcpu *v);
