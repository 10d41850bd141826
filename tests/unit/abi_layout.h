/* SPDX-License-Identifier: GPL-2.0-only */
/* One measured size, offset or number of the control ABI; see test_abi_layout.c. */
#pragma once

#include <stddef.h>

struct abi_fact {
	const char *name;
	unsigned long value;	/* bytes, or the number itself */
	unsigned long size;	/* of a field, in bytes */
};

extern const struct abi_fact abi_ours[], abi_xen[];
extern const size_t abi_ours_nr, abi_xen_nr;

#define SIZE(type)	   { #type, sizeof(struct type), 0 },
#define FIELD(type, field) { #type "." #field, offsetof(struct type, field), \
			     sizeof(((struct type *)0)->field) },
#define NUMBER(name)	   { #name, (unsigned long)(name), 0 },
