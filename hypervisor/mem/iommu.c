/* SPDX-License-Identifier: GPL-2.0-only */
/* What both kinds of IOMMU have in common: choosing one, handing it Dom0's tree, telling of faults. */
#include "mem/iommu.h"
#include "x86/asm.h"
#include "x86/pci.h"
#include "x86/time.h"
#include <linux/pci_regs.h>

#define MAX_RESERVED	   GIB(4) /* graphics' stolen memory is the largest known, and smaller */
#define REPORTS_PER_PERIOD 10
#define FAULTS_PER_PERIOD  1000 /* whose interrupts a CPU still bears */
#define REPORT_PERIOD_NS   10000000000ULL

struct iommu iommu;

static const struct iommu_ops *const kinds[] = { &vtd_ops, &amdvi_ops };

static const struct iommu_ops *find(void)
{
	int rc = -ENODEV;

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds) && rc == -ENODEV; i++) {
		rc = kinds[i]->probe();
		if (!rc)
			return kinds[i];
	}
	if (rc == -ENODEV)
		log_info("IOMMU: the firmware describes none\n");
	return NULL;
}

void iommu_init(enum iommu_choice choice, bool use_interrupts)
{
	if (choice != IOMMU_OFF)
		iommu.ops = find();
	if (!iommu.ops && choice == IOMMU_REQUIRED)
		panic("no usable IOMMU, and iommu=required asks for one: switch it on in the firmware's setup "
		      "(VT-d, AMD-Vi), or leave the option out\n");
	if (!iommu.ops) {
		log_warn("IOMMU: not used; a device of Dom0 can reach all memory\n");
		return;
	}
	if (use_interrupts)
		iommu.remaps_interrupts = !iommu.ops->remap_interrupts();
	log_info("IOMMU: %s, %u unit%s, %s\n", iommu.ops->name, iommu.nr_units, iommu.nr_units > 1 ? "s" : "",
		 iommu.remaps_interrupts ? "remapping interrupts, too" : "interrupts are not remapped");
}

void iommu_enable(struct p2m *p)
{
	if (!iommu.ops)
		return;
	p->is_incoherent = iommu.is_incoherent;
	if (p->is_incoherent)
		wbinvd(); /* what other CPUs wrote before is none of the tree's */
	iommu.ops->enable(p);
	p->iommu_flush = iommu.ops->flush;
	p->flush_filled = iommu.caches_holes;
}

int iommu_add_unit(const struct iommu_unit *u)
{
	if (iommu.nr_units == IOMMU_MAX_UNITS) {
		log_warn("IOMMU: more than %u units\n", IOMMU_MAX_UNITS);
		return -ENOSPC;
	}
	iommu.unit[iommu.nr_units++] = *u;
	return 0;
}

int iommu_add_reserved(uint64_t first, uint64_t last)
{
	if (first > last || last - first >= MAX_RESERVED || last >> 52) {
		log_warn("IOMMU: the firmware has devices use %#lx to %#lx, which makes no sense and is ignored\n", first, last);
		return 0;
	}
	if (iommu.nr_reserved == IOMMU_MAX_RESERVED) {
		log_warn("IOMMU: more than %u reserved ranges\n", IOMMU_MAX_RESERVED);
		return -ENOSPC;
	}
	iommu.reserved[iommu.nr_reserved++] = (struct iommu_reserved){
		round_down(first, PAGE_SIZE), last | (PAGE_SIZE - 1) };
	return 0;
}

void iommu_wait(uint64_t start, const char *what)
{
	cpu_relax();
	if (now() - start > IOMMU_TIMEOUT_NS)
		panic("IOMMU: %s took longer than a second; iommu=off does without it\n", what);
}

/*
 * A device that does nothing but fault would keep a CPU busy: it may no longer be the bus' master. Dom0 may be about to
 * change the same word (the vpci lock is not taken here): what it writes stays, but for that bit.
 */
static void silence(unsigned int segment, unsigned int bdf)
{
	log_warn("IOMMU: device %04x:%02x:%02x.%u faults without end; its DMA is switched off\n", segment, bdf >> 8,
		 bdf >> 3 & 31, bdf & 7);
	pci_cfg_update(segment, bdf, PCI_COMMAND, 2, (uint16_t)~PCI_COMMAND_MASTER, 0);
}

/* One CPU has all these interrupts, so nothing here is raced for. */
void iommu_report_fault(unsigned int segment, unsigned int bdf, uint64_t addr, bool write, const char *why)
{
	static uint64_t period_start;
	static unsigned int nr;

	if (!nr || now() - period_start > REPORT_PERIOD_NS) {
		if (nr > REPORTS_PER_PERIOD)
			log_warn("IOMMU: %u more faults were not printed\n", nr - REPORTS_PER_PERIOD);
		period_start = now();
		nr = 0;
	}
	if (++nr % FAULTS_PER_PERIOD == 0)
		silence(segment, bdf);
	if (nr > REPORTS_PER_PERIOD)
		return;
	log_warn("IOMMU: stopped device %04x:%02x:%02x.%u: %s of %#lx (%s)\n", segment, bdf >> 8, bdf >> 3 & 31,
		 bdf & 7, write ? "write" : "read", addr, why ? why : "no reason given");
}
