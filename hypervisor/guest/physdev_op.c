/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * physdev_op (33): Dom0 reports what PCI devices and config windows it found. Our model of config
 * space sees every device anyway, so the reports are checked and need no action.
 */
#include "guest/hypercall.h"
#include <xen/physdev.h>

static int64_t op_noted(struct call *call, void *arg)
{
	return 0;
}

static const struct sub_op ops[] = {
	[PHYSDEVOP_pci_mmcfg_reserved] = SUB_OP(op_noted, physdev_pci_mmcfg_reserved, 0),
	[PHYSDEVOP_pci_device_add] = { op_noted, offsetof(struct physdev_pci_device_add, optarr) },
	[PHYSDEVOP_pci_device_remove] = SUB_OP(op_noted, physdev_pci_device, 0),
};

int64_t hypercall_physdev_op(struct vcpu *v, struct call *call)
{
	return SUB_OP_RUN(v, call, ops);
}
