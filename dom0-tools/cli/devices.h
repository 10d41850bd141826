/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verbs for disks and those for network interfaces do alike. */
#pragma once

#include "dom0-tools/cli/cli.h"
#include "dom0-tools/device/device.h"

struct json_object;

/* How one kind of device is listed. */
struct device_columns {
	const char *kind, *head;
	void (*print)(struct hl *hl, const struct device *d);
	struct json_object *(*json)(struct hl *hl, const struct device *d);
};

/* The devices of all guests that are named, as text or --json. Returns an exit code. */
int cli_list_devices(struct cli *cli, const struct device_columns *c);
/* The arguments behind the guest's, with commas between: xl takes a description in one or in several. */
int cli_join_description(struct cli *cli, char *text, size_t size);
