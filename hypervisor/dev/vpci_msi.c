/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MSI capability of Dom0's devices. Address, data and the enable bit are the model's; mask and
 * pending bits are the device's own. One message only: a device's offer of more is not shown.
 *
 *	+0 id, next   +2 control   +4 address   [+8 address high]   +8/+12 data   [+12/+16 mask,
 *pending]
 */
#include "dev/vpci_priv.h"

static unsigned int data_at(const struct pci_dev *dev)
{
	return dev->msi_pos + (dev->msi_ctrl & PCI_MSI_FLAGS_64BIT ? 12 : 8);
}

void vpci_msi_init(struct vpci *p, struct pci_dev *dev, unsigned int pos)
{
	uint16_t ctrl = (uint16_t)dev_cfg_read(dev, pos + 2, 2);

	dev->msi_pos = (uint8_t)pos;
	dev->msi_ctrl = ctrl & (PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT);
	if (ctrl & PCI_MSI_FLAGS_ENABLE) /* left by the firmware */
		dev_cfg_write(dev, pos + 2, 2, ctrl & ~PCI_MSI_FLAGS_ENABLE);
	msi_line_init(&dev->msi, p->d);
}

bool vpci_msi_covers(const struct pci_dev *dev, unsigned int reg, unsigned int size)
{
	return dev->msi_pos && reg + size > dev->msi_pos && reg < data_at(dev) + 2;
}

/* One byte of the capability as the guest sees it. */
static uint8_t read_byte(const struct pci_dev *dev, unsigned int reg)
{
	unsigned int at = reg - dev->msi_pos;

	if (at < 2)
		return (uint8_t)dev_cfg_read(dev, reg, 1);
	if (at < 4)
		return (uint8_t)(dev->msi_ctrl >> (at - 2) * 8);
	if (reg >= data_at(dev))
		return (uint8_t)(dev->msi_data >> (reg - data_at(dev)) * 8);
	return (uint8_t)(dev->msi_addr >> (at - 4) * 8);
}

uint32_t vpci_msi_read(struct pci_dev *dev, unsigned int reg, unsigned int size)
{
	uint32_t val = dev_cfg_read(dev, reg, size);

	for (unsigned int i = 0; i < size; i++)
		if (vpci_msi_covers(dev, reg + i, 1))
			val = (val & ~(0xffu << i * 8)) |
			      (uint32_t)read_byte(dev, reg + i) << i * 8;
	return val;
}

static void write_byte(struct pci_dev *dev, unsigned int reg, uint8_t byte)
{
	unsigned int at = reg - dev->msi_pos, shift;

	if (at < 2)
		return;
	if (at < 4) {
		if (at == 2)
			dev->msi_ctrl = (dev->msi_ctrl & ~PCI_MSI_FLAGS_ENABLE) |
					(byte & PCI_MSI_FLAGS_ENABLE);
	} else if (reg >= data_at(dev)) {
		shift = (reg - data_at(dev)) * 8;
		dev->msi_data = (dev->msi_data & ~(0xffu << shift)) | (uint32_t)byte << shift;
	} else {
		shift = (at - 4) * 8;
		dev->msi_addr = (dev->msi_addr & ~(0xffULL << shift)) | (uint64_t)byte << shift;
	}
}

static void start(struct pci_dev *dev)
{
	unsigned int pos = dev->msi_pos;
	uint64_t addr;
	uint32_t data;
	uint16_t ctrl = (uint16_t)dev_cfg_read(dev, pos + 2, 2) &
			~(PCI_MSI_FLAGS_QSIZE | PCI_MSI_FLAGS_ENABLE);

	if (msi_line_bind(&dev->msi, &addr, &data) < 0) {
		log_warn("PCI %04x:%04x: no vector is left for its MSI\n", dev->segment, dev->bdf);
		return;
	}
	dev_cfg_write(dev, pos + 2, 2, ctrl);
	dev_cfg_write(dev, pos + 4, 4, (uint32_t)addr);
	if (dev->msi_ctrl & PCI_MSI_FLAGS_64BIT)
		dev_cfg_write(dev, pos + 8, 4, (uint32_t)(addr >> 32));
	dev_cfg_write(dev, data_at(dev), 2, data);
	dev_cfg_write(dev, pos + 2, 2, ctrl | PCI_MSI_FLAGS_ENABLE);
}

void vpci_msi_stop(struct pci_dev *dev)
{
	uint16_t ctrl;

	if (!dev->msi_pos || dev->msi.vector < 0)
		return;
	ctrl = (uint16_t)dev_cfg_read(dev, dev->msi_pos + 2, 2);
	dev_cfg_write(dev, dev->msi_pos + 2, 2, ctrl & ~PCI_MSI_FLAGS_ENABLE);
	msi_line_unbind(&dev->msi);
}

void vpci_msi_write(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t val)
{
	uint16_t old = dev->msi_ctrl;

	for (unsigned int i = 0; i < size; i++) {
		if (vpci_msi_covers(dev, reg + i, 1))
			write_byte(dev, reg + i, (uint8_t)(val >> i * 8));
		else
			dev_cfg_write(dev, reg + i, 1, val >> i * 8 & 0xff);
	}
	msi_line_set_guest(&dev->msi, dev->msi_addr, dev->msi_data);
	if (~old & dev->msi_ctrl & PCI_MSI_FLAGS_ENABLE)
		start(dev);
	else if (old & ~dev->msi_ctrl & PCI_MSI_FLAGS_ENABLE)
		vpci_msi_stop(dev);
}
