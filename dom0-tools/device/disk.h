/* SPDX-License-Identifier: GPL-2.0-only */
/* Guests' disks: Linux's block backend in Dom0, any frontend in the guest. */
#pragma once

#include "dom0-tools/device/device.h"

/*
 * Attach a disk and wait until Dom0's driver has it; until the guest uses it, too, when asked. No
 * other guest may have the image, unless both only read. On failure nothing stays.
 */
int disk_attach(struct hl *hl, uint32_t domid, const struct disk_config *d, bool wait_for_guest,
		struct diag *dg);
/*
 * Could all disks of this configuration be attached now? Says so before a guest is built for nothing; makes and
 * keeps nothing, so attaching looks again.
 */
int disks_check(struct hl *hl, const struct guest_config *c, struct diag *dg);
/* Its image has grown: make everybody see it. *sectors: the new size. */
int disk_resize(struct hl *hl, const struct device *d, uint64_t *sectors, struct diag *dg);

/* For the row of kinds.c. */
int disk_attach_all(struct hl *hl, const struct guest_config *c, uint32_t domid, struct diag *dg);
void disk_closed(struct hl *hl, const struct device *d);
void disk_remember(struct hl *hl, uint32_t domid, struct guest_config *c);
