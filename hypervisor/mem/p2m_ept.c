/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries of Intel's extended page tables (SDM 3C, 29.3.2). RAM is write-back whatever the MTRRs
 * say, the guest's PAT may still weaken it; devices are uncached, or write-combining where the
 * guest's PAT asks.
 */
#include "mem/p2m_entry.h"

#define EPT_R	  (1ULL << 0)
#define EPT_W	  (1ULL << 1)
#define EPT_X	  (1ULL << 2)
#define EPT_MT_UC (0ULL << 3)
#define EPT_MT_WB (6ULL << 3)
#define EPT_PS	  (1ULL << 7)

static const uint64_t type_bits[] = {
	[P2M_RAM]      = EPT_R | EPT_W | EPT_X | EPT_MT_WB,
	[P2M_MMIO]     = EPT_R | EPT_W | EPT_X | EPT_MT_UC,
	[P2M_MMIO_RO]  = EPT_R | EPT_X | EPT_MT_WB,
	[P2M_SHARED]   = EPT_R | EPT_W | EPT_MT_WB,
	[P2M_FOREIGN]  = EPT_R | EPT_W | EPT_MT_WB,
	[P2M_GRANT_RW] = EPT_R | EPT_W | EPT_MT_WB,
	[P2M_GRANT_RO] = EPT_R | EPT_MT_WB,
};

static uint64_t ept_leaf(mfn_t mfn, enum p2m_type type, unsigned int order)
{
	return mfn.n << PAGE_SHIFT | entry_type_bits(type) | (order ? EPT_PS : 0) |
	       type_bits[type];
}

static uint64_t ept_table(mfn_t mfn)
{
	return mfn.n << PAGE_SHIFT | EPT_R | EPT_W | EPT_X;
}

const struct p2m_format p2m_format_ept = { .name = "EPT", .leaf = ept_leaf, .table = ept_table };
