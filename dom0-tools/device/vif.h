/* SPDX-License-Identifier: GPL-2.0-only */
/* Network interfaces of guests: Linux's xen-netback, a hotplug script, and the default network. */
#pragma once

#include "dom0-tools/config/vif.h"
#include "dom0-tools/device/device.h"

#define VIF_DEFAULT_BRIDGE "helium0"

/*
 * Fill in what the configuration leaves open, and check the rest, before anything is built: address
 * (from the guest's UUID), script, bridge (xenbr0 if there is one, else the default network, which
 * is started), Dom0's driver. Changes nothing that is given, so it can be called again when the
 * guest's old interfaces are gone. Call it under record_lock().
 */
int vifs_prepare(struct hl *hl, struct guest_config *c, struct diag *dg);
/* The same for one that joins a guest. */
int vif_prepare(struct hl *hl, const uint8_t uuid[16], struct vif_config *v, struct diag *dg);
/* Connect one that is prepared. On failure nothing of it is left. */
int vif_attach(struct hl *hl, uint32_t domid, const struct vif_config *v, struct diag *dg);
/* For the table in kinds.c; closed runs the script's other half. */
int vif_attach_all(struct hl *hl, const struct guest_config *c, uint32_t domid, struct diag *dg);
void vif_closed(struct hl *hl, const struct device *d);
void vif_remember(struct hl *hl, uint32_t domid, struct guest_config *c);
/* what: start, stop or status; its last line goes to last. Returns its exit status or -errno. */
int vif_default_network(const char *what, char *last, size_t last_size);
