/* SPDX-License-Identifier: GPL-2.0-only */
/* In the real one's place: the current VMCS is the array of fakes/vmcs.c. */
#pragma once

#include "lib/base.h"

uint64_t vmcs_read(unsigned long field);
void vmcs_write(unsigned long field, uint64_t val);
