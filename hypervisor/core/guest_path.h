/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a guest-virtual address to the machine's, through the guest's page tables and the p2m; and
 * a small memory of the ways taken. A remembered way is used only after each of its page-table
 * entries was read again and found the same, with the p2m unchanged: so it is never staler than a
 * walk. Own CPU of the vCPU only, no lock.
 */
#ifndef CORE_GUEST_PATH_H
#define CORE_GUEST_PATH_H

#include "hvm/hvm.h"
#include "mem/p2m.h"
#include "x86/cr.h"
#include "x86/msr.h"

#define NR_GUEST_PATHS 4

struct guest_path {
	uint64_t version; /* of the p2m; 0: nothing remembered */
	uint64_t va, cr3, mode;
	uint64_t hpa; /* of the page */
	uint32_t access;
	bool writable;	/* by the p2m */
	uint8_t nr_entries;
	struct {
		uint64_t hpa, value;
	} entries[4];
};

/* What else a walk depends on. Only long mode is remembered: 0 for the others. */
static inline uint64_t guest_path_mode(const struct hvm_mode *m)
{
	if (!(m->efer & EFER_LMA))
		return 0;
	return (m->cr0 & (CR0_PG | CR0_WP)) | (m->efer & EFER_NXE) << 32;
}

/* The two kinds of access to a page have places of their own, and so have neighbouring pages. */
static inline struct guest_path *guest_path_place(struct guest_path *paths, uint64_t va,
						  uint32_t access)
{
	return &paths[((va >> PAGE_SHIFT) ^ (access >> 1)) % NR_GUEST_PATHS];
}

/* Is h the way that va goes now, by this version of the p2m? */
static inline bool guest_path_is_good(const struct guest_path *h, uint64_t version,
				      const struct hvm_mode *m, uint64_t va, uint32_t access)
{
	unsigned int i;

	if (h->va != (va & PAGE_MASK) || h->version != version || h->cr3 != m->cr3 ||
	    h->access != access || h->mode != guest_path_mode(m))
		return false;
	for (i = 0; i < h->nr_entries; i++)
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

#endif
