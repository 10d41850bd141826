/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intel's VT-d. Entries of nested page tables, NPT's and EPT's alike, read as its second-level entries:
 * bits 0 and 1 are read and write, 7 a large page, what else they have is ignored (9.8). So a context entry
 * points at the p2m itself. Every bus uses one table of contexts, every unit the same tables; each unit
 * has a queue of invalidations. The lock protects the queues and the entries of interrupts.
 */
#include "mem/vtd.h"
#include "lib/page.h"
#include "mem/kalloc.h"
#include "x86/asm.h"
#include "x86/irq.h"
#include "x86/lapic.h"
#include "x86/time.h"

#define DOMAIN_ID     1
#define QUEUE_SLOTS   256 /* one page */
#define VECTORS_LOG2  8
#define MAX_ROUNDS    64  /* of looking for faults, per interrupt */
#define STAYS_ON      (GCMD_TE | GCMD_QIE | GCMD_IRE)

struct vtd_unit {
	volatile char *regs;
	const struct iommu_unit *at;
	uint64_t cap, ecap;
	uint32_t command;	/* bits of GCMD that are on */
	uint64_t (*queue)[2];
	unsigned int tail;
	uint32_t done;		/* written by the unit when it comes to a wait */
};

static struct vtd_unit units[IOMMU_MAX_UNITS];
static uint64_t cap_all = ~0ULL, ecap_all = ~0ULL; /* what every unit has */
static uint64_t (*interrupts)[2];
static spinlock_t lock = SPINLOCK_INIT(iommu);
static int vector = -1;

#define for_each_unit(u) for (struct vtd_unit *u = units; u < units + iommu.nr_units; u++)

/* For tables that a unit may read past the caches. */
static void write_back(const void *p, size_t size)
{
	if (iommu.is_incoherent)
		cache_write_back(p, size);
}

/* --- commands, invalidations --- */

/* One bit of the global command register on or off; the unit says when it is so. */
static void command(struct vtd_unit *u, uint32_t bit, bool on)
{
	uint64_t start = now();

	u->command = (u->command & ~bit) | (on ? bit : 0);
	mmio_write32(u->regs + VTD_GCMD, u->command);
	while (!(mmio_read32(u->regs + VTD_GSTS) & bit) == on)
		iommu_wait(start, "a command");
	u->command &= STAYS_ON;
}

static void put(struct vtd_unit *u, uint64_t low, uint64_t high)
{
	u->queue[u->tail][0] = low;
	u->queue[u->tail][1] = high;
	u->tail = (u->tail + 1) % QUEUE_SLOTS;
}

/* All units do it, and are done with it on return. */
static void invalidate(uint64_t what)
{
	uint64_t start = now();

	for_each_unit(u) {
		WRITE_ONCE(u->done, 0);
		put(u, what, 0);
		put(u, INV_WAIT(1), virt_to_phys(&u->done));
		mmio_write(u->regs + VTD_IQT, 8, u->tail << 4);
	}
	for_each_unit(u)
		while (!READ_ONCE(u->done))
			iommu_wait(start, "an invalidation");
}

static void vtd_flush(void)
{
	spin_lock(&lock);
	invalidate(INV_IOTLB_DOMAIN(DOMAIN_ID) | (cap_all & CAP_DWD ? INV_DRAIN_WRITES : 0) |
		   (cap_all & CAP_DRD ? INV_DRAIN_READS : 0));
	spin_unlock(&lock);
}

/* --- finding the units --- */

static const char *why_not(uint64_t cap, uint64_t ecap)
{
	if (cap == ~0ULL)
		return "does not answer";
	if (cap & CAP_CM)
		return "is emulated in caching mode: leave that out (QEMU: caching-mode=off)";
	if (cap & CAP_RWBF)
		return "wants its write buffers flushed";
	if (!(ecap & ECAP_QI))
		return "has no queue for invalidations";
	if (!(cap & CAP_SLLPS_2M) || !(cap & (CAP_SAGAW_39 | CAP_SAGAW_48)))
		return "reads no tables like the processor's";
	return NULL;
}

static int unit_init(struct vtd_unit *u, struct iommu_unit *at)
{
	const char *why;
	size_t end;

	u->at = at;
	u->regs = mmio_map(at->hpa, PAGE_SIZE);
	u->cap = mmio_read(u->regs + VTD_CAP, 8);
	u->ecap = mmio_read(u->regs + VTD_ECAP, 8);
	why = why_not(u->cap, u->ecap);
	if (why) {
		log_warn("IOMMU: the VT-d unit at %#lx %s; none is used\n", at->hpa, why);
		return -EOPNOTSUPP;
	}
	end = CAP_FRO(u->cap) + CAP_NFR(u->cap) * 16;
	at->size = round_up(max(at->size, end), PAGE_SIZE);
	(void)mmio_map(at->hpa, at->size);
	cap_all &= u->cap;
	ecap_all &= u->ecap;
	u->queue = page_alloc();
	return u->queue ? 0 : -ENOMEM;
}

/* The p2m's whole tree, or the table below its first entry, which holds all RAM then. */
static unsigned int levels(void)
{
	return cap_all & CAP_SAGAW_48 ? 4 : 3;
}

static int check_width(void)
{
	unsigned int bits = cap_all & CAP_SAGAW_48 ? 48 : cap_all & CAP_SAGAW_39 ? 39 : 0;

	for_each_unit(u)
		bits = min(bits, (unsigned int)CAP_MGAW(u->cap));
	if (frame_nr_table() << PAGE_SHIFT <= 1ULL << bits)
		return 0;
	log_warn("IOMMU: what all VT-d units here translate is %u bits of an address, and there is RAM beyond; none is "
		 "used\n", bits);
	return -EOPNOTSUPP;
}

/* Whatever the firmware had it do ends. */
static void unit_start(struct vtd_unit *u)
{
	u->command = mmio_read32(u->regs + VTD_GSTS) & STAYS_ON;
	for (uint32_t left = u->command; left; left &= left - 1)
		command(u, left & -left, false);
	mmio_write(u->regs + VTD_IQT, 8, 0);
	mmio_write(u->regs + VTD_IQA, 8, page_mfn(u->queue).n << PAGE_SHIFT);
	command(u, GCMD_QIE, true);
}

static int vtd_probe(void)
{
	const struct acpi_table *t = acpi_find("DMAR", 0);
	bool has_interrupts = false;
	int rc = t ? dmar_parse(acpi_map(t->hpa, t->length), &has_interrupts) : -ENODEV;

	for (unsigned int i = 0; !rc && i < iommu.nr_units; i++)
		rc = unit_init(&units[i], &iommu.unit[i]);
	if (!rc)
		rc = check_width();
	if (!has_interrupts)
		ecap_all &= ~ECAP_IR;
	iommu.is_incoherent = !(ecap_all & ECAP_C);
	iommu.lacks_1g = !(cap_all & CAP_SLLPS_1G);
	if (!rc)
		for_each_unit(u)
			unit_start(u);
	return rc;
}

/* --- interrupts --- */

static void vtd_remap(unsigned int vec, uint32_t apic_id, bool level, uint64_t *addr, uint32_t *data)
{
	uint64_t entry = irte_low(vec, apic_id, level, lapic_is_x2apic());

	spin_lock(&lock);
	if (interrupts[vec][0] != entry) {
		WRITE_ONCE(interrupts[vec][0], entry);
		write_back(interrupts[vec], sizeof(*interrupts));
		invalidate(INV_INTERRUPTS_ALL);
	}
	spin_unlock(&lock);
	*addr = remappable_msi(vec);
	*data = 0;
}

static int vtd_remap_interrupts(void)
{
	bool x2apic = lapic_is_x2apic();

	if (!(ecap_all & ECAP_IR) || (x2apic && !(ecap_all & ECAP_EIM)))
		return -ENODEV;
	interrupts = page_alloc();
	if (!interrupts)
		return -ENOMEM;
	write_back(interrupts, PAGE_SIZE);
	for_each_unit(u) {
		mmio_write(u->regs + VTD_IRTA, 8, page_mfn(interrupts).n << PAGE_SHIFT |
			   (x2apic ? IRTA_EIME : 0) | (VECTORS_LOG2 - 1));
		command(u, GCMD_SIRTP, true);
	}
	invalidate(INV_INTERRUPTS_ALL);
	for_each_unit(u)
		command(u, GCMD_IRE, true);
	irq_remap = vtd_remap;
	return 0;
}

/* --- faults --- */

/* Tell of each fault that is recorded. True: there was any. */
static bool report(struct vtd_unit *u)
{
	uint32_t status = mmio_read32(u->regs + VTD_FSTS);
	unsigned int nr = CAP_NFR(u->cap);
	struct vtd_fault f;
	uint64_t high;

	if (!(status & (FSTS_PFO | FSTS_PPF)))
		return false;
	for (unsigned int i = 0; i < nr; i++) {
		volatile char *record = u->regs + CAP_FRO(u->cap) + (FSTS_FRI(status) + i) % nr * 16;

		high = mmio_read(record + 8, 8);
		if (!(high & FAULT_F))
			continue;
		f = vtd_decode_fault(mmio_read(record, 8), high);
		mmio_write32(record + 12, FAULT_F >> 32); /* written back, it is cleared */
		iommu_report_fault(u->at->segment, f.bdf, f.addr, f.write, f.why);
	}
	mmio_write32(u->regs + VTD_FSTS, FSTS_PFO);
	return true;
}

/* A unit signals again only after all that it has to say was cleared. */
static void fault_interrupt(void *unused)
{
	bool any = true;

	for (unsigned int round = 0; any && round < MAX_ROUNDS; round++) {
		any = false;
		for_each_unit(u)
			any |= report(u);
	}
	if (any) /* let others have a turn */
		lapic_icr_write(this_cpu(cpu_ident).apic_id, ICR_FIXED | ICR_ASSERT | (unsigned int)vector);
}

static void start_faults(struct vtd_unit *u)
{
	uint64_t addr;
	uint32_t data;

	msi_compose_direct(0, (unsigned int)vector, &addr, &data);
	mmio_write32(u->regs + VTD_FECTL + 4, data);
	mmio_write32(u->regs + VTD_FECTL + 8, (uint32_t)addr);
	mmio_write32(u->regs + VTD_FECTL + 12, per_cpu(cpu_ident, 0).apic_id & ~0xffu);
	(void)report(u); /* what the firmware left */
	mmio_write32(u->regs + VTD_FECTL, 0);
}

/* --- on --- */

static void vtd_enable(const struct p2m *p)
{
	const uint64_t *top = frame_map(p->root);
	uint64_t table = levels() == 4 ? p->root.n << PAGE_SHIFT : round_down(*top & ((1ULL << 52) - 1), PAGE_SIZE);
	uint64_t (*root)[2] = page_alloc(), (*context)[2] = page_alloc();

	if (!root || !context)
		panic("no memory for VT-d's tables\n");
	for (unsigned int i = 0; i < 256; i++) {
		root[i][0] = page_mfn(context).n << PAGE_SHIFT | ROOT_P;
		context[i][0] = table | CONTEXT_P;
		context[i][1] = CONTEXT_DOMAIN(DOMAIN_ID, levels());
	}
	write_back(root, PAGE_SIZE);
	write_back(context, PAGE_SIZE);
	for_each_unit(u) {
		mmio_write(u->regs + VTD_RTADDR, 8, page_mfn(root).n << PAGE_SHIFT);
		command(u, GCMD_SRTP, true);
	}
	invalidate(INV_CONTEXT_ALL);
	vtd_flush();
	vector = irq_alloc_vector(fault_interrupt, NULL);
	for_each_unit(u) {
		if (vector >= 0)
			start_faults(u);
		command(u, GCMD_TE, true);
		if (u->cap & (CAP_PLMR | CAP_PHMR))
			mmio_write32(u->regs + VTD_PMEN, 0); /* the firmware's stopgap until now (11.4.7) */
	}
}

const struct iommu_ops vtd_ops = {
	.name = "VT-d",
	.probe = vtd_probe,
	.remap_interrupts = vtd_remap_interrupts,
	.enable = vtd_enable,
	.flush = vtd_flush,
};
