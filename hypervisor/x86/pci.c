/* SPDX-License-Identifier: GPL-2.0-only */
/* Config accesses of the machine's PCI. The address port is shared by all CPUs, hence the lock. */
#include "lib/spinlock.h"
#include "x86/acpi.h"
#include "x86/asm.h"
#include "x86/hostmap.h"
#include "x86/pci.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc

static spinlock_t lock = SPINLOCK_INIT(pci);
static char *ecam[ACPI_MAX_MCFG]; /* where bus_first of the MCFG entry is mapped */

void pci_init(void)
{
	for (unsigned int i = 0; i < acpi.nr_mcfg; i++) {
		const struct acpi_mcfg *m = &acpi.mcfg[i];

		ecam[i] = mmio_map(m->base + ((uint64_t)m->bus_first << 20),
				   (size_t)(m->bus_last - m->bus_first + 1) << 20);
	}
}

static volatile char *ecam_at(unsigned int segment, unsigned int bdf, unsigned int reg)
{
	for (unsigned int i = 0; i < acpi.nr_mcfg; i++) {
		const struct acpi_mcfg *m = &acpi.mcfg[i];
		unsigned int bus = bdf >> 8;

		if (m->segment == segment && bus >= m->bus_first && bus <= m->bus_last)
			return ecam[i] + ((size_t)(bdf - (m->bus_first << 8)) << 12) + reg;
	}
	return NULL;
}

static void port_address(unsigned int bdf, unsigned int reg)
{
	outl(PCI_ADDRESS, 1u << 31 | bdf << 8 | (reg & 0xfc));
}

uint32_t pci_cfg_read(unsigned int segment, unsigned int bdf, unsigned int reg, unsigned int size)
{
	volatile char *p = ecam_at(segment, bdf, reg);
	uint32_t val;

	if (p)
		return mmio_read(p, size);
	if (segment || reg >= 256)
		return UINT32_MAX >> (32 - size * 8);
	spin_lock(&lock);
	port_address(bdf, reg);
	val = port_read(PCI_DATA + reg % 4, size);
	spin_unlock(&lock);
	return val;
}

void pci_cfg_update(unsigned int segment, unsigned int bdf, unsigned int reg, unsigned int size, uint32_t keep,
		    uint32_t val)
{
	volatile char *p = ecam_at(segment, bdf, reg);

	if (!p && (segment || reg >= 256))
		return;
	spin_lock(&lock);
	if (!p)
		port_address(bdf, reg);
	if (keep) /* a read may have effects, too */
		val |= keep & (p ? mmio_read(p, size) : port_read(PCI_DATA + reg % 4, size));
	if (p)
		mmio_write(p, size, val);
	else
		port_write(PCI_DATA + reg % 4, size, val);
	spin_unlock(&lock);
}

void pci_cfg_write(unsigned int segment, unsigned int bdf, unsigned int reg, unsigned int size, uint32_t val)
{
	pci_cfg_update(segment, bdf, reg, size, 0, val);
}
