/* SPDX-License-Identifier: GPL-2.0-only */
/* AMD-Vi's words in memory (AMD's IOMMU specification, 48882, chapter 2), made and read. Pure; for amdvi.c. */
#pragma once

#include "mem/frame.h"

/* 2.2.3: what an I/O page table's entry has beside an NPT's. Bits 52-58 must be 0. */
#define PTE_LEVEL_SHIFT 9
#define PTE_IR		(1ULL << 61)
#define PTE_IW		(1ULL << 62)

struct amdvi_dte { /* 2.2.2: one for each device ID */
	uint64_t quad[4];
};

#define DTE_V		  (1ULL << 0)
#define DTE_TV		  (1ULL << 1)
#define DTE_MODE_4_LEVELS (4ULL << 9)
#define DTE_SYSMGT_SHIFT  40
#define DTE_IV		  (1ULL << 0) /* from here on in quad[2] */
#define DTE_INT_TAB_LEN	  (8ULL << 1) /* 2^8 entries */
#define DTE_PASS_SHIFT	  56
#define DTE_INT_CTL_REMAP (2ULL << 60)

/* The flags that IVRS asks for (ivrs_devices()). Only while the entry is not valid. */
static inline void amdvi_dte_set_flags(struct amdvi_dte *e, uint8_t flags)
{
	e->quad[1] |= (uint64_t)(flags >> 4 & 3) << DTE_SYSMGT_SHIFT;
	e->quad[2] |= (uint64_t)(flags & 0xc7) << DTE_PASS_SHIFT;
}

/* The device's interrupts go through the table at hpa. */
static inline void amdvi_dte_remap_interrupts(struct amdvi_dte *e, uint64_t hpa)
{
	e->quad[2] |= hpa | DTE_INT_CTL_REMAP | DTE_INT_TAB_LEN | DTE_IV;
}

/* The device reaches what the tree of four levels maps. Valid with the last write. */
static inline void amdvi_dte_translate(struct amdvi_dte *e, mfn_t root, uint16_t domain)
{
	e->quad[1] |= domain;
	store_release(&e->quad[0], root.n << PAGE_SHIFT | PTE_IR | PTE_IW | DTE_MODE_4_LEVELS | DTE_TV | DTE_V);
}

/* 2.2.5: an entry of the table of remapped interrupts. Fixed, physical destination. */
#define IRTE_REMAP_EN 1u
#define IRTE_RQ_EOI   (1u << 5) /* level-triggered: an EOI is asked for */

static inline uint32_t amdvi_irte(unsigned int vector, uint32_t apic_id, bool level)
{
	return vector << 16 | (apic_id & 0xff) << 8 | (level ? IRTE_RQ_EOI : 0) | IRTE_REMAP_EN;
}

/* 2.4: commands, the low word of two. */
#define CMD_COMPLETION_WAIT (1ULL << 60) /* | where to store the high word | CMD_STORE */
#define CMD_STORE	    1ULL
#define CMD_INVALIDATE_PAGES(domain) (3ULL << 60 | (uint64_t)(domain) << 32)
#define CMD_ALL_PAGES	    0x7ffffffffffff003ULL /* high word: the whole address space, tables as well */
#define CMD_INVALIDATE_ALL  (8ULL << 60)

/* 2.5: what a unit logs. */
struct amdvi_event {
	uint16_t bdf;
	bool write;
	uint64_t addr;
	const char *why;
};

#define EVENT_CODE_SHIFT  60
#define EVENT_INTERRUPT	  (1ULL << 51) /* flags of an IO_PAGE_FAULT */
#define EVENT_PRESENT	  (1ULL << 52)
#define EVENT_WRITE	  (1ULL << 53)
#define EVENT_RESERVED	  (1ULL << 55)

static inline struct amdvi_event amdvi_event_decode(uint64_t low, uint64_t high)
{
	static const char *const why[16] = {
		[1] = "its device table entry is bad", [3] = "device table not readable",
		[4] = "page table not readable", [5] = "bad command", [6] = "command not readable",
		[7] = "no answer to an invalidation", [8] = "a request of a kind that is not allowed",
	};
	unsigned int code = (unsigned int)(low >> EVENT_CODE_SHIFT);
	struct amdvi_event e = { .bdf = (uint16_t)low, .write = low & EVENT_WRITE, .addr = high, .why = why[code] };

	if (code == 2) /* IO_PAGE_FAULT */
		e.why = low & EVENT_INTERRUPT ? "no such interrupt" : low & EVENT_RESERVED ? "bad page table entry"
			: low & EVENT_PRESENT ? "not permitted" : "not mapped";
	return e;
}
