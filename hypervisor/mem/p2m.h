/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's map from gfn to mfn: the tree the CPU walks (AMD NPT or Intel EPT) is the only copy.
 * Entry bits differ by vendor (struct p2m_format); walking, splitting and merging are written once.
 *
 * Changes are made under p2m->lock, which these functions take. Lookups take no lock: an entry is
 * one aligned 64-bit word, tables are recycled only within the same p2m, and `version` tells when
 * one was. A present RAM, SHARED, FOREIGN or GRANT entry holds one reference to its frame (a
 * superpage: to each), taken by the mapper and handed to whoever unmaps.
 *
 * After an entry was removed or lost rights, p2m_flush() must return before the reference is
 * dropped: other CPUs' TLBs may still hold it.
 */
#pragma once

#include "lib/spinlock.h"
#include "mem/frame.h"

enum p2m_type {
	P2M_NONE,	/* hole */
	P2M_RAM,	/* own memory */
	P2M_MMIO,	/* a real device's registers, identity, no reference */
	P2M_MMIO_RO,	/* the firmware's memory, the same way */
	/* from here on not executable */
	P2M_SHARED,	/* shared_info or a grant frame */
	P2M_FOREIGN,	/* another domain's page, mapped by a privileged one */
	P2M_GRANT_RW,	/* another domain's page, by grant */
	P2M_GRANT_RO,
};

static inline bool p2m_holds_reference(enum p2m_type type)
{
	return type != P2M_NONE && type != P2M_MMIO && type != P2M_MMIO_RO;
}

static inline bool p2m_is_read_only(enum p2m_type type)
{
	return type == P2M_MMIO_RO || type == P2M_GRANT_RO;
}

struct p2m_entry {
	mfn_t mfn; /* of exactly the gfn asked for */
	enum p2m_type type;
	uint8_t order; /* of the entry found: 0, 9, 18; for P2M_NONE of the hole */
};

/*
 * What differs by vendor is how an entry is made. Reading is common: every leaf has its type in bits 59, 60
 * and 63, a table has P2M_NONE there; the mfn is in bits 12-51; 0 is a hole. Bits 52-58 would be free for the
 * CPUs, but AMD's IOMMU, which may walk the same tree, takes them for reserved. 63 is no-execute for AMD's
 * CPUs.
 */
struct p2m_format {
	const char *name;
	uint64_t (*leaf)(mfn_t mfn, enum p2m_type type, unsigned int order);
	uint64_t (*table)(mfn_t mfn);
};

extern const struct p2m_format p2m_format_npt, p2m_format_ept;

/*
 * What an IOMMU that walks a tree wants in entries beside the CPU's bits, which the CPU ignores: AMD-Vi sets
 * this before the first tree is made; VT-d reads both formats as they are.
 */
extern struct p2m_iommu_bits {
	uint64_t read;	/* in every entry */
	uint64_t write; /* in entries that may be written through */
	uint64_t level; /* times the level of the table an entry points to (1 to 3); leaves have 0 */
} p2m_iommu_bits;

#define P2M_CHANGES 32

struct p2m {
	spinlock_t lock;	/* level p2m */
	const struct p2m_format *format;
	mfn_t root;
	domid_t domid;
	bool use_1g;		/* the CPU has 1 GiB entries; set at creation */
	bool is_dying;		/* p2m_destroy() has begun; lock, read by any */
	uint64_t max_gfn;	/* highest gfn ever mapped as RAM; lock */
	uint64_t tlb_gen;	/* atomic; a CPU that entered with an older one must flush first */
	uint32_t nr_tables;	/* pages of the tree, retired ones included; lock */
	uint32_t max_tables;	/* beyond: -ENOMEM; p2m_max_tables() of the memory limit */
	/*
	 * Rises whenever an entry or table leaves the tree or an entry changes, before a frame is
	 * let go: what was looked up at a version holds while the version stands. No two p2ms
	 * ever share a value. Lock, read by any.
	 */
	uint64_t version;
	uint64_t changed[P2M_CHANGES]; /* gfn that version n is about, in n % P2M_CHANGES; ~0: any */
	mfn_t retired;		/* tables that left the tree, for reuse here only; lock */
	/* An IOMMU walks the tree, too: it forgets what it read before this returns. NULL: none does. */
	void (*iommu_flush)(void);
	bool is_incoherent;	/* it reads memory, not the CPUs' caches */
	bool flush_filled;	/* it remembers holes: one that was filled needs iommu_flush, too */
	struct {
		mfn_t mfn;
		uint32_t nr;
		enum p2m_type type;
	} dying;		/* p2m_destroy(): frames of the last entry, still to be put */
};

/*
 * Tables that a domain of nr_pages may have: two for each it needs when all its memory lies in single
 * pages, and 4 MiB for what it maps of others. A guest that scatters its memory further gets -ENOMEM.
 */
#define P2M_MIN_TABLES 1024

static inline uint32_t p2m_max_tables(uint32_t nr_pages)
{
	return P2M_MIN_TABLES + nr_pages / 256;
}

/* gfns lie below 2^36 (48-bit gpa): everything else is refused with -EINVAL. */
#define P2M_MAX_GFN ((1ULL << 36) - 1)

int __must_check p2m_init(struct p2m *p, const struct p2m_format *format, domid_t domid,
			  bool use_1g);
/*
 * Take apart up to max_entries frames and tables of a dying domain, calling put() without a lock
 * for each frame that held a reference (order 0). Returns 0 when the tree is empty, -ERESTART
 * when there is more. From its first call on nothing can be mapped (-ESRCH). Not with another
 * p2m_destroy() of this p2m; lookups may run.
 */
int p2m_destroy(struct p2m *p, unsigned int max_entries,
		void (*put)(struct p2m *p, struct p2m_entry e));
/*
 * Give the tables back, when nobody has a reference to the domain any more. Also after p2m_init()
 * alone.
 */
void p2m_free(struct p2m *p);

struct p2m_entry p2m_lookup(const struct p2m *p, gfn_t gfn);

/*
 * Map 2^order frames. Only a hole or P2M_MMIO may be replaced, -EEXIST otherwise; -ENOMEM for
 * tables; -EINVAL misaligned or out of range. The first or last of 512 neighbours that agree
 * merges them into one entry (not each: a page that balloons out and in again would make and
 * break a table every time).
 * Order 18 is split by us where use_1g is false. When an MMIO entry was replaced the caller owes
 * a p2m_flush().
 */
int __must_check p2m_map(struct p2m *p, gfn_t gfn, mfn_t mfn, unsigned int order,
			 enum p2m_type type);
/* Boot: map [gfn, gfn + nr) to [mfn, ..) with the largest entries that fit. */
int __must_check p2m_map_range(struct p2m *p, gfn_t gfn, mfn_t mfn, uint64_t nr,
			       enum p2m_type type);
/*
 * Remove the 4 KiB entry at gfn (splitting a superpage) if it still is what the caller saw in
 * `expect` (mfn and type); the reference it held is now the caller's, to be put after
 * p2m_flush().
 * -ENOENT: something else is there. -ENOMEM: no table for the split.
 */
int __must_check p2m_unmap(struct p2m *p, gfn_t gfn, struct p2m_entry expect);
/*
 * The same for whatever is there, if its type is among these (a bit each) and its frame is mfn, or
 * that is INVALID_MFN. What was there is in *e, also after -ENOENT.
 */
int __must_check p2m_take(struct p2m *p, gfn_t gfn, unsigned int types, mfn_t mfn, struct p2m_entry *e);

/*
 * For checks and tests; both walk everything. Sound: entries, frames' owners and counts, number
 * of tables.
 */
bool p2m_check(struct p2m *p);
uint64_t p2m_count_type(struct p2m *p, enum p2m_type type); /* frames mapped with it */

/*
 * The frame behind gfn, referenced, if it is one that a guest's own access would reach: RAM,
 * SHARED, FOREIGN or GRANT (and writable when `write`). page_put(*mfn) when done. *entry may be
 * NULL; its order may be smaller than the real one.
 */
bool __must_check p2m_get_page(struct p2m *p, gfn_t gfn, bool write, mfn_t *mfn,
			       struct p2m_entry *entry);

/*
 * Where gpa lies, for a read without taking a reference: look, read, then ask p2m_is_version().
 * If it says no, what was read may have been another's: forget it and start over. Writing needs
 * page_get_mapped() before the question.
 */
struct p2m_spot {
	uint64_t version;
	uint64_t hpa;
	bool writable;
};
bool __must_check p2m_locate(const struct p2m *p, uint64_t gpa, struct p2m_spot *s);

static inline bool p2m_is_version(const struct p2m *p, uint64_t version)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return likely(READ_ONCE(p->version) == version);
}

/* For sets of gfns, by the 2 MiB that they are in: pages that come and go are mostly neighbours. */
static inline uint64_t p2m_bit(uint64_t gfn)
{
	return 1ULL << (gfn >> PAGE_ORDER_2M) % 64;
}

/*
 * Bring *version up to date, if the last changes are about none of these gfns (p2m_bit() of each).
 * What was looked up there at *version then still holds.
 */
bool p2m_renew(const struct p2m *p, uint64_t *version, uint64_t gfns);

static inline void *hpa_map(uint64_t hpa)
{
	return phys_to_virt(hpa);
}

/*
 * TLB side (p2m_tlb.c). The run loop calls p2m_enter() right before, p2m_leave() right after a
 * guest runs on this CPU; p2m_enter() returns whether the guest's TLB must be flushed, given the
 * generation that the vCPU last flushed at (updated). p2m_flush() returns when no CPU can use an
 * entry removed before the call, and no device: it kicks CPUs that are inside and waits until they have
 * left, which they do without taking any lock; then it has the IOMMU flush.
 */
bool p2m_enter(struct p2m *p, uint64_t *seen_gen);
void p2m_leave(void);
void p2m_flush(struct p2m *p);
