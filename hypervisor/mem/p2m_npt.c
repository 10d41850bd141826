/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries of AMD's nested page tables (APM 2, 15.25): the format of ordinary long-mode tables,
 * walked as user accesses. Accessed and dirty are set from the start, so that the CPU never writes
 * an entry. Devices are UC- by our PAT (PCD alone): the guest's own PAT may make a frame buffer
 * write-combining, nothing more. Bit 63 of the type is NX.
 */
#include "mem/p2m_entry.h"
#include "x86/cr.h"

static const uint64_t type_bits[] = {
	[P2M_RAM]      = PTE_W,
	[P2M_MMIO]     = PTE_W | PTE_PCD,
	[P2M_MMIO_RO]  = 0,
	[P2M_SHARED]   = PTE_W,
	[P2M_FOREIGN]  = PTE_W,
	[P2M_GRANT_RW] = PTE_W,
	[P2M_GRANT_RO] = 0,
};

static uint64_t npt_leaf(mfn_t mfn, enum p2m_type type, unsigned int order)
{
	return mfn.n << PAGE_SHIFT | entry_type_bits(type) | PTE_P | PTE_U | PTE_A |
	       PTE_D | (order ? PTE_PS : 0) | type_bits[type];
}

static uint64_t npt_table(mfn_t mfn)
{
	return mfn.n << PAGE_SHIFT | PTE_P | PTE_W | PTE_U | PTE_A;
}

const struct p2m_format p2m_format_npt = { .name = "NPT", .leaf = npt_leaf, .table = npt_table };
