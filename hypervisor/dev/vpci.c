/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Config space as Dom0 reaches it, by ports or by ECAM: both end in cfg_access(). A device becomes
 * known when its ID is read for the first time, as every scan does first; its capabilities are
 * found then. Everything passes through to the device except the MSI and MSI-X capabilities, and
 * SR-IOV is not shown.
 */
#include "dev/vpci_priv.h"
#include "dev/io.h"
#include "dev/mmio.h"
#include "mem/iommu.h"
#include "mem/kalloc.h"
#include "x86/acpi.h"
#include "x86/asm.h"

#include <xen/sched.h>

#define PORT_ADDRESS	0xcf8
#define PORT_RESET	0xcf9
#define PORT_DATA	0xcfc
#define ADDRESS_ENABLE	(1u << 31)
#define RESET_CPU	0x04

#define EXT_CAPS	0x100
#define MAX_CAPS	48 /* more do not fit: a loop */
#define MAX_EXT_CAPS	480

static struct pci_dev *find_locked(struct vpci *p, unsigned int segment, unsigned int bdf)
{
	list_for_each(struct pci_dev, dev, &p->devs, list)
		if (dev->bdf == bdf && dev->segment == segment)
			return dev;
	return NULL;
}

static void find_capabilities(struct vpci *p, struct pci_dev *dev)
{
	unsigned int pos;

	if (!(dev_cfg_read(dev, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST) ||
	    (dev_cfg_read(dev, PCI_HEADER_TYPE, 1) & 0x7f) > 1)
		return;
	pos = dev_cfg_read(dev, PCI_CAPABILITY_LIST, 1) & 0xfc;
	for (unsigned int i = 0; pos >= 0x40 && i < MAX_CAPS; i++) {
		unsigned int id = dev_cfg_read(dev, pos, 1);

		if (id == PCI_CAP_ID_MSI && !dev->msi_pos)
			vpci_msi_init(p, dev, pos);
		else if (id == PCI_CAP_ID_MSIX && !dev->msix_pos && vmsix_init(p, dev, pos) < 0)
			log_warn("PCI %04x:%04x: its MSI-X cannot be used\n", dev->segment,
				 dev->bdf);
		pos = dev_cfg_read(dev, pos + 1, 1) & 0xfc;
	}
}

static void find_sriov(struct pci_dev *dev)
{
	unsigned int pos = EXT_CAPS;

	for (unsigned int i = 0; pos >= EXT_CAPS && i < MAX_EXT_CAPS; i++) {
		uint32_t header = dev_cfg_read(dev, pos, 4);

		if (header == 0 || header == ~0u)
			return;
		if ((header & 0xffff) == PCI_EXT_CAP_ID_SRIOV)
			dev->sriov_pos = (uint16_t)pos;
		pos = header >> 20 & 0xffc;
	}
}

/* Touches no config space: another device may be in its place by now. */
static void drop_locked(struct pci_dev *dev)
{
	if (dev->msi_pos)
		msi_line_unbind(&dev->msi);
	for (unsigned int i = 0; i < dev->msix_nr; i++)
		msi_line_unbind(&dev->msix[i].line);
	list_del(&dev->list);
	kfree(dev->msix, dev->msix_nr * sizeof(dev->msix[0]));
	kfree(dev, sizeof(*dev));
}

/* Somebody looks whether there is a device: know it from now on. */
static void meet_locked(struct vpci *p, unsigned int segment, unsigned int bdf)
{
	uint32_t id = pci_cfg_read(segment, bdf, 0, 4);
	struct pci_dev *dev = find_locked(p, segment, bdf);

	if (dev && dev->id == id)
		return;
	if (dev) /* bus numbers changed, or it was unplugged */
		drop_locked(dev);
	if ((id & 0xffff) == 0xffff || (id & 0xffff) == 0)
		return;
	dev = kalloc(sizeof(*dev));
	if (!dev) {
		log_warn("PCI %04x:%04x: no memory, its interrupts will not work\n", segment, bdf);
		return;
	}
	dev->segment = (uint16_t)segment;
	dev->bdf = (uint16_t)bdf;
	dev->id = id;
	list_init(&dev->list);
	list_add_tail(&p->devs, &dev->list);
	find_capabilities(p, dev);
	find_sriov(dev);
}

static uint32_t cfg_read_locked(struct pci_dev *dev, unsigned int reg, unsigned int size)
{
	unsigned int dword = reg & ~3u;
	uint32_t val;

	if (vpci_msi_covers(dev, reg, size))
		return vpci_msi_read(dev, reg, size);
	val = dev_cfg_read(dev, reg, size);
	if (dev->sriov_pos && dword == dev->sriov_pos && reg % 4 < 2)
		val = size == 4 ? val & 0xffff0000 : 0; /* capability ID 0: skip me */
	return val;
}

/* The control word of MSI-X lies in one dword with id and next. */
static bool writes_msix_ctrl(const struct pci_dev *dev, unsigned int reg, unsigned int size)
{
	unsigned int at = dev->msix_pos + 2u;

	return dev->msix_pos && reg < at + 2 && reg + size > at;
}

static void write_msix_ctrl(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t val)
{
	unsigned int high = dev->msix_pos + 3u - reg; /* the byte that is not read-only */

	vmsix_write_ctrl(dev, high < size ? (val >> high * 8 & 0xff) << 8 : dev->msix_ctrl);
}

static void cfg_write_locked(struct vpci *p, struct pci_dev *dev, unsigned int reg,
			     unsigned int size, uint32_t val)
{
	unsigned int dword = reg & ~3u;

	if (writes_msix_ctrl(dev, reg, size)) {
		write_msix_ctrl(dev, reg, size, val);
		return;
	}
	if (vpci_msi_covers(dev, reg, size)) {
		vpci_msi_write(dev, reg, size, val);
		return;
	}
	dev_cfg_write(dev, reg, size, val);
	if (dword == PCI_COMMAND || (dword >= PCI_BASE_ADDRESS_0 && dword <= PCI_BASE_ADDRESS_5))
		vmsix_update_place(p, dev);
}

/* reg and size inside one dword. */
static void cfg_access(struct vpci *p, unsigned int segment, unsigned int bdf, unsigned int reg,
		       unsigned int size, bool write, uint32_t *val)
{
	struct pci_dev *dev;

	if (iommu_is_function(segment, bdf)) {
		if (!write)
			*val = ~0u;
		return;
	}
	spin_lock(&p->lock);
	if (!write && reg < 4)
		meet_locked(p, segment, bdf);
	dev = find_locked(p, segment, bdf);
	if (dev && write)
		cfg_write_locked(p, dev, reg, size, *val);
	else if (dev)
		*val = cfg_read_locked(dev, reg, size);
	else if (write)
		pci_cfg_write(segment, bdf, reg, size, *val);
	else
		*val = pci_cfg_read(segment, bdf, reg, size);
	spin_unlock(&p->lock);
}

/* Chipsets keep a reset register inside the address port; Dom0's reset is an end of Dom0 like any
 * other. */
static void reset_access(struct vcpu *v, bool write, uint32_t *val)
{
	if (!write) {
		*val = inb(PORT_RESET);
	} else if (*val & RESET_CPU) {
		domain_shutdown(v->d, SHUTDOWN_reboot);
	} else {
		outb(PORT_RESET, (uint8_t)*val);
	}
}

static void port_access(struct vcpu *v, void *ctx, uint16_t port, unsigned int size, bool write,
			uint32_t *val)
{
	struct vpci *p = ctx;
	uint32_t address;

	if (port == PORT_RESET && size == 1) {
		reset_access(v, write, val);
		return;
	}
	if (port < PORT_DATA) {
		if (port == PORT_ADDRESS && size == 4 && write)
			WRITE_ONCE(p->address, *val);
		else if (!write)
			*val = port == PORT_ADDRESS && size == 4 ? READ_ONCE(p->address) : ~0u;
		return;
	}
	address = READ_ONCE(p->address);
	if ((address & ADDRESS_ENABLE) && port % 4 + size <= 4)
		cfg_access(p, 0, address >> 8 & 0xffff, (address & 0xfc) | (port & 3), size, write,
			   val);
	else if (!write)
		*val = ~0u;
}

static void ecam_access(struct vcpu *v, void *ctx, uint64_t gpa, unsigned int size, bool write,
			uint64_t *val)
{
	const struct acpi_mcfg *m = ctx;
	uint64_t offset = gpa - m->base;
	uint32_t part, out[2] = { ~0u, ~0u };

	for (unsigned int done = 0; done < size; done += 4) {
		unsigned int reg = (offset + done) & 0xfff, len = min(size, 4u);

		if (reg % 4 + len > 4) {
			if (!write)
				*val = ~0ULL;
			return;
		}
		part = write ? (uint32_t)(*val >> done * 8) : ~0u;
		cfg_access(v->d->vpci, m->segment, (unsigned int)(offset >> 12), reg, len, write,
			   &part);
		out[done / 4] = part;
	}
	if (!write)
		*val = out[0] | (uint64_t)out[1] << 32;
}

int vpci_create(struct domain *d)
{
	struct vpci *p = kalloc(sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	spin_init(&p->lock, LOCK_vpci);
	list_init(&p->devs);
	p->d = d;
	d->vpci = p;
	rc = io_register(d, PORT_ADDRESS, 8, port_access, p);
	for (unsigned int i = 0; i < acpi.nr_mcfg && rc == 0; i++) {
		struct acpi_mcfg *m = &acpi.mcfg[i];

		rc = mmio_register(d, m->base + ((uint64_t)m->bus_first << 20),
				   (uint64_t)(m->bus_last - m->bus_first + 1) << 20, ecam_access,
				   m);
	}
	return rc;
}

void vpci_free(struct domain *d)
{
	struct vpci *p = d->vpci;
	struct pci_dev *dev, *next;

	if (!p)
		return;
	list_for_each_safe(dev, next, &p->devs, list) {
		vpci_msi_stop(dev);
		vmsix_stop(dev);
		drop_locked(dev);
	}
	kfree(p, sizeof(*p));
	d->vpci = NULL;
}
