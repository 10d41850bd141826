/* SPDX-License-Identifier: GPL-2.0-only */
/* Connecting network interfaces; see vif.h. What has to be chosen before is in vif_prepare.c. */
#include "dom0-tools/device/vif.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dom0-tools/device/program.h"

#define SCRIPT_TIMEOUT_MS 10000

static int write_directories(struct hl *hl, const struct device *d, const struct vif_config *v,
			     const char *script, struct diag *dg)
{
	struct device_nodes front = { 0 }, back = { 0 };
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "bridge", v->bridge }, { "ip", v->ip }, { "vifname", v->vifname },
		{ "gatewaydev", v->gatewaydev },
	};
	char mac[VIF_MAC_TEXT];

	vif_format_mac(v->mac, mac);
	device_put(&front, "handle", "%u", d->id);
	device_put(&front, "mac", "%s", mac);
	/*
	 * Linux' backend takes the index of a control ring for true: one that is 2^31 ahead has a thread of the kernel
	 * turn in circles for minutes, on a CPU that does nothing else. A reference that is none means that there is
	 * no such ring; no driver of Linux has one.
	 */
	device_put_fixed(&front, "ctrl-ring-ref", "");
	device_put(&back, "handle", "%u", d->id);
	device_put(&back, "mac", "%s", mac);
	device_put(&back, "type", "vif");
	device_put(&back, "script", "%s", script);
	device_put(&back, "hotplug-status", "%s", "");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (*texts[i].value)
			device_put(&back, texts[i].name, "%s", texts[i].value);
	if (v->rate_bytes)
		device_put(&back, "rate", "%u,%u", v->rate_bytes, v->rate_interval_us);
	if (v->mtu) {
		device_put(&front, "mtu", "%u", v->mtu);
		device_put(&back, "mtu", "%u", v->mtu);
	}
	return device_add(hl, d, &front, &back, dg);
}

/* As Xen's tools call it. Returns the script's status, or -errno. */
static int run_script(const struct device *d, const char *script, char *command, char *last,
		      size_t last_size)
{
	char path[64], vif[32], name[160], file[128];
	char *argv[] = { file, command, "type_if=vif", NULL };
	char *variables[] = { path, vif, name, "XENBUS_TYPE=vif", "XENBUS_BASE_PATH=backend", NULL };

	snprintf(file, sizeof(file), "%s", script);
	snprintf(path, sizeof(path), "XENBUS_PATH=backend/vif/%u/%u", d->domid, d->id);
	snprintf(vif, sizeof(vif), "vif=vif%u.%u", d->domid, d->id);
	snprintf(name, sizeof(name), "script=%s", script);
	return program_run(argv, variables, SCRIPT_TIMEOUT_MS, last, last_size);
}

/* The script says in xenstore how it went; its exit status says only that it did not get so far. */
static int plug(struct hl *hl, const struct device *d, const char *script, struct diag *dg)
{
	char last[256], *status, *error;
	int rc = run_script(d, script, "online", last, sizeof(last));

	if (rc < 0)
		return rc == -ETIMEDOUT ?
			       diag_fail(dg, rc, "the script %s did not end within %d s%s%s", script,
					 SCRIPT_TIMEOUT_MS / 1000, *last ? "; it said last: " : "",
					 last) :
			       diag_fail(dg, rc, "cannot run the script %s: %s", script,
					 strerror(-rc));
	status = device_read_back(hl, d, "hotplug-status");
	error = device_read_back(hl, d, "hotplug-error");
	if (status && !strcmp(status, "connected"))
		rc = 0;
	else if (error)
		rc = diag_fail(dg, -EIO, "the script %s failed: %s", script, error);
	else
		rc = diag_fail(dg, -EIO,
			       "the script %s ended with status %d and did not say that the "
			       "interface is connected%s%s",
			       script, rc, *last ? "; it said last: " : "", last);
	free(status);
	free(error);
	return rc;
}

int vif_attach(struct hl *hl, uint32_t domid, const struct vif_config *v, struct diag *dg)
{
	struct device d = { .kind = "vif", .domid = domid, .id = v->id };
	struct diag ignored;
	char script[160], whose[160];
	int rc;

	program_script_path(v->script, script, sizeof(script));
	rc = write_directories(hl, &d, v, script, dg);
	if (rc)
		return rc;
	rc = device_wait_backend(hl, &d,
				 DEVICE_BIT(XenbusStateInitWait) | DEVICE_BIT(XenbusStateConnected),
				 DEVICE_TIMEOUT_MS, dg);
	if (!rc) {
		rc = plug(hl, &d, script, dg);
		if (rc)
			diag_prefix(dg, rc, device_label(hl, &d, whose, sizeof(whose)));
	}
	if (rc)
		device_remove(hl, &d, true, &ignored);
	return rc;
}

/* What the script says now helps nobody; its interface is gone with Dom0's driver. */
void vif_closed(struct hl *hl, const struct device *d)
{
	char *script = device_read_back(hl, d, "script"), last[256];

	if (script)
		run_script(d, script, "offline", last, sizeof(last));
	free(script);
}

static void copy_text(char *to, size_t size, char *from)
{
	snprintf(to, size, "%s", from ? from : "");
	free(from);
}

static bool collect(struct hl *hl, const struct device *d, struct vif_config *v)
{
	char *mac = device_read_back(hl, d, "mac"), *rate = device_read_back(hl, d, "rate");
	long mtu = device_number(device_read_back(hl, d, "mtu"));

	*v = (struct vif_config){ .id = d->id, .mtu = mtu > 0 ? mtu : 0 };
	v->has_mac = mac && vif_parse_mac(mac, v->mac);
	if (!rate || sscanf(rate, "%u,%u", &v->rate_bytes, &v->rate_interval_us) != 2)
		v->rate_bytes = 0;
	copy_text(v->bridge, sizeof(v->bridge), device_read_back(hl, d, "bridge"));
	copy_text(v->script, sizeof(v->script), device_read_back(hl, d, "script"));
	copy_text(v->ip, sizeof(v->ip), device_read_back(hl, d, "ip"));
	copy_text(v->vifname, sizeof(v->vifname), device_read_back(hl, d, "vifname"));
	copy_text(v->gatewaydev, sizeof(v->gatewaydev), device_read_back(hl, d, "gatewaydev"));
	free(mac);
	free(rate);
	return v->has_mac;
}

int vif_attach_all(struct hl *hl, const struct guest_config *c, uint32_t domid, struct diag *dg)
{
	int rc = 0;

	for (unsigned int i = 0; i < c->nr_vifs && !rc; i++)
		rc = vif_attach(hl, domid, &c->vif[i], dg);
	return rc;
}

/* With what came and went since; where that cannot be found out, as it was configured. */
void vif_remember(struct hl *hl, uint32_t domid, struct guest_config *c)
{
	struct device *list;
	int nr = device_list(hl, domid, "vif", &list);
	struct vif_config *now = nr < 0 ? NULL : calloc(nr + 1, sizeof(*now));

	if (now) {
		free(c->vif);
		c->vif = now;
		c->nr_vifs = 0;
		for (int i = 0; i < nr; i++)
			c->nr_vifs += collect(hl, &list[i], &now[c->nr_vifs]);
	}
	if (nr >= 0)
		free(list);
}
