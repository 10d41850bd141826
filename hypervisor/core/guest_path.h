/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a guest-virtual address to the machine's, through the guest's page tables and the p2m; and
 * a small memory of the ways taken. A remembered way is used only after each of its page-table
 * entries was read again and found the same, with the p2m unchanged: so it is never staler than a
 * walk. Own CPU of the vCPU only, no lock.
 */
#pragma once

#include "hvm/hvm.h"
#include "mem/p2m.h"

#define NR_GUEST_PATHS	4
#define NR_PATH_ENTRIES 4

struct guest_path {
	uint64_t version; /* of the p2m; 0: nothing remembered */
	uint64_t va, cr0, cr3, efer;
	uint64_t gfns; /* what it leads over: bit gfn % 64 for each */
	uint64_t hpa; /* of the page */
	uint32_t access;
	bool writable;	/* by the p2m */
	uint8_t nr_entries;
	struct {
		uint64_t hpa, value;
	} entries[NR_PATH_ENTRIES]; /* those past nr_entries repeat the last: a loop less to count */
};

/* The two kinds of access to a page have places of their own, and so have neighbouring pages. */
static inline struct guest_path *guest_path_place(struct guest_path *paths, uint64_t va,
						  uint32_t access)
{
	return &paths[((va >> PAGE_SHIFT) ^ (access >> 1)) % NR_GUEST_PATHS];
}

/* Is h the way that va goes now? Then the spot it leads to is one of h->version. */
static inline bool guest_path_is_good(struct guest_path *h, const struct p2m *p,
				      const struct hvm_mode *m, uint64_t va, uint32_t access)
{
	if (h->va != (va & PAGE_MASK) || h->cr3 != m->cr3 || h->access != access ||
	    h->cr0 != m->cr0 || h->efer != m->efer)
		return false;
	if (h->version != load_acquire(&p->version) && !p2m_renew(p, &h->version, h->gfns))
		return false;
#pragma GCC unroll 4
	for (unsigned int i = 0; i < NR_PATH_ENTRIES; i++)
		if (READ_ONCE(*(const uint64_t *)hpa_map(h->entries[i].hpa)) != h->entries[i].value)
			return false;
	return true;
}

/*
 * Where va leads; access as for guest_walk(). 0 and the spot, to be used as p2m_locate() says;
 * -EFAULT: the guest's tables or the p2m do not allow it (*pf_error is for the guest's tables).
 * paths: the vCPU's NR_GUEST_PATHS.
 */
int guest_path_find(struct guest_path *paths, struct p2m *p, const struct hvm_mode *m, uint64_t va,
		    uint32_t access, struct p2m_spot *s, uint32_t *pf_error);
/* To guest-physical only, with nothing remembered; there need not be anything at *gpa. */
int guest_path_translate(struct p2m *p, const struct hvm_mode *m, uint64_t va, uint32_t access,
			 uint64_t *gpa, uint32_t *pf_error);
