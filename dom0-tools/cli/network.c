/* SPDX-License-Identifier: GPL-2.0-only */
/* hl network-attach, network-detach, network-list and network-default. */
#include "dom0-tools/cli/devices.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dom0-tools/device/vif.h"

#define CONNECT_MS 10000	/* for a guest that runs to take a new interface into use */

static int parse_arguments(struct cli *cli, struct vif_config *v)
{
	char text[512];
	struct diag dg;

	if (cli_join_description(cli, text, sizeof(text)))
		return EXIT_FAILURE;
	return vif_parse_argument(text, v, &dg) ? cli_failed(&dg) : 0;
}

/* The lowest number that none of the guest's interfaces has. */
static int free_id(struct hl *hl, uint32_t domid, unsigned int *id)
{
	struct device *list;
	int nr = device_list(hl, domid, "vif", &list);

	if (nr < 0)
		return cli_error("cannot look for interfaces: %s", strerror(-nr));
	*id = 0;
	for (int i = 0; i < nr; i++) /* in ascending order */
		*id += list[i].id == *id;
	free(list);
	return 0;
}

/* That the guest does not answer is no failure: its driver may come later. */
static void watch_guest_connect(struct cli *cli, const struct device *d)
{
	struct xen_domctl_getdomaininfo info;
	struct diag dg;

	if (hl_domain_info(cli->hl, d->domid, &info) < 0 || (info.flags & XEN_DOMINF_paused))
		return;
	if (device_wait_backend(cli->hl, d, DEVICE_BIT(XenbusStateConnected), CONNECT_MS, &dg))
		cli_error("warning: %s has not taken vif %u into use within %d s (has it the "
			  "driver xen-netfront?); it stays attached, and hl network-detach %s %u "
			  "takes it away",
			  cli->arg[0], d->id, CONNECT_MS / 1000, cli->arg[0], d->id);
}

int cmd_network_attach(struct cli *cli)
{
	struct xen_domctl_getdomaininfo info;
	struct device d = { .kind = "vif" };
	struct vif_config v;
	struct diag dg;
	int lock, rc;

	if (cli_find_domain(cli, cli->arg[0], &d.domid) || parse_arguments(cli, &v))
		return EXIT_FAILURE;
	if (!d.domid)
		return cli_error("domain 0 has the machine's own interfaces");
	lock = record_lock();
	rc = hl_domain_info(cli->hl, d.domid, &info) < 0 ?
		     cli_error("%s has just gone", cli->arg[0]) :
		     free_id(cli->hl, d.domid, &v.id);
	if (!rc && (vif_prepare(cli->hl, info.handle, &v, &dg) ||
		    vif_attach(cli->hl, d.domid, &v, &dg)))
		rc = cli_failed(&dg);
	if (lock >= 0)
		close(lock);
	d.id = v.id;
	if (!rc)
		watch_guest_connect(cli, &d);
	return rc;
}

/* The one that is named by its number or by its address; the caller frees nothing. */
static int find_vif(struct cli *cli, uint32_t domid, const char *what, struct device *d)
{
	struct device *list;
	int nr = device_list(cli->hl, domid, "vif", &list);
	uint8_t mac[6];
	unsigned long id;
	bool by_mac = vif_parse_mac(what, mac), found = false;

	if (nr < 0)
		return cli_error("cannot look for interfaces: %s", strerror(-nr));
	if (!by_mac && !cli_number(what, ~0U, &id)) {
		free(list);
		return cli_usage(cli, "'%s' is neither an interface's number nor its address",
				 what);
	}
	for (int i = 0; i < nr && !found; i++) {
		char *text = device_read_back(cli->hl, &list[i], "mac");
		uint8_t other[6];

		found = by_mac ? text && vif_parse_mac(text, other) && !memcmp(mac, other, 6) :
				 list[i].id == id;
		free(text);
		if (found)
			*d = list[i];
	}
	free(list);
	return found ? 0 :
		       cli_error("%s has no network interface %s (hl network-list %s shows them)",
				 cli->arg[0], what, cli->arg[0]);
}

int cmd_network_detach(struct cli *cli)
{
	struct device d;
	struct diag dg;
	uint32_t domid;
	int rc;

	if (cli_find_domain(cli, cli->arg[0], &domid))
		return EXIT_FAILURE;
	rc = find_vif(cli, domid, cli->arg[1], &d);
	if (rc)
		return rc;
	return device_remove(cli->hl, &d, cli_has(cli, 'f'), &dg) ? cli_failed(&dg) : 0;
}

struct vif_row {
	char mac[VIF_MAC_TEXT], bridge[VIF_NAME_SIZE], back[64];
	long handle, state, evtchn, tx_ref, rx_ref;
};

/* What the frontend says of itself; with several queues, or split event channels, of the first. */
static long front_number(struct hl *hl, const struct device *d, const char *const *nodes)
{
	long n = -1;

	for (; *nodes && n < 0; nodes++)
		n = device_number(device_read_front(hl, d, *nodes));
	return n;
}

static struct vif_row read_row(struct hl *hl, const struct device *d)
{
	struct vif_row r = { 0 };
	char *mac = device_read_back(hl, d, "mac"), *bridge = device_read_back(hl, d, "bridge");

	snprintf(r.mac, sizeof(r.mac), "%s", mac ? mac : "?");
	snprintf(r.bridge, sizeof(r.bridge), "%s", bridge ? bridge : "");
	snprintf(r.back, sizeof(r.back), "/local/domain/0/backend/vif/%u/%u", d->domid, d->id);
	r.handle = device_number(device_read_back(hl, d, "handle"));
	r.state = device_number(device_read_back(hl, d, "state"));
	r.evtchn = front_number(hl, d, (const char *[]){ "event-channel", "event-channel-tx",
							  "queue-0/event-channel",
							  "queue-0/event-channel-tx", NULL });
	r.tx_ref = front_number(hl, d, (const char *[]){ "tx-ring-ref", "queue-0/tx-ring-ref",
							  NULL });
	r.rx_ref = front_number(hl, d, (const char *[]){ "rx-ring-ref", "queue-0/rx-ring-ref",
							  NULL });
	free(mac);
	free(bridge);
	return r;
}

static void print_vif(struct hl *hl, const struct device *d)
{
	struct vif_row r = read_row(hl, d);

	printf("%-3u %-2d %-17s %6ld %5ld %6ld %5ld/%-11ld %-30s\n", d->id, 0, r.mac, r.handle, r.state,
	       r.evtchn, r.tx_ref, r.rx_ref, r.back);
}

static struct json_object *vif_object(struct hl *hl, const struct device *d)
{
	struct json_object *o = json_object_new_object();
	struct vif_row r = read_row(hl, d);

	json_object_object_add(o, "domid", json_object_new_int(d->domid));
	json_object_object_add(o, "devid", json_object_new_int(d->id));
	json_object_object_add(o, "backend_domid", json_object_new_int(0));
	json_object_object_add(o, "mac", json_object_new_string(r.mac));
	json_object_object_add(o, "bridge", json_object_new_string(r.bridge));
	json_object_object_add(o, "handle", json_object_new_int64(r.handle));
	json_object_object_add(o, "state", json_object_new_int64(r.state));
	json_object_object_add(o, "evtchn", json_object_new_int64(r.evtchn));
	json_object_object_add(o, "tx_ring_ref", json_object_new_int64(r.tx_ref));
	json_object_object_add(o, "rx_ring_ref", json_object_new_int64(r.rx_ref));
	json_object_object_add(o, "backend", json_object_new_string(r.back));
	return o;
}

int cmd_network_list(struct cli *cli)
{
	static const struct device_columns columns = {
		"vif",
		"Idx BE Mac Addr.         handle state evt-ch   tx-/rx-ring-ref BE-path                       ",
		print_vif, vif_object,
	};

	return cli_list_devices(cli, &columns);
}

int cmd_network_default(struct cli *cli)
{
	const char *what = cli->arg[0];
	char last[256];
	int lock, rc;

	if (strcmp(what, "start") && strcmp(what, "stop") && strcmp(what, "status"))
		return cli_usage(cli, "expected start, stop or status");
	lock = record_lock();
	rc = vif_default_network(what, last, sizeof(last));
	if (lock >= 0)
		close(lock);
	if (rc)
		return cli_error("cannot %s the default network: %s", what,
				 *last || rc > 0 ? last : strerror(-rc));
	if (*last)
		puts(last);
	return 0;
}
