/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of lib/ share and nobody else sees. */
#pragma once

#include "dom0-tools/lib/hl.h"

#define LOAD_CHUNK (4UL << 20)	/* bytes copied into a guest per hypercall */

struct hl {
	struct xencall_handle *call;
	struct xenforeignmemory_handle *fmem; /* opened on first use */
	struct xs_handle *xs;		      /* opened on first use */
	void *arg;			      /* one page for the hypercalls' structures */
	void *chunk;			      /* LOAD_CHUNK bytes, allocated on first use */
	bool no_load, no_start, no_seed, no_params; /* this hypervisor lacks our operation */
};

struct xenforeignmemory_handle *hl_foreign(struct hl *hl);
/* Fill in what every domctl needs and make it. */
int hl_domctl_for(struct hl *hl, uint32_t cmd, uint32_t domid, struct xen_domctl *op);
