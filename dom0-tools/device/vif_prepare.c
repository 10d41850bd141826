/* SPDX-License-Identifier: GPL-2.0-only */
/* What is chosen and checked of network interfaces before a guest is built; see vif.h. */
#include "dom0-tools/device/vif.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dom0-tools/device/program.h"

#define DEFAULT_SCRIPT	"vif-bridge"
#define XL_BRIDGE	"xenbr0"
#define NETWORK_TIMEOUT_MS 30000
#define MAX_SALT	64

static bool is_bridge(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", name);
	return !access(path, F_OK);
}

int vif_default_network(const char *what, char *last, size_t last_size)
{
	char script[160], command[16];
	char *argv[] = { script, command, NULL };

	program_script_path("network-default", script, sizeof(script));
	snprintf(command, sizeof(command), "%s", what);
	return program_run(argv, NULL, NETWORK_TIMEOUT_MS, last, last_size);
}

static int start_default_network(struct diag *dg)
{
	char last[256];
	int rc = vif_default_network("start", last, sizeof(last));

	if (!rc)
		return 0;
	if (rc < 0)
		snprintf(last, sizeof(last), "%s", strerror(-rc));
	return diag_fail(dg, -EIO,
			 "cannot start the default network (bridge " VIF_DEFAULT_BRIDGE "): %s",
			 last);
}

/* Is it the script that puts interfaces on bridges, ours or Xen's? */
static bool wants_bridge(const struct vif_config *v)
{
	const char *slash = strrchr(v->script, '/');

	return !strcmp(slash ? slash + 1 : v->script, DEFAULT_SCRIPT);
}

static int choose_bridge(struct vif_config *v, struct diag *dg)
{
	if (!*v->bridge)
		strcpy(v->bridge, is_bridge(XL_BRIDGE) ? XL_BRIDGE : VIF_DEFAULT_BRIDGE);
	if (!strcmp(v->bridge, VIF_DEFAULT_BRIDGE))
		return start_default_network(dg);
	if (is_bridge(v->bridge))
		return 0;
	return diag_fail(dg, -ENODEV,
			 "bridge '%s' does not exist in Dom0 (make it: ip link add %s type bridge; "
			 "or leave out bridge= for the default network)",
			 v->bridge, v->bridge);
}

/* Who has this address: a domain, or DEVICE_ANY for nobody. */
static uint32_t mac_owner(struct hl *hl, const struct device *list, int nr, const uint8_t mac[6])
{
	for (int i = 0; i < nr; i++) {
		char *text = device_read_back(hl, &list[i], "mac");
		uint8_t other[6];
		bool same = text && vif_parse_mac(text, other) && !memcmp(mac, other, 6);

		free(text);
		if (same)
			return list[i].domid;
	}
	return DEVICE_ANY;
}

static int refuse_mac(struct hl *hl, const struct vif_config *v, uint32_t owner, struct diag *dg)
{
	char mac[VIF_MAC_TEXT], *name = store_domain_name(hl, owner);
	int rc;

	vif_format_mac(v->mac, mac);
	rc = diag_fail(dg, -EEXIST,
		       "the address mac=%s is in use by %s (domain %u): give another, or leave "
		       "out mac= to have one chosen",
		       mac, name ? name : "another guest", owner);
	free(name);
	return rc;
}

static int choose_mac(struct hl *hl, const uint8_t uuid[16], struct vif_config *v, struct diag *dg)
{
	struct device *list;
	int nr = device_list(hl, DEVICE_ANY, "vif", &list);
	uint32_t owner;

	if (nr < 0)
		return diag_fail(dg, nr, "cannot look for the guests' interfaces: %s",
				 strerror(-nr));
	for (unsigned int salt = 0; salt <= MAX_SALT; salt++) {
		if (!v->has_mac)
			vif_derive_mac(uuid, v->id, salt, v->mac);
		owner = mac_owner(hl, list, nr, v->mac);
		if (owner == DEVICE_ANY || v->has_mac)
			break;
	}
	v->has_mac = true;
	free(list);
	return owner == DEVICE_ANY ? 0 : refuse_mac(hl, v, owner, dg);
}

int vif_prepare(struct hl *hl, const uint8_t uuid[16], struct vif_config *v, struct diag *dg)
{
	int rc = device_ready("vif", dg);
	char whose[32], path[160];

	if (rc)
		return rc;
	if (!*v->script)
		strcpy(v->script, DEFAULT_SCRIPT);
	program_script_path(v->script, path, sizeof(path));
	if (access(path, X_OK))
		rc = diag_fail(dg, -errno, "script %s cannot be run: %s", path, strerror(errno));
	if (!rc && wants_bridge(v))
		rc = choose_bridge(v, dg);
	if (!rc)
		rc = choose_mac(hl, uuid, v, dg);
	snprintf(whose, sizeof(whose), "vif %u", v->id);
	return rc ? diag_prefix(dg, rc, whose) : 0;
}

int vifs_prepare(struct hl *hl, struct guest_config *c, struct diag *dg)
{
	int rc = 0;

	for (unsigned int i = 0; i < c->nr_vifs && !rc; i++)
		rc = vif_prepare(hl, c->uuid, &c->vif[i], dg);
	for (unsigned int i = 0; i < c->nr_vifs && !rc; i++)
		for (unsigned int j = 0; j < i && !rc; j++)
			if (!memcmp(c->vif[i].mac, c->vif[j].mac, sizeof(c->vif[i].mac)))
				rc = diag_fail(dg, -EEXIST,
					       "vif %u and vif %u have the same address (mac=): "
					       "give another, or leave it out to have one chosen",
					       c->vif[j].id, c->vif[i].id);
	return rc ? diag_prefix(dg, rc, c->name) : 0;
}
