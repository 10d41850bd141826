/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xenstore nodes of a guest, as libxl writes them for a PVH guest without devices, in one
 * transaction. The guest may read its own directory and write only where a row says so.
 */
#include "dom0-tools/builder/guest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <xenstore.h>
#include "dom0-tools/builder/layout.h"

#define CONSOLE_LIMIT	"1048576"	/* bytes that xenconsoled keeps for a slow reader */
#define MAX_TRIES	20		/* transactions that others made fail */

struct nodes {
	struct xs_handle *xs;
	xs_transaction_t t;
	uint32_t domid;
	char dir[64], vm[64];
	int rc;			/* of the first failure; the rest is skipped */
};

static void put(struct nodes *n, bool guest_writes, const char *dir, const char *node,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void put(struct nodes *n, bool guest_writes, const char *dir, const char *node,
		const char *fmt, ...)
{
	struct xs_permissions read_only[] = {
		{ .id = 0, .perms = XS_PERM_NONE }, { .id = n->domid, .perms = XS_PERM_READ },
	};
	struct xs_permissions writable[] = { { .id = n->domid, .perms = XS_PERM_NONE } };
	char path[256], value[256];
	va_list ap;

	if (n->rc)
		return;
	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s%s%s", dir, *node ? "/" : "", node);
	if (!xs_write(n->xs, n->t, path, value, strlen(value)) ||
	    !xs_set_permissions(n->xs, n->t, path, guest_writes ? writable : read_only,
				guest_writes ? 1 : 2))
		n->rc = -errno;
}

static void put_static(struct nodes *n)
{
	static const char *const guests[] = {
		"control/shutdown", "control/feature-poweroff", "control/feature-reboot",
		"control/feature-suspend", "control/sysrq", "device/suspend/event-channel", "data",
		"drivers", "feature", "attr", "error",
	};
	static const char *const ours[] = {
		"cpu", "memory", "device", "control", "console", "store"
	};

	put(n, false, n->dir, "", "%s", "");
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		put(n, false, n->dir, ours[i], "%s", "");
	put(n, false, n->dir, "device/suspend", "%s", "");
	for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++)
		put(n, true, n->dir, guests[i], "%s", "");
	put(n, false, n->dir, "control/platform-feature-multiprocessor-suspend", "1");
	put(n, false, n->dir, "control/platform-feature-xs_reset_watches", "1");
}

static void put_identity(struct nodes *n, const struct guest_config *c, const char *uuid)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	put(n, false, n->vm, "", "%s", "");
	put(n, false, n->vm, "uuid", "%s", uuid);
	put(n, false, n->vm, "name", "%s", c->name);
	put(n, false, n->vm, "start_time", "%lld.%02d", (long long)now.tv_sec,
	    (int)now.tv_usec / 10000);
	put(n, false, n->dir, "vm", "%s", n->vm);
	put(n, false, n->dir, "name", "%s", c->name);
	put(n, false, n->dir, "domid", "%u", n->domid);
}

static void put_resources(struct nodes *n, const struct guest_config *c,
			  const struct guest_ports *ports)
{
	char node[32];

	put(n, false, n->dir, "memory/static-max", "%llu", c->maxmem_mib * 1024ULL);
	put(n, false, n->dir, "memory/target", "%llu", c->memory_mib * 1024ULL);
	put(n, false, n->dir, "memory/videoram", "-1");
	for (unsigned int v = 0; v < c->maxvcpus; v++) {
		snprintf(node, sizeof(node), "cpu/%u", v);
		put(n, false, n->dir, node, "%s", "");
		snprintf(node, sizeof(node), "cpu/%u/availability", v);
		put(n, false, n->dir, node, "%s", v < c->vcpus ? "online" : "offline");
	}
	put(n, false, n->dir, "store/port", "%u", ports->store);
	put(n, false, n->dir, "store/ring-ref", "%llu", GUEST_STORE_GFN);
	put(n, false, n->dir, "console/backend-id", "0");
	put(n, false, n->dir, "console/limit", "%s", CONSOLE_LIMIT);
	put(n, false, n->dir, "console/type", "xenconsoled");
	put(n, false, n->dir, "console/output", "pty");
	put(n, false, n->dir, "console/tty", "%s", "");
	put(n, false, n->dir, "console/port", "%u", ports->console);
	put(n, false, n->dir, "console/ring-ref", "%llu", GUEST_CONSOLE_GFN);
}

int nodes_write(struct hl *hl, const struct guest_config *c, uint32_t domid,
		const struct guest_ports *ports, struct diag *dg)
{
	struct nodes n = { .xs = hl_store(hl), .domid = domid };
	char text[37];

	if (!n.xs)
		return diag_fail(dg, -EIO, "xenstored does not answer: %s (is it running?)",
				 strerror(errno));
	config_format_uuid(c->uuid, text);
	snprintf(n.dir, sizeof(n.dir), "/local/domain/%u", domid);
	snprintf(n.vm, sizeof(n.vm), "/vm/%s", text);
	for (int try = 0; try < MAX_TRIES; try++) {
		n.rc = 0;
		n.t = xs_transaction_start(n.xs);
		if (n.t == XBT_NULL)
			break;
		put_static(&n);
		put_identity(&n, c, text);
		put_resources(&n, c, ports);
		if (xs_transaction_end(n.xs, n.t, n.rc != 0) && !n.rc)
			goto introduce;
		if (n.rc || errno != EAGAIN)
			break;
	}
	if (!n.rc)
		n.rc = -errno;
	return diag_fail(dg, n.rc, "xenstore: cannot write %s: %s", n.dir, strerror(-n.rc));
introduce:
	if (!xs_introduce_domain(n.xs, domid, GUEST_STORE_GFN, ports->store))
		return diag_fail(dg, -errno, "xenstored does not take the domain on: %s",
				 strerror(errno));
	return 0;
}

void nodes_remove(struct hl *hl, uint32_t domid)
{
	char *vm = store_read(hl, "/local/domain/%u/vm", domid);

	store_remove(hl, "/local/domain/%u", domid);
	if (vm && !strncmp(vm, "/vm/", 4))
		store_remove(hl, "%s", vm);
	free(vm);
}

void nodes_remember(struct hl *hl, uint32_t domid, struct guest_config *c)
{
	char *target = store_read(hl, "/local/domain/%u/memory/target", domid);
	unsigned long mib = target ? strtoul(target, NULL, 10) / 1024 : 0;

	free(target);
	if (mib && mib <= c->maxmem_mib)
		c->memory_mib = mib;
	c->vcpus = 1;
	for (unsigned int v = 1; v < c->maxvcpus; v++) {
		char *offer = store_read(hl, "/local/domain/%u/cpu/%u/availability", domid, v);

		c->vcpus += offer && !strcmp(offer, "online");
		free(offer);
	}
}
