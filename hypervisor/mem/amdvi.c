/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AMD-Vi. Every device ID, whatever unit it belongs to and whether there is a device or not, has the same entry in
 * one device table: Dom0's tree, and one table of remapped interrupts in which an interrupt's index is its vector.
 * That is what a message of our vector says without remapping, too, so messages keep their form. A unit has two
 * rings of a page: commands, of which none is left behind when the lock is given back, and events.
 */
#include "mem/amdvi.h"
#include "mem/iommu.h"
#include "mem/ivrs.h"
#include "mem/kalloc.h"
#include "x86/acpi.h"
#include "x86/asm.h"
#include "x86/irq.h"
#include "x86/pci.h"
#include "x86/time.h"

#include <linux/pci_regs.h>

#define DOM0_DOMAIN	   1
#define DEVICE_TABLE_ORDER 9 /* 65536 entries of 32 bytes */
#define NR_DEVICES	   65536u
#define ENTRY_SIZE	   16 /* of either ring */

/* 3.2: the capability, id and type in its first word */
#define CAP_ID_MASK	0x700ff
#define CAP_ID		0x3000f
#define CAP_NP_CACHE	(1u << 26)
#define CAP_EFR_SUP	(1u << 27)

/* 3.3: registers */
enum reg {
	DEVICE_TABLE = 0x00, COMMAND_BASE = 0x08, EVENT_BASE = 0x10, CONTROL = 0x18, EXT_FEATURES = 0x30,
	COMMAND_HEAD = 0x2000, COMMAND_TAIL = 0x2008, EVENT_HEAD = 0x2010, EVENT_TAIL = 0x2018, STATUS = 0x2020,
};
#define REGS_SIZE	KIB(16)
#define REGS_SIZE_PC	KIB(512) /* with performance counters */
#define RING_OF_A_PAGE	(8ULL << 56) /* 256 entries */
#define EFR_IA_SUP	(1ULL << 6)
#define EFR_PC_SUP	(1ULL << 9)
#define CTL_IOMMU_EN	(1ULL << 0)
#define CTL_EVENT_LOG	(1ULL << 2)
#define CTL_EVENT_INT	(1ULL << 3)
#define CTL_COHERENT	(1ULL << 10)
#define CTL_COMMANDS	(1ULL << 12)
#define STATUS_OVERFLOW (1ULL << 0)
#define STATUS_EVENT	(1ULL << 1)

struct unit { /* as many as iommu.unit has */
	char *regs;
	uint64_t *commands, *events;
	uint64_t control;
	uint32_t tail;	/* of the commands; lock */
	uint64_t done;	/* the unit writes the number of the last command here */
};

static struct unit units[IOMMU_MAX_UNITS];
static struct amdvi_dte *devices;
static uint32_t *interrupts; /* by vector */
static bool has_ioapic, is_running;
static spinlock_t lock = SPINLOCK_INIT(iommu);

static uint64_t reg_read(const struct unit *u, enum reg reg)
{
	return mmio_read(u->regs + reg, 8);
}

static void reg_write(struct unit *u, enum reg reg, uint64_t val)
{
	mmio_write(u->regs + reg, 8, val);
}

/* --- commands --- */

static void put_command(struct unit *u, uint64_t low, uint64_t high)
{
	WRITE_ONCE(u->commands[u->tail / 8], low);
	WRITE_ONCE(u->commands[u->tail / 8 + 1], high);
	u->tail = (u->tail + ENTRY_SIZE) % PAGE_SIZE;
}

/* Give all units a command and wait until it has had its effect. */
static void command_all(uint64_t low, uint64_t high)
{
	static uint64_t nr;
	struct unit *u;
	uint64_t start;

	spin_lock(&lock);
	nr++;
	start = now();
	for (u = units; u < units + iommu.nr_units; u++) {
		put_command(u, low, high);
		put_command(u, CMD_COMPLETION_WAIT | virt_to_phys(&u->done) | CMD_STORE, nr);
		reg_write(u, COMMAND_TAIL, u->tail);
	}
	for (u = units; u < units + iommu.nr_units; u++)
		while (load_acquire(&u->done) != nr)
			iommu_wait(start, "COMPLETION_WAIT");
	spin_unlock(&lock);
}

static void amdvi_flush(void)
{
	command_all(CMD_INVALIDATE_PAGES(DOM0_DOMAIN), CMD_ALL_PAGES);
}

/* --- finding --- */

/* HtTunEn, PassPW, ResPassPW, Isoc are bits 0 to 3 of IVHD's flags and 1, 8, 9, 11 here. */
static uint64_t control_of(unsigned int flags)
{
	return (flags & 1) << 1 | (flags & 6) << 7 | (flags & 8) << 8 | CTL_COHERENT | CTL_COMMANDS | CTL_EVENT_LOG;
}

static int check_capability(const struct ivhd *h)
{
	uint32_t cap = pci_cfg_read(h->segment, h->bdf, h->cap, 4);

	if ((cap & CAP_ID_MASK) != CAP_ID || !(cap & CAP_EFR_SUP)) {
		log_warn("AMD-Vi: PCI %04x:%04x is no IOMMU, or an old one, and none is used\n", h->segment, h->bdf);
		return -EOPNOTSUPP;
	}
	iommu.caches_holes |= cap & CAP_NP_CACHE;
	return 0;
}

int ivrs_unit(const struct ivhd *h)
{
	struct unit *u = &units[iommu.nr_units];
	struct iommu_unit as_all = { h->hpa, REGS_SIZE, h->segment, true, h->bdf };
	uint64_t efr;
	int rc;

	for (unsigned int i = 0; i < iommu.nr_units; i++)
		if (iommu.unit[i].hpa == h->hpa)
			return 0;
	rc = check_capability(h);
	if (rc)
		return rc;
	u->regs = mmio_map(h->hpa, REGS_SIZE);
	efr = reg_read(u, EXT_FEATURES);
	if (!(efr & EFR_IA_SUP)) {
		log_warn("AMD-Vi: the IOMMU at %#lx lacks INVALIDATE_IOMMU_ALL, and none is used\n", h->hpa);
		return -EOPNOTSUPP;
	}
	if (efr & EFR_PC_SUP)
		as_all.size = REGS_SIZE_PC;
	u->control = control_of(h->flags);
	u->commands = page_alloc();
	u->events = page_alloc();
	return u->commands && u->events ? iommu_add_unit(&as_all) : -ENOMEM;
}

void ivrs_devices(uint16_t first, uint16_t last, uint8_t flags, bool is_ioapic)
{
	has_ioapic |= is_ioapic;
	for (unsigned int i = first; i <= last; i++)
		amdvi_dte_set_flags(&devices[i], flags);
}

static int amdvi_probe(void)
{
	const struct acpi_table *t = acpi_find("IVRS", 0);
	mfn_t table;
	int rc;

	if (!t)
		return -ENODEV;
	table = frame_alloc(DEVICE_TABLE_ORDER);
	interrupts = page_alloc();
	if (mfn_eq(table, INVALID_MFN) || !interrupts)
		return -ENOMEM;
	devices = memset(frame_map(table), 0, NR_DEVICES * sizeof(*devices));
	rc = ivrs_parse(acpi_map(t->hpa, t->length), t->length);
	if (rc || !iommu.nr_units)
		return rc ? rc : -ENODEV;
	p2m_iommu_bits = (struct p2m_iommu_bits){ PTE_IR, PTE_IW, 1ULL << PTE_LEVEL_SHIFT };
	return 0;
}

/* --- switching on --- */

static void run(void)
{
	for (struct unit *u = units; u < units + iommu.nr_units; u++) {
		reg_write(u, CONTROL, 0); /* the firmware may have used it */
		reg_write(u, DEVICE_TABLE, virt_to_phys(devices) | ((1u << DEVICE_TABLE_ORDER) - 1));
		reg_write(u, COMMAND_BASE, virt_to_phys(u->commands) | RING_OF_A_PAGE);
		reg_write(u, COMMAND_HEAD, 0);
		reg_write(u, COMMAND_TAIL, 0);
		reg_write(u, EVENT_BASE, virt_to_phys(u->events) | RING_OF_A_PAGE);
		reg_write(u, EVENT_HEAD, 0);
		reg_write(u, EVENT_TAIL, 0);
		reg_write(u, CONTROL, u->control);
		u->control |= CTL_IOMMU_EN;
		reg_write(u, CONTROL, u->control);
	}
	is_running = true;
}

static void amdvi_remap(unsigned int vector, uint32_t apic_id, bool level, uint64_t *addr, uint32_t *data)
{
	uint32_t entry = amdvi_irte(vector, apic_id, level);

	if (interrupts[vector] == entry)
		return;
	WRITE_ONCE(interrupts[vector], entry);
	command_all(CMD_INVALIDATE_ALL, 0); /* a command for interrupts alone is about one device */
}

static int amdvi_remap_interrupts(void)
{
	if (!has_ioapic) /* so its interrupts' device ID is not known; QEMU says so what it does not emulate */
		return -ENODEV;
	for (unsigned int i = 0; i < NR_DEVICES; i++)
		amdvi_dte_remap_interrupts(&devices[i], virt_to_phys(interrupts));
	run();
	command_all(CMD_INVALIDATE_ALL, 0);
	irq_remap = amdvi_remap;
	return 0;
}

/* --- events --- */

/* One ring at most: what comes meanwhile makes another interrupt. */
static void events_arrived(void *arg)
{
	struct unit *u = arg;
	uint32_t at, end;

	reg_write(u, STATUS, STATUS_EVENT);
	at = reg_read(u, EVENT_HEAD) % PAGE_SIZE;
	end = reg_read(u, EVENT_TAIL) % PAGE_SIZE;
	for (; at != end; at = (at + ENTRY_SIZE) % PAGE_SIZE) {
		struct amdvi_event e = amdvi_event_decode(READ_ONCE(u->events[at / 8]), READ_ONCE(u->events[at / 8 + 1]));

		iommu_report_fault(iommu.unit[u - units].segment, e.bdf, e.addr, e.write, e.why);
	}
	reg_write(u, EVENT_HEAD, end);
	if (reg_read(u, STATUS) & STATUS_OVERFLOW) { /* the log stands still; it goes on when it was switched off and on */
		reg_write(u, CONTROL, u->control & ~CTL_EVENT_LOG);
		reg_write(u, STATUS, STATUS_OVERFLOW);
		reg_write(u, CONTROL, u->control);
	}
}

static unsigned int find_msi(const struct iommu_unit *f)
{
	unsigned int at = PCI_CAPABILITY_LIST, pos;

	for (unsigned int i = 0; i < 48; i++, at = pos + PCI_CAP_LIST_NEXT) {
		pos = pci_cfg_read(f->segment, f->bdf, at, 1) & 0xfc;
		if (!pos || pci_cfg_read(f->segment, f->bdf, pos, 1) == PCI_CAP_ID_MSI)
			return pos;
	}
	return 0;
}

/* 3.2.2: the MSI capability is one of 64 bits. */
static void listen(struct unit *u)
{
	const struct iommu_unit *f = &iommu.unit[u - units];
	unsigned int pos = find_msi(f);
	int vector = pos ? irq_alloc_vector(events_arrived, u) : -ENODEV;
	uint64_t addr;
	uint32_t data;

	if (vector < 0) {
		log_warn("AMD-Vi: PCI %04x:%04x has no interrupt; its faults are not told of\n", f->segment, f->bdf);
		return;
	}
	msi_compose(0, (unsigned int)vector, false, &addr, &data);
	pci_cfg_write(f->segment, f->bdf, pos + PCI_MSI_ADDRESS_LO, 4, (uint32_t)addr);
	pci_cfg_write(f->segment, f->bdf, pos + PCI_MSI_ADDRESS_HI, 4, (uint32_t)(addr >> 32));
	pci_cfg_write(f->segment, f->bdf, pos + PCI_MSI_DATA_64, 2, data);
	pci_cfg_write(f->segment, f->bdf, pos + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE);
	u->control |= CTL_EVENT_INT;
	reg_write(u, CONTROL, u->control);
}

static void amdvi_enable(const struct p2m *p)
{
	for (unsigned int i = 0; i < NR_DEVICES; i++)
		amdvi_dte_translate(&devices[i], p->root, DOM0_DOMAIN);
	if (!is_running)
		run();
	command_all(CMD_INVALIDATE_ALL, 0);
	for (unsigned int i = 0; i < iommu.nr_units; i++)
		listen(&units[i]);
}

const struct iommu_ops amdvi_ops = {
	.name = "AMD-Vi",
	.probe = amdvi_probe,
	.remap_interrupts = amdvi_remap_interrupts,
	.enable = amdvi_enable,
	.flush = amdvi_flush,
};
