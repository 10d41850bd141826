/* SPDX-License-Identifier: GPL-2.0-only */
/* A VMCS as an array. Narrow fields keep what the CPU would keep: field bits 14:13 tell the width (SDM 3C, 24.11.2). */
#include "hvm/vmx/vmcs_access.h"

#define NR_FIELDS 0x8000
static uint64_t fields[NR_FIELDS];

uint64_t vmcs_read(unsigned long field)
{
	BUG_ON(field >= NR_FIELDS);
	return fields[field];
}

void vmcs_write(unsigned long field, uint64_t val)
{
	static const uint64_t masks[] = { 0xffff, ~0ULL, 0xffffffff, ~0ULL };

	BUG_ON(field >= NR_FIELDS || field & 1);
	fields[field] = val & masks[field >> 13 & 3];
}
