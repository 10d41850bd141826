/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of machine memory: who owns each, how often it is referenced, what it is used for.
 *
 *   mfn  machine frame number: a page of the real machine (hpa >> 12)
 *   gfn  guest frame number: a page as one guest numbers it (gpa >> 12)
 *
 * Every RAM frame has one 32-bit word: owner (15 bits), type (3), reference count (14). All changes
 * are single compare-and-exchanges, so no lock protects it. A frame is used only between page_get()
 * and page_put(); the last put scrubs the frame and gives it back to the heap.
 */
#pragma once

#include "x86/hostmap.h"

typedef struct { uint64_t n; } mfn_t;
typedef struct { uint64_t n; } gfn_t;
typedef uint16_t domid_t;
#define __XEN_PUBLIC_DOMID_T_DEFINED__

#define MFN(x)		((mfn_t){ (x) })
#define GFN(x)		((gfn_t){ (x) })
#define INVALID_MFN	MFN(~0ULL)
#define INVALID_GFN	GFN(~0ULL)
#define PAGE_ORDER_4K	0
#define PAGE_ORDER_2M	9
#define PAGE_ORDER_1G	18

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
	return a.n == b.n;
}

static inline mfn_t mfn_add(mfn_t m, uint64_t n)
{
	return MFN(m.n + n);
}

static inline gfn_t gfn_add(gfn_t g, uint64_t n)
{
	return GFN(g.n + n);
}

enum page_type {
	PAGE_NONE,   /* not RAM, or RAM that nobody may use (firmware) */
	PAGE_FREE,   /* on the buddy heap */
	PAGE_HV,     /* the hypervisor's own; never mapped into a guest */
	PAGE_RAM,    /* a domain's memory */
	PAGE_SHARED, /* made by the hypervisor for a domain: shared_info, grant frames */
};

#define OWNER_HV	0x7ff2 /* DOMID_XEN: the hypervisor itself */
#define OWNER_NONE	0x7fff
#define PAGE_COUNT_MAX	0x3fff

/*
 * Start with the frame table for [0, nr_frames) at `table` (nr_frames * 4 bytes, any content);
 * everything is PAGE_NONE. Boot CPU, once.
 */
void frame_init(uint32_t *table, uint64_t nr_frames);
/*
 * Boot only: give [mfn, mfn + nr) to the heap, or to a domain / the hypervisor with one reference
 * each.
 */
void frame_give_heap(mfn_t mfn, uint64_t nr);
void frame_give_owner(mfn_t mfn, uint64_t nr, domid_t owner, enum page_type type);

bool frame_valid(mfn_t mfn); /* has a word, that is: lies below the top of RAM */
domid_t page_owner(mfn_t mfn);
enum page_type page_type(mfn_t mfn);
unsigned int page_count(mfn_t mfn);

/*
 * Take a reference if the frame is a used one (HV, RAM or SHARED) of `owner`. False: not owned by
 * it, free, not RAM, or its count is at PAGE_COUNT_MAX. Any CPU, any lock.
 */
bool __must_check page_get(mfn_t mfn, domid_t owner);
/*
 * The same whoever the owner is, RAM and SHARED only: for the frame behind a p2m entry, which
 * must be looked at again afterwards. If it is still there, its own reference proves that this
 * one is right.
 */
bool __must_check page_get_mapped(mfn_t mfn);
/* Drop a reference; the last one scrubs and frees the frame, then calls the freed hook. */
void page_put(mfn_t mfn);

/*
 * 2^order frames for the hypervisor, not zeroed. INVALID_MFN when there are none. Takes heap
 * lock.
 */
mfn_t frame_alloc(unsigned int order);
void frame_free(mfn_t mfn, unsigned int order);
/*
 * 2^order zeroed frames for a domain, each with one reference (that of its p2m entry).
 * The caller has already charged the domain's limit.
 */
mfn_t frame_alloc_domain(domid_t owner, unsigned int order, enum page_type type);

/*
 * Called after the last reference to a domain's frame went; core counts the domain's pages with
 * it.
 */
extern void (*frame_freed_hook)(domid_t owner, enum page_type type);

uint64_t frame_nr_free(void); /* on the heap (buddy.c) */
uint64_t frame_nr_total(void); /* RAM frames that were ever given to the heap or an owner */
uint64_t frame_nr_table(void); /* frames that have a word: the top of RAM */

/*
 * Short-lived mapping of a frame that the caller references. Today these are additions in a direct
 * map; the border is kept so that guest memory can be unmapped from the hypervisor later.
 */
static inline void *frame_map(mfn_t mfn)
{
	return phys_to_virt(mfn.n << PAGE_SHIFT);
}

static inline void frame_unmap(const void *va)
{
}

/* The frame of an address that frame_map() gave, or that lies within the mapping. */
static inline mfn_t frame_of(const void *va)
{
	return MFN(virt_to_phys(va) >> PAGE_SHIFT);
}
