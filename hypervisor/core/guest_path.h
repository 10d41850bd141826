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

#define GUEST_PATHS_ORDER 4
#define NR_GUEST_PATHS	(1u << GUEST_PATHS_ORDER)
#define NR_PATH_ENTRIES 4

struct guest_path {
	uint64_t version; /* of the p2m; 0: nothing remembered */
	uint64_t va, cr0, cr3, efer;
	uint64_t gfns; /* what it leads over: p2m_bit() of each */
	uint64_t hpa; /* of the page */
	uint32_t access;
	bool writable;	/* by the p2m */
	uint8_t nr_entries;
	struct {
		uint64_t hpa, value;
	} entries[NR_PATH_ENTRIES]; /* those past nr_entries repeat the last: a loop less to count */
};

/*
 * A kernel passes arguments on its stacks: one for interrupts and one per thread, aligned alike, in any process's
 * address space. So places are chosen by a multiplication (with 2^64 / the golden ratio), not by a few bits.
 */
static inline struct guest_path *guest_path_place(struct guest_path *paths, uint64_t va, uint64_t cr3)
{
	return &paths[((va & PAGE_MASK) ^ cr3) * 0x9e3779b97f4a7c15 >> (64 - GUEST_PATHS_ORDER)];
}

/*
 * Is h the way that va goes now? Then the spot it leads to is one of h->version. Who may write may also read, and so on:
 * each bit of access only asks for more.
 */
static inline bool guest_path_is_good(struct guest_path *h, const struct p2m *p,
				      const struct hvm_mode *m, uint64_t va, uint32_t access)
{
	if (h->va != (va & PAGE_MASK) || h->cr3 != m->cr3 || access & ~h->access ||
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
