/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * physdev_op (33): Dom0 reports what PCI devices and config windows it found. Our model of config
 * space sees every device anyway, so the reports are checked and need no action.
 */
#include "guest/hypercall.h"
#include "lib/errno.h"
#include <xen/physdev.h>

static int64_t op_noted(struct vcpu *v, void *arg)
{
	return 0;
}

static const struct sub_op ops[] = {
	[PHYSDEVOP_pci_mmcfg_reserved] = { sizeof(struct physdev_pci_mmcfg_reserved), false,
					   op_noted },
	[PHYSDEVOP_pci_device_add] = { offsetof(struct physdev_pci_device_add, optarr), false,
				       op_noted },
	[PHYSDEVOP_pci_device_remove] = { sizeof(struct physdev_pci_device), false, op_noted },
};

int64_t hypercall_physdev_op(struct vcpu *v, struct call *call)
{
	return sub_op_run(v, ops, ARRAY_SIZE(ops), (uint32_t)call->arg[0], GUEST_PTR(call->arg[1]));
}
