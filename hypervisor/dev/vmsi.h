/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One message-signalled interrupt of a real device: a vector of ours on one side, the guest's
 * address and data on the other. Used by the MSI capability and by each MSI-X table entry.
 */
#pragma once

#include "dev/vlapic.h"

struct msi_line {
	struct domain *d;
	uint64_t guest_msg; /* address 31:0, data 63:32: one word, for a handler without lock */
	int32_t vector;	    /* ours; -1: none. vpci lock */
};

static inline void msi_line_init(struct msi_line *l, struct domain *d)
{
	*l = (struct msi_line){ .d = d, .vector = -1 };
}

void msi_line_set_guest(struct msi_line *l, uint64_t addr, uint32_t data);
/* A vector for the line, if it has none yet, and what the device must be told. -ENOSPC. */
int msi_line_bind(struct msi_line *l, uint64_t *real_addr, uint32_t *real_data) __must_check;
/* The device no longer sends: give the vector back. */
void msi_line_unbind(struct msi_line *l);
