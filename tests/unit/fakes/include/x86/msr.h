/* SPDX-License-Identifier: GPL-2.0-only */
/* The real header, except that the machine's MSRs are those of the test that links code which uses them. */
#pragma once

#define rdmsr rdmsr_of_the_machine
#define wrmsr wrmsr_of_the_machine
#include_next "x86/msr.h"
#undef rdmsr
#undef wrmsr
uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t val);
