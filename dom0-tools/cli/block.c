/* SPDX-License-Identifier: GPL-2.0-only */
/* hl block-attach, block-detach, block-list and block-resize. */
#include "dom0-tools/cli/cli.h"

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

/* xl takes the disk in several arguments, too, without the commas. */
static void join(struct cli *cli, char *text, size_t size)
{
	size_t used = 0;

	*text = 0;
	for (int i = 1; i < cli->nr_args && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s", i > 1 ? "," : "", cli->arg[i]);
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

	if (find_guest(cli, &domid))
		return EXIT_FAILURE;
	join(cli, text, sizeof(text));
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
	long backend, state, port, ring;
};

/* What the guest wrote is printed as numbers only. */
static void read_row(struct hl *hl, const struct device *d, struct row *r)
{
	disk_name(d->id, r->name, sizeof(r->name));
	snprintf(r->path, sizeof(r->path), "/local/domain/0/backend/" KIND "/%u/%u", d->domid,
		 d->id);
	r->backend = 0;
	r->state = device_number(device_read_front(hl, d, "state"));
	r->port = device_number(device_read_front(hl, d, "event-channel"));
	r->ring = device_number(device_read_front(hl, d, "ring-ref"));
	if (r->ring < 0)
		r->ring = device_number(device_read_front(hl, d, "ring-ref0"));
}

static void add_node(struct cli *cli, const struct device *d, struct json_object *o, const char *key,
		     const char *node)
{
	char *text = device_read_back(cli->hl, d, node);

	if (text)
		json_object_object_add(o, key, json_object_new_string(text));
	free(text);
}

static struct json_object *json_row(struct cli *cli, const struct device *d, const struct row *r)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "domid", json_object_new_int64(d->domid));
	json_object_object_add(o, "devid", json_object_new_int64(d->id));
	json_object_object_add(o, "vdev", json_object_new_string(r->name));
	json_object_object_add(o, "state", json_object_new_int64(r->state));
	json_object_object_add(o, "evt_ch", json_object_new_int64(r->port));
	json_object_object_add(o, "ring_ref", json_object_new_int64(r->ring));
	json_object_object_add(o, "backend_path", json_object_new_string(r->path));
	add_node(cli, d, o, "target", "params");
	add_node(cli, d, o, "mode", "mode");
	add_node(cli, d, o, "device_type", "device-type");
	add_node(cli, d, o, "physical_device", "physical-device-path");
	return o;
}

static void list_guest(struct cli *cli, const char *guest, struct json_object *all)
{
	struct device *list;
	uint32_t domid;
	int nr;

	if (cli_find_domain(cli, guest, &domid))
		return;
	nr = device_list(cli->hl, domid, KIND, &list);
	for (int i = 0; i < nr; i++) {
		struct row r;

		read_row(cli->hl, &list[i], &r);
		if (all)
			json_object_array_add(all, json_row(cli, &list[i], &r));
		else
			printf("%-5u %-3ld %-6u %-5ld %-6ld %-8ld %-30s\n", list[i].id, r.backend,
			       domid, r.state, r.port, r.ring, r.path);
	}
	if (nr > 0)
		free(list);
}

int cmd_block_list(struct cli *cli)
{
	struct json_object *all = cli_has(cli, 1) ? json_object_new_array() : NULL;
	uint32_t domid;
	int rc = 0;

	if (!all)
		printf("%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state",
		       "evt-ch", "ring-ref", "BE-path");
	for (int i = 0; i < cli->nr_args; i++) {
		rc |= store_find_domain(cli->hl, cli->arg[i], &domid) ? EXIT_FAILURE : 0;
		list_guest(cli, cli->arg[i], all);
	}
	if (all) {
		puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(all);
	}
	return rc;
}
