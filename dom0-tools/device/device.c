/* SPDX-License-Identifier: GPL-2.0-only */
/* The xenstore side of PV devices; see device.h. */
#include "dom0-tools/device/device.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#define MAX_TRIES	20	/* transactions that others made fail */
#define PATH_ROOM	96

static void back_path(const struct device *d, char path[PATH_ROOM])
{
	snprintf(path, PATH_ROOM, "/local/domain/0/backend/%s/%u/%u", d->kind, d->domid, d->id);
}

static void front_path(const struct device *d, char path[PATH_ROOM])
{
	snprintf(path, PATH_ROOM, "/local/domain/%u/device/%s/%u", d->domid, d->kind, d->id);
}

void device_put(struct device_nodes *n, const char *name, const char *fmt, ...)
{
	va_list ap;
	int size;

	if (n->nr == sizeof(n->node) / sizeof(n->node[0])) {
		n->overflow = true;
		return;
	}
	n->node[n->nr].name = name;
	va_start(ap, fmt);
	size = vsnprintf(n->node[n->nr].value, sizeof(n->node[0].value), fmt, ap);
	va_end(ap);
	n->overflow |= size >= (int)sizeof(n->node[0].value);
	n->nr++;
}

void device_put_fixed(struct device_nodes *n, const char *name, const char *value)
{
	unsigned int at = n->nr;

	device_put(n, name, "%s", value);
	if (!n->overflow)
		n->node[at].fixed = true;
}

static int write_node(struct xs_handle *xs, xs_transaction_t t, const char *dir, const char *name,
		      const char *value, struct xs_permissions perms[2])
{
	char path[2 * PATH_ROOM];

	snprintf(path, sizeof(path), "%s%s%s", dir, *name ? "/" : "", name);
	return xs_write(xs, t, path, value, strlen(value)) &&
			       xs_set_permissions(xs, t, path, perms, 2) ?
		       0 :
		       -errno;
}

/* A directory that owner may write and reader may read, with its nodes. */
static int write_directory(struct xs_handle *xs, xs_transaction_t t, const char *dir,
			   uint32_t owner, uint32_t reader, const struct device_nodes *n)
{
	struct xs_permissions perms[2] = {
		{ .id = owner, .perms = XS_PERM_NONE }, { .id = reader, .perms = XS_PERM_READ },
	};
	struct xs_permissions fixed[2] = {
		{ .id = reader, .perms = XS_PERM_NONE }, { .id = owner, .perms = XS_PERM_READ },
	};
	int rc = write_node(xs, t, dir, "", "", perms);

	for (unsigned int i = 0; i < n->nr && !rc; i++)
		rc = write_node(xs, t, dir, n->node[i].name, n->node[i].value, n->node[i].fixed ? fixed : perms);
	return rc;
}

int device_add(struct hl *hl, const struct device *d, const struct device_nodes *front,
	       const struct device_nodes *back, struct diag *dg)
{
	struct device_nodes f = *front, b = *back;
	char fpath[PATH_ROOM], bpath[PATH_ROOM];
	struct xs_handle *xs = hl_store(hl);
	unsigned int nr;
	void *there;
	int rc = -EIO;

	if (!xs)
		return diag_fail(dg, -EIO, "xenstored does not answer (is it running?)");
	front_path(d, fpath);
	back_path(d, bpath);
	device_put(&f, "backend", "%s", bpath);
	device_put(&f, "backend-id", "0");
	device_put(&f, "state", "%u", XenbusStateInitialising);
	device_put(&b, "frontend", "%s", fpath);
	device_put(&b, "frontend-id", "%u", d->domid);
	device_put(&b, "online", "1");
	device_put(&b, "state", "%u", XenbusStateInitialising);
	if (f.overflow || b.overflow)
		return diag_fail(dg, -E2BIG, "%s %u: its description is too long", d->kind, d->id);
	for (int try = 0; try < MAX_TRIES; try++) {
		xs_transaction_t t = xs_transaction_start(xs);

		if (t == XBT_NULL)
			break;
		there = xs_read(xs, t, bpath, &nr);
		rc = there ? -EEXIST : 0;
		free(there);
		if (!rc)
			rc = write_directory(xs, t, fpath, d->domid, 0, &f);
		if (!rc)
			rc = write_directory(xs, t, bpath, 0, d->domid, &b);
		if (xs_transaction_end(xs, t, rc != 0) && !rc)
			return 0;
		if (rc || errno != EAGAIN)
			break;
	}
	return diag_fail(dg, rc ? rc : -errno, "xenstore: cannot write %s: %s", bpath,
			 strerror(rc ? -rc : errno));
}

char *device_read_back(struct hl *hl, const struct device *d, const char *node)
{
	char path[PATH_ROOM];

	back_path(d, path);
	return store_read(hl, "%s/%s", path, node);
}

char *device_read_front(struct hl *hl, const struct device *d, const char *node)
{
	char path[PATH_ROOM];

	front_path(d, path);
	return store_read(hl, "%s/%s", path, node);
}

long device_number(char *text)
{
	char *end;
	long n = text ? strtol(text, &end, 10) : -1;

	if (text && (end == text || *end))
		n = -1;
	free(text);
	return n;
}

bool device_exists(struct hl *hl, const struct device *d)
{
	char *front = device_read_back(hl, d, "frontend");
	bool there = front;

	free(front);
	return there;
}

const char *device_label(struct hl *hl, const struct device *d, char *buf, size_t size)
{
	char *guest = store_domain_name(hl, d->domid), name[32];
	const struct device_kind *k = device_kind(d->kind);

	snprintf(name, sizeof(name), "%u", d->id);
	if (k && k->label)
		k->label(d->id, name, sizeof(name));
	snprintf(buf, size, "%s %s of guest %s", k ? k->what : d->kind, name,
		 guest ? guest : "(gone)");
	free(guest);
	return buf;
}
