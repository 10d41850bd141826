/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSI-X tables. The guest's table is the model's; an entry of the real one gets our message when
 * the guest unmasks its own for the first time while MSI-X is on, and then follows its mask bit.
 * The table's pages are found by BAR + offset whenever Dom0 moved a BAR or switched memory
 * decoding.
 */
#include "dev/vmsix.h"
#include "dev/hwdom_map.h"
#include "dev/vpci_priv.h"
#include "mem/kalloc.h"
#include "x86/asm.h"

static uint64_t first_page(const struct pci_dev *dev)
{
	return round_down(dev->msix_gpa, PAGE_SIZE);
}

static uint64_t last_byte(const struct pci_dev *dev)
{
	return round_up(dev->msix_gpa + dev->msix_nr * PCI_MSIX_ENTRY_SIZE, PAGE_SIZE) - 1;
}

static struct pci_dev *find_locked(struct vpci *p, uint64_t gpa)
{
	list_for_each(struct pci_dev, dev, &p->devs, list)
		if (dev->msix_gpa && gpa >= first_page(dev) && gpa <= last_byte(dev))
			return dev;
	return NULL;
}

bool vmsix_covers(struct domain *d, uint64_t gpa)
{
	struct vpci *p = d->vpci;
	bool covers;

	if (!p)
		return false;
	spin_lock(&p->lock);
	covers = find_locked(p, gpa);
	spin_unlock(&p->lock);
	return covers;
}

/* Entry i of the real table, as the model wants it. */
static void entry_sync(struct pci_dev *dev, unsigned int i)
{
	struct msix_entry *e = &dev->msix[i];
	volatile char *regs = dev->msix_regs + i * PCI_MSIX_ENTRY_SIZE;
	uint64_t addr;
	uint32_t data;

	if (!dev->msix_regs || !(dev->msix_ctrl & PCI_MSIX_FLAGS_ENABLE))
		return;
	if (e->masked) {
		mmio_write32(regs + PCI_MSIX_ENTRY_VECTOR_CTRL, PCI_MSIX_ENTRY_CTRL_MASKBIT);
		return;
	}
	if (e->line.vector < 0) {
		if (msi_line_bind(&e->line, &addr, &data) < 0) {
			log_warn("PCI %04x:%04x: no vector is left for MSI-X entry %u\n",
				 dev->segment, dev->bdf, i);
			return;
		}
		mmio_write32(regs + PCI_MSIX_ENTRY_VECTOR_CTRL, PCI_MSIX_ENTRY_CTRL_MASKBIT);
		mmio_write32(regs + PCI_MSIX_ENTRY_LOWER_ADDR, (uint32_t)addr);
		mmio_write32(regs + PCI_MSIX_ENTRY_LOWER_ADDR + 4, (uint32_t)(addr >> 32));
		mmio_write32(regs + PCI_MSIX_ENTRY_DATA, data);
	}
	mmio_write32(regs + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
}

static uint32_t entry_read(const struct msix_entry *e, unsigned int at)
{
	switch (at) {
	case PCI_MSIX_ENTRY_LOWER_ADDR: return (uint32_t)e->addr;
	case PCI_MSIX_ENTRY_LOWER_ADDR + 4: return (uint32_t)(e->addr >> 32);
	case PCI_MSIX_ENTRY_DATA: return e->data;
	default: return e->masked;
	}
}

static void entry_write(struct pci_dev *dev, unsigned int i, unsigned int at, uint32_t val)
{
	struct msix_entry *e = &dev->msix[i];

	switch (at) {
	case PCI_MSIX_ENTRY_LOWER_ADDR:
		e->addr = (e->addr & ~0xffffffffULL) | (val & ~3u);
		break;
	case PCI_MSIX_ENTRY_LOWER_ADDR + 4:
		e->addr = (uint32_t)e->addr | (uint64_t)val << 32;
		break;
	case PCI_MSIX_ENTRY_DATA:
		e->data = val;
		break;
	default:
		e->masked = val & PCI_MSIX_ENTRY_CTRL_MASKBIT;
	}
	msi_line_set_guest(&e->line, e->addr, e->data);
	if (at == PCI_MSIX_ENTRY_VECTOR_CTRL)
		entry_sync(dev, i);
}

/*
 * A register in the table's page that is not the table's: the pending bits, or the device's own. The caller sees
 * to it that no part is the table's: the real one's messages are ours.
 */
static void access_beside(struct pci_dev *dev, uint64_t gpa, unsigned int size, bool write,
			  uint64_t *val)
{
	volatile char *p = dev->msix_regs + (gpa - dev->msix_gpa);

	if (write)
		mmio_write(p, size, *val);
	else
		*val = mmio_read(p, size);
}

static void access_table(struct pci_dev *dev, uint32_t offset, unsigned int size, bool write,
			 uint64_t *val)
{
	unsigned int i = (unsigned int)index_nospec(offset / PCI_MSIX_ENTRY_SIZE, dev->msix_nr);

	if (offset % 4 || size < 4)
		return;
	if (!write)
		*val = 0;
	for (unsigned int part = 0; part < size / 4; part++) {
		unsigned int at = offset % PCI_MSIX_ENTRY_SIZE + part * 4;

		if (at >= PCI_MSIX_ENTRY_SIZE)
			return;
		if (write)
			entry_write(dev, i, at, (uint32_t)(*val >> part * 32));
		else
			*val |= (uint64_t)entry_read(&dev->msix[i], at) << part * 32;
	}
}

void vmsix_access(struct vcpu *v, uint64_t gpa, unsigned int size, bool write, uint64_t *val)
{
	struct vpci *p = v->d->vpci;
	struct pci_dev *dev;

	spin_lock(&p->lock);
	dev = find_locked(p, gpa);
	if (dev && gpa - dev->msix_gpa < dev->msix_nr * PCI_MSIX_ENTRY_SIZE)
		access_table(dev, (uint32_t)(gpa - dev->msix_gpa), size, write, val);
	else if (dev && (gpa >= dev->msix_gpa || gpa + size <= dev->msix_gpa))
		access_beside(dev, gpa, size, write, val);
	spin_unlock(&p->lock);
}

int vmsix_init(struct vpci *p, struct pci_dev *dev, unsigned int pos)
{
	uint16_t ctrl = (uint16_t)dev_cfg_read(dev, pos + 2, 2);
	uint32_t table = dev_cfg_read(dev, pos + 4, 4);

	if ((table & 7) > 5)
		return -EINVAL;
	dev->msix_nr = (ctrl & PCI_MSIX_FLAGS_QSIZE) + 1u;
	dev->msix = kalloc(dev->msix_nr * sizeof(dev->msix[0]));
	if (!dev->msix)
		return -ENOMEM;
	for (unsigned int i = 0; i < dev->msix_nr; i++) {
		dev->msix[i].masked = true;
		msi_line_init(&dev->msix[i].line, p->d);
	}
	if (ctrl & PCI_MSIX_FLAGS_ENABLE)
		dev_cfg_write(dev, pos + 2, 2, ctrl & ~PCI_MSIX_FLAGS_ENABLE);
	dev->msix_pos = (uint8_t)pos;
	dev->msix_bar = table & 7;
	dev->msix_offset = table & ~7u;
	vmsix_update_place(p, dev);
	return 0;
}

/* The table's address by the BAR as it is now; 0 when the device does not decode memory. */
static uint64_t current_place(const struct pci_dev *dev)
{
	unsigned int reg = PCI_BASE_ADDRESS_0 + 4u * dev->msix_bar;
	uint32_t low = dev_cfg_read(dev, reg, 4);
	uint64_t base = low & ~15u;

	if (!(dev_cfg_read(dev, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY) || (low & 1))
		return 0;
	if ((low & 6) == 4 && dev->msix_bar < 5)
		base |= (uint64_t)dev_cfg_read(dev, reg + 4, 4) << 32;
	return base ? base + dev->msix_offset : 0;
}

/* Dom0 writes BARs as it likes: without this we would be its hands in memory that is not a device's. */
static bool is_device(struct domain *d, const struct pci_dev *dev)
{
	for (uint64_t page = first_page(dev); page < last_byte(dev); page += PAGE_SIZE)
		if (!hwdom_is_device(d, page))
			return false;
	return true;
}

void vmsix_update_place(struct vpci *p, struct pci_dev *dev)
{
	char *regs = NULL;
	uint64_t gpa;

	if (!dev->msix_pos)
		return;
	gpa = current_place(dev);
	if (gpa == dev->msix_gpa)
		return;
	dev->msix_gpa = gpa;
	dev->msix_regs = NULL;
	if (!gpa)
		return;
	if (!(gpa >> 46) && is_device(p->d, dev))
		regs = mmio_try_map(first_page(dev), last_byte(dev) + 1 - first_page(dev));
	if (!regs) {
		log_warn("PCI %04x:%04x: cannot map its MSI-X table\n", dev->segment, dev->bdf);
		dev->msix_gpa = 0;
		return;
	}
	dev->msix_regs = regs + gpa % PAGE_SIZE;
	for (uint64_t page = first_page(dev); page < last_byte(dev); page += PAGE_SIZE)
		hwdom_unmap_mmio(p->d, page);
}

void vmsix_write_ctrl(struct pci_dev *dev, uint16_t ctrl)
{
	uint16_t old = dev->msix_ctrl;

	dev->msix_ctrl = ctrl & (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	if (!(old & PCI_MSIX_FLAGS_ENABLE) && (ctrl & PCI_MSIX_FLAGS_ENABLE)) {
		/* Masked as a whole while the entries are written. */
		dev_cfg_write(dev, dev->msix_pos + 2, 2,
			      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
		for (unsigned int i = 0; i < dev->msix_nr; i++)
			entry_sync(dev, i);
	}
	if ((old & PCI_MSIX_FLAGS_ENABLE) && !(ctrl & PCI_MSIX_FLAGS_ENABLE)) {
		vmsix_stop(dev);
		return;
	}
	dev_cfg_write(dev, dev->msix_pos + 2, 2, dev->msix_ctrl);
}

/* Switch MSI-X off on the device; all vectors go back. */
void vmsix_stop(struct pci_dev *dev)
{
	if (!dev->msix_pos)
		return;
	dev_cfg_write(dev, dev->msix_pos + 2, 2, dev->msix_ctrl & PCI_MSIX_FLAGS_MASKALL);
	for (unsigned int i = 0; i < dev->msix_nr; i++)
		msi_line_unbind(&dev->msix[i].line);
}
