/* SPDX-License-Identifier: GPL-2.0-only */
/* The kinds of devices: one row each, and what is done by row. */
#include "dom0-tools/device/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "dom0-tools/device/disk.h"
#include "dom0-tools/device/program.h"
#include "dom0-tools/device/vif.h"

#define MODPROBE_TIMEOUT_MS 30000

const struct device_kind device_kinds[] = {
	{ "vbd", "disk", "xen-blkback", disk_name, disk_attach_all, disk_closed, disk_remember },
	{ "vif", "network interface", "xen-netback", NULL, vif_attach_all, vif_closed,
	  vif_remember },
	{ 0 },
};

const struct device_kind *device_kind(const char *name)
{
	for (const struct device_kind *k = device_kinds; k->name; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

static bool driver_there(const struct device_kind *k)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/xen-backend/drivers/%s", k->name);
	return !access(path, F_OK);
}

bool device_has_driver(const struct device *d)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/xen-backend/devices/%s-%u-%u/driver", d->kind,
		 d->domid, d->id);
	return !access(path, F_OK);
}

int device_ready(const char *kind, struct diag *dg)
{
	const struct device_kind *k = device_kind(kind);
	char *argv[] = { "modprobe", (char *)k->module, NULL };
	char last[256];

	if (driver_there(k))
		return 0;
	program_run(argv, NULL, MODPROBE_TIMEOUT_MS, last, sizeof(last));
	if (driver_there(k))
		return 0;
	return diag_fail(dg, -ENODEV,
			 "no %ss for guests: Dom0's kernel has no %s, and modprobe %s did not bring "
			 "it%s%s", k->what, k->module, k->module, *last ? ": " : "", last);
}

int devices_attach_all(struct hl *hl, const struct guest_config *c, uint32_t domid, struct diag *dg)
{
	for (const struct device_kind *k = device_kinds; k->name; k++) {
		int rc = k->attach_all(hl, c, domid, dg);
		struct diag ignored;

		if (!rc)
			continue;
		devices_remove_all(hl, domid, &ignored);
		return diag_prefix(dg, rc, c->name);
	}
	return 0;
}

void devices_remember(struct hl *hl, uint32_t domid, struct guest_config *c)
{
	for (const struct device_kind *k = device_kinds; k->name; k++)
		if (k->remember)
			k->remember(hl, domid, c);
}
