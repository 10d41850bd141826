/* SPDX-License-Identifier: GPL-2.0-only */
/* The real header, except that the direct map is the arena of fakes/frames.c. */
#pragma once

#define phys_to_virt phys_to_virt_of_the_machine
#define virt_to_phys virt_to_phys_of_the_machine
#include_next "x86/hostmap.h"
#undef phys_to_virt
#undef virt_to_phys
void *phys_to_virt(uint64_t hpa);
uint64_t virt_to_phys(const void *va);
