/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest's CPUID topology: all vCPUs are cores of one package, without threads. Pure. */
#pragma once

#include <stdint.h>
#include <xen/xen.h>

/* Adjust the default policy's leaves for so many vCPUs, whose APIC ids are 2 * vCPU. */
void cpuid_set_topology(xen_cpuid_leaf_t *leaf, unsigned int nr, unsigned int vcpus);
