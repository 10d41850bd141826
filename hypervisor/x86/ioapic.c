/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IO-APIC pins. The low half of each redirection entry is kept in memory, so that masking is one
 * write and no read; the index and data registers are shared by all CPUs, hence the lock.
 */
#include "lib/spinlock.h"
#include "x86/acpi.h"
#include "x86/asm.h"
#include "x86/hostmap.h"
#include "x86/ioapic.h"
#include "x86/irq.h"

#define MAX_PINS	120
#define REG_VERSION	1
#define REG_ENTRY(pin)	(0x10 + 2 * (pin))
#define EOI_OFFSET	0x40 /* from version 20h on */
#define RTE_LOW_ACTIVE	0x02000
#define RTE_LEVEL	0x08000
#define RTE_MASKED	0x10000

struct ioapic {
	struct ioapic_info info;
	volatile char *regs;
	bool has_eoi;
	uint32_t entry[MAX_PINS]; /* low half as last written */
};

static struct ioapic ioapics[ACPI_MAX_IOAPICS];
static unsigned int nr_ioapics;
static spinlock_t lock = SPINLOCK_INIT(ioapic);

static uint32_t reg_read(struct ioapic *io, unsigned int reg)
{
	mmio_write32(io->regs, reg);
	return mmio_read32(io->regs + 0x10);
}

static void reg_write(struct ioapic *io, unsigned int reg, uint32_t val)
{
	mmio_write32(io->regs, reg);
	mmio_write32(io->regs + 0x10, val);
}

static void entry_write(struct ioapic *io, unsigned int pin, uint32_t low)
{
	io->entry[pin] = low;
	reg_write(io, REG_ENTRY(pin), low);
}

static void ioapic_add(const struct acpi_ioapic *a)
{
	struct ioapic *io = &ioapics[nr_ioapics];
	unsigned int pins;
	uint32_t version;

	io->regs = mmio_map(a->hpa, PAGE_SIZE);
	version = reg_read(io, REG_VERSION);
	io->has_eoi = (version & 0xff) >= 0x20;
	pins = (version >> 16 & 0xff) + 1;
	if (pins > MAX_PINS) {
		log_warn("IO-APIC at %#x claims %u pins and is ignored\n", a->hpa, pins);
		return;
	}
	io->info = (struct ioapic_info){ a->hpa, a->id, a->gsi_base, pins };
	for (unsigned int pin = 0; pin < pins; pin++)
		entry_write(io, pin, RTE_MASKED);
	nr_ioapics++;
	log_info("IO-APIC at %#x: GSI %u-%u\n", a->hpa, a->gsi_base, a->gsi_base + pins - 1);
}

void ioapic_init(void)
{
	for (unsigned int i = 0; i < acpi.nr_ioapics; i++)
		ioapic_add(&acpi.ioapics[i]);
}

unsigned int ioapic_count(void)
{
	return nr_ioapics;
}

const struct ioapic_info *ioapic_info(unsigned int index)
{
	return &ioapics[index].info;
}

static struct ioapic *find(uint32_t gsi)
{
	for (unsigned int i = 0; i < nr_ioapics; i++)
		if (gsi - ioapics[i].info.gsi_base < ioapics[i].info.nr_pins)
			return &ioapics[i];
	return NULL;
}

int ioapic_route(uint32_t gsi, unsigned int vector, unsigned int cpu, bool level, bool low)
{
	struct ioapic *io = find(gsi);
	unsigned int pin;
	uint64_t addr;
	uint32_t val, masked;

	if (!io)
		return -EINVAL;
	pin = gsi - io->info.gsi_base;

	spin_lock(&lock);
	masked = io->entry[pin] & RTE_MASKED;
	/* Never let a half-written entry fire at the wrong CPU. */
	entry_write(io, pin, io->entry[pin] | RTE_MASKED);
	msi_compose(cpu, vector, level, &addr, &val);
	/* The vector stands here in any form: an EOI finds a level-triggered pin by it. */
	val = vector | (level ? RTE_LEVEL : 0) | (low ? RTE_LOW_ACTIVE : 0);
	reg_write(io, REG_ENTRY(pin) + 1, msi_to_rte_high(addr));
	entry_write(io, pin, val | masked);
	spin_unlock(&lock);
	return 0;
}

bool ioapic_is_routed(uint32_t gsi)
{
	const struct ioapic *io = find(gsi);

	return io && (io->entry[gsi - io->info.gsi_base] & 0xff);
}

void ioapic_set_masked(uint32_t gsi, bool masked)
{
	struct ioapic *io = find(gsi);
	unsigned int pin;

	if (!io)
		return;
	pin = gsi - io->info.gsi_base;
	spin_lock(&lock);
	entry_write(io, pin, (io->entry[pin] & ~RTE_MASKED) | (masked ? RTE_MASKED : 0));
	/* An IOMMU may hide from the CPU that the line is level-triggered (QEMU's AMD-Vi): then no EOI comes here. */
	if (masked && irq_remap && io->has_eoi && (io->entry[pin] & RTE_LEVEL))
		mmio_write32(io->regs + EOI_OFFSET, io->entry[pin] & 0xff);
	spin_unlock(&lock);
}
