/* SPDX-License-Identifier: GPL-2.0-only */
/* Other vCPUs of the payload, started by INIT-SIPI-SIPI, and work given to them. */
#pragma once

#include "lib/asm.h"

/* Start vCPU n with the payload's own environment; false when it does not come up in time. */
bool smp_start(unsigned int cpu);
/* Run fn(arg) on a started vCPU; smp_wait() until it is done. */
void smp_call(unsigned int cpu, void (*fn)(void *arg), void *arg);
bool smp_wait(unsigned int cpu, uint64_t timeout_ns);
/* Bring vCPU n down: interrupts off and HLT. The way back is smp_start(). */
void smp_stop(unsigned int cpu);
/* Copy code to the trampoline page, for tests that start a CPU on their own. */
void trampoline_set(const void *code, size_t len);
void smp_send_sipi(unsigned int cpu);
void smp_send_init(unsigned int cpu);
