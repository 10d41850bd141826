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
