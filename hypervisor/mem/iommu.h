/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOMMUs: which memory devices reach by DMA. All devices are Dom0's, and what they may reach is what
 * Dom0 may: the IOMMU walks Dom0's p2m itself, there is no second tree (decision 0012). Two kinds, VT-d and
 * AMD-Vi, each a struct iommu_ops; a machine has any number of units of one kind, which are all set up alike.
 */
#pragma once

#include "mem/p2m.h"

#define IOMMU_MAX_UNITS	   16
#define IOMMU_MAX_RESERVED 32

enum iommu_choice { IOMMU_ON, IOMMU_OFF, IOMMU_REQUIRED };

struct iommu_unit {
	uint64_t hpa, size;	/* its registers: Dom0 must not reach them */
	uint16_t segment;
	bool is_function;	/* it is a PCI function, whose config space Dom0 must not write: bdf */
	uint16_t bdf;
};

struct iommu_reserved { /* memory that devices go on using at its own address (RMRR, IVMD) */
	uint64_t first, last; /* whole pages */
};

struct iommu_ops {
	const char *name;
	/*
	 * Boot CPU, ACPI, PCI and heap ready. Find all units in ACPI's tables, map their registers, check that
	 * each can do what is needed, fill in struct iommu (and p2m_iommu_bits). Nothing translates yet.
	 * -ENODEV: no table of this kind, and nothing was said; others: one message said why not.
	 */
	int (*probe)(void);
	/*
	 * Remap interrupts from now on: set irq_remap (x86/irq.h) and switch it on in all units. No line is
	 * routed yet. -ENODEV: they cannot; then messages stay as they were.
	 */
	int (*remap_interrupts)(void);
	/*
	 * From now on all devices reach what p maps. The tree is complete and in memory; faults are
	 * reported from now on. Boot CPU, Dom0 has not run.
	 */
	void (*enable)(const struct p2m *p);
	/*
	 * Forget every translation; returns when no unit uses an old one any more (panic if that takes
	 * longer than IOMMU_TIMEOUT_NS). Any CPU, locks up to level iommu - 1 held.
	 */
	void (*flush)(void);
};

extern const struct iommu_ops vtd_ops, amdvi_ops;

extern struct iommu {
	const struct iommu_ops *ops;	/* NULL: there is none, or it is not used */
	bool remaps_interrupts;
	bool is_incoherent;		/* reads tables past the CPUs' caches */
	bool lacks_1g;			/* no translations of 1 GiB */
	bool caches_holes;		/* remembers what is not there */
	unsigned int nr_units, nr_reserved;
	struct iommu_unit unit[IOMMU_MAX_UNITS];
	struct iommu_reserved reserved[IOMMU_MAX_RESERVED];
} iommu; /* written while booting; read by any */

/* Find and check what the machine has, and say so. A machine without one is stopped if it is required. */
void iommu_init(enum iommu_choice choice, bool use_interrupts);
/* Dom0's tree is complete, Dom0 has not run: confine its devices to it. Nothing to do without an IOMMU. */
void iommu_enable(struct p2m *p);

/* Is this PCI function one of the units? Dom0 must not see it. */
static inline bool iommu_is_function(unsigned int segment, unsigned int bdf)
{
	for (unsigned int i = 0; i < iommu.nr_units; i++)
		if (iommu.unit[i].is_function && iommu.unit[i].bdf == bdf && iommu.unit[i].segment == segment)
			return true;
	return false;
}

/*
 * For the drivers. -ENOSPC with a message when the table is full. first and last are bytes, as the firmware names them;
 * a range that makes no sense is ignored, with a message.
 */
int iommu_add_unit(const struct iommu_unit *u) __must_check;
int iommu_add_reserved(uint64_t first, uint64_t last) __must_check;

#define IOMMU_TIMEOUT_NS 1000000000ULL
/* Inside a loop that waits for hardware since `start` (of now()): a panic that names `what` when it took too long. */
void iommu_wait(uint64_t start, const char *what);

/*
 * A device did what it must not: a line with its address, at most 10 in 10 s; how many were left out is said later.
 * From a handler, no lock held. why may be NULL.
 */
void iommu_report_fault(unsigned int segment, unsigned int bdf, uint64_t addr, bool write, const char *why);
