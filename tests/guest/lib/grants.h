/* SPDX-License-Identifier: GPL-2.0-only */
/* Grant table version 1: our own entries, and operations on others' with their GNTST_ status. */
#pragma once

#include "lib/hypercall.h"

#define GRANTS_PER_PAGE (PAGE_SIZE / sizeof(grant_entry_v1_t))

/* Map the first frame of our grant table; the hypercall's result. Idempotent. */
long grants_init(void);
grant_entry_v1_t *grant_entry(grant_ref_t ref);
/* Offer a frame of ours; take it back: false when somebody still has it mapped. */
void grant_offer(grant_ref_t ref, domid_t to, const void *page, unsigned int flags);
bool grant_revoke(grant_ref_t ref);

/* Use ref once ourselves: what the hypervisor keeps from a table's first use on is then there. */
void grant_warm_up(grant_ref_t ref, void *page);

/* Map domain's ref at a guest-physical address; GNTST_*, the handle goes to *handle. */
int grant_map(domid_t dom, grant_ref_t ref, const void *at, unsigned int flags,
	      grant_handle_t *handle);
int grant_unmap(grant_handle_t handle, const void *at);
/* Copy between a page of ours and another domain's grant; to_ref: from us to them. */
int grant_copy(domid_t dom, grant_ref_t ref, unsigned int offset, const void *ours,
	       unsigned int len, bool to_ref);
