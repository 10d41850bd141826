/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices as vpci.c knows them, and what it hands to vpci_msi.c and vmsix.c. All under the vpci
 * lock. */
#pragma once

#include "dev/vmsi.h"
#include "dev/vpci.h"
#include "lib/list.h"
#include "x86/pci.h"
#include <linux/pci_regs.h>

struct msix_entry {
	uint64_t addr; /* the guest's, as are the next two */
	uint32_t data;
	bool masked;
	struct msi_line line;
};

struct pci_dev {
	struct list list;
	uint16_t segment, bdf;
	uint32_t id;		/* vendor and device, to notice another one in its place */
	uint16_t sriov_pos;	/* extended capability that we hide; 0: none */

	/* MSI */
	uint8_t msi_pos;	/* capability; 0: none */
	uint16_t msi_ctrl;	/* the guest's; the fixed bits are the device's */
	uint64_t msi_addr;
	uint32_t msi_data;
	struct msi_line msi;

	/* MSI-X */
	uint8_t msix_pos;
	uint8_t msix_bar;	/* which BAR holds the table */
	uint16_t msix_ctrl;	/* the guest's */
	uint32_t msix_offset, msix_nr;
	uint64_t msix_gpa;	/* where the table is now; 0: nowhere, memory decoding is off */
	volatile char *msix_regs; /* our mapping of it */
	struct msix_entry *msix;
};

struct vpci {
	spinlock_t lock; /* level vpci: all of it */
	struct domain *d;
	uint32_t address; /* last write to port 0xcf8 */
	struct list devs;
};

static inline uint32_t dev_cfg_read(const struct pci_dev *dev, unsigned int reg, unsigned int size)
{
	return pci_cfg_read(dev->segment, dev->bdf, reg, size);
}

static inline void dev_cfg_write(const struct pci_dev *dev, unsigned int reg, unsigned int size,
				 uint32_t val)
{
	pci_cfg_write(dev->segment, dev->bdf, reg, size, val);
}

/*
 * MSI capability: is any byte of (reg, size) one that the model answers? Reads and writes of those
 * go through these, with reg and size inside one aligned dword.
 */
void vpci_msi_init(struct vpci *p, struct pci_dev *dev, unsigned int pos);
bool vpci_msi_covers(const struct pci_dev *dev, unsigned int reg, unsigned int size);
uint32_t vpci_msi_read(struct pci_dev *dev, unsigned int reg, unsigned int size);
void vpci_msi_write(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t val);
void vpci_msi_stop(struct pci_dev *dev);

/* MSI-X: the control word of the capability, and the table's place after BARs or the command
 * changed. */
int vmsix_init(struct vpci *p, struct pci_dev *dev, unsigned int pos);
void vmsix_write_ctrl(struct pci_dev *dev, uint16_t ctrl);
void vmsix_update_place(struct vpci *p, struct pci_dev *dev);
void vmsix_stop(struct pci_dev *dev);
