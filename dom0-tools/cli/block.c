/* SPDX-License-Identifier: GPL-2.0-only */
/* hl block-attach, block-detach, block-list and block-resize. */
#include "dom0-tools/cli/devices.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dom0-tools/device/disk.h"

#define KIND "vbd"

/* The guest that the first argument names; domain 0 has no such disks. */
static int find_guest(struct cli *cli, uint32_t *domid)
{
	if (cli_find_domain(cli, cli->arg[0], domid))
		return EXIT_FAILURE;
	return *domid ? 0 : cli_error("domain 0 has the machine's disks, and no others");
}

/* The device that the two arguments DOMAIN and DISK name. */
static int find_disk(struct cli *cli, struct device *d)
{
	char label[200];

	*d = (struct device){ .kind = KIND };
	if (find_guest(cli, &d->domid))
		return EXIT_FAILURE;
	if (!disk_number(cli->arg[1], &d->id))
		return cli_usage(cli, "'%s' is no virtual disk; expected one as xvda or hdc",
				 cli->arg[1]);
	if (!device_exists(cli->hl, d))
		return cli_error("there is no %s (hl block-list %s shows what there is)",
				 device_label(cli->hl, d, label, sizeof(label)), cli->arg[0]);
	return 0;
}

/* Does it run, so that its driver can be waited for? */
static bool runs(struct hl *hl, uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;

	return hl_domain_info(hl, domid, &info) >= 0 &&
	       !(info.flags & (XEN_DOMINF_paused | XEN_DOMINF_shutdown | XEN_DOMINF_dying));
}

int cmd_block_attach(struct cli *cli)
{
	struct diag dg = { "" };
	struct disk_config d;
	uint32_t domid;
	char text[600];
	int lock, rc;

	if (find_guest(cli, &domid) || cli_join_description(cli, text, sizeof(text)))
		return EXIT_FAILURE;
	if (disk_parse_argument(text, &d, &dg))
		return cli_failed(&dg);
	lock = record_lock();
	rc = disk_attach(cli->hl, domid, &d, runs(cli->hl, domid), &dg);
	if (lock >= 0)
		close(lock);
	return rc ? cli_failed(&dg) : 0;
}

int cmd_block_detach(struct cli *cli)
{
	struct diag dg = { "" };
	struct device d;
	int rc = find_disk(cli, &d);

	if (rc)
		return rc;
	/* Who does not run cannot be asked. */
	if (device_remove(cli->hl, &d, cli_has(cli, 'f') || !runs(cli->hl, d.domid), &dg))
		return cli_failed(&dg);
	return 0;
}

int cmd_block_resize(struct cli *cli)
{
	struct diag dg = { "" };
	struct device d;
	uint64_t sectors;
	int rc = find_disk(cli, &d);

	if (rc)
		return rc;
	if (disk_resize(cli->hl, &d, &sectors, &dg))
		return cli_failed(&dg);
	printf("%s has %llu bytes\n", cli->arg[1], (unsigned long long)sectors * 512);
	return 0;
}

struct row {
	char name[32], path[96];
	long state, port, ring;
};

/* What the guest wrote is printed as numbers only. */
static void read_row(struct hl *hl, const struct device *d, struct row *r)
{
	disk_name(d->id, r->name, sizeof(r->name));
	snprintf(r->path, sizeof(r->path), "/local/domain/0/backend/" KIND "/%u/%u", d->domid,
		 d->id);
	r->state = device_number(device_read_front(hl, d, "state"));
	r->port = device_number(device_read_front(hl, d, "event-channel"));
	r->ring = device_number(device_read_front(hl, d, "ring-ref"));
	if (r->ring < 0)
		r->ring = device_number(device_read_front(hl, d, "ring-ref0"));
}

static void add_node(struct hl *hl, const struct device *d, struct json_object *o, const char *key,
		     const char *node)
{
	char *text = device_read_back(hl, d, node);

	if (text)
		json_object_object_add(o, key, json_object_new_string(text));
	free(text);
}

static void print_disk(struct hl *hl, const struct device *d)
{
	struct row r;

	read_row(hl, d, &r);
	printf("%-5u %-3d %-6u %-5ld %-6ld %-8ld %-30s\n", d->id, 0, d->domid, r.state, r.port, r.ring,
	       r.path);
}

static struct json_object *disk_object(struct hl *hl, const struct device *d)
{
	struct json_object *o = json_object_new_object();
	struct row r;

	read_row(hl, d, &r);
	json_object_object_add(o, "domid", json_object_new_int64(d->domid));
	json_object_object_add(o, "devid", json_object_new_int64(d->id));
	json_object_object_add(o, "vdev", json_object_new_string(r.name));
	json_object_object_add(o, "state", json_object_new_int64(r.state));
	json_object_object_add(o, "evt_ch", json_object_new_int64(r.port));
	json_object_object_add(o, "ring_ref", json_object_new_int64(r.ring));
	json_object_object_add(o, "backend_path", json_object_new_string(r.path));
	add_node(hl, d, o, "target", "params");
	add_node(hl, d, o, "mode", "mode");
	add_node(hl, d, o, "device_type", "device-type");
	add_node(hl, d, o, "physical_device", "physical-device-path");
	return o;
}

int cmd_block_list(struct cli *cli)
{
	static const struct device_columns columns = {
		KIND, "Vdev  BE  handle state evt-ch ring-ref BE-path                       ", print_disk,
		disk_object,
	};

	return cli_list_devices(cli, &columns);
}
