/* SPDX-License-Identifier: GPL-2.0-only */
/* PCI config space of the machine: ECAM where MCFG has it, else ports 0xcf8/0xcfc. */
#pragma once

#include "lib/base.h"

#define PCI_BDF(bus, dev, fn) ((bus) << 8 | (dev) << 3 | (fn))

void pci_init(void);

/*
 * size 1, 2 or 4; reg aligned to it and below 4096 (below 256 without ECAM: reads give ones).
 * Locks inside.
 */
uint32_t pci_cfg_read(unsigned int segment, unsigned int bdf, unsigned int reg, unsigned int size);
void pci_cfg_write(unsigned int segment, unsigned int bdf, unsigned int reg, unsigned int size, uint32_t val);
/* What is there, of which the bits in `keep` stay, and val: nobody's write comes in between. */
void pci_cfg_update(unsigned int segment, unsigned int bdf, unsigned int reg, unsigned int size, uint32_t keep,
		    uint32_t val);
