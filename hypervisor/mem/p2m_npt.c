/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries of AMD's nested page tables (APM 2, 15.25): the format of ordinary long-mode tables,
 * walked as user accesses. Accessed and dirty are set from the start, so that the CPU never
 * writes an entry. Devices are UC- by our PAT (PCD alone): the guest's own PAT may make a frame
 * buffer write-combining, nothing more.
 */
#include "mem/p2m_entry.h"

#define NPT_P	(1ULL << 0)
#define NPT_RW	(1ULL << 1)
#define NPT_US	(1ULL << 2)
#define NPT_PCD	(1ULL << 4)
#define NPT_A	(1ULL << 5)
#define NPT_D	(1ULL << 6)
#define NPT_PS	(1ULL << 7)

static const uint64_t type_bits[] = {
	[P2M_RAM]      = NPT_RW,
	[P2M_MMIO]     = NPT_RW | NPT_PCD,
	[P2M_SHARED]   = NPT_RW,
	[P2M_FOREIGN]  = NPT_RW,
	[P2M_GRANT_RW] = NPT_RW,
	[P2M_GRANT_RO] = 0,
};

static uint64_t npt_leaf(mfn_t mfn, enum p2m_type type, unsigned int order)
{
	return mfn.n << PAGE_SHIFT | (uint64_t)type << P2M_TYPE_SHIFT | NPT_P | NPT_US | NPT_A |
	       NPT_D | (order ? NPT_PS : 0) | type_bits[type];
}

static uint64_t npt_table(mfn_t mfn)
{
	return mfn.n << PAGE_SHIFT | NPT_P | NPT_RW | NPT_US | NPT_A;
}

const struct p2m_format p2m_format_npt = { .name = "NPT", .leaf = npt_leaf, .table = npt_table };
