/* SPDX-License-Identifier: GPL-2.0-only */
/* Dom0's devices appear in its physical address space when it first touches them, one to one. */
#pragma once

#include "core/domain.h"

/* Map the page (or 2 MiB) around gpa to itself if it is a device's and not kept back. True: try
 * again. */
bool hwdom_map_mmio(struct domain *d, uint64_t gpa);
/* Take single pages away again, so that accesses trap. */
void hwdom_unmap_mmio(struct domain *d, uint64_t gpa);
/* No RAM, no device model's, not the firmware's, not kept back: may we write there for Dom0? */
bool hwdom_is_device(struct domain *d, uint64_t gpa);
/* Never map this range: IO-APICs, local APIC, HPET, IOMMUs. While Dom0 is built. */
void hwdom_deny_mmio(uint64_t first, uint64_t last);
