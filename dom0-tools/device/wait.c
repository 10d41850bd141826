/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for the drivers of a device, and taking it away; see device.h. */
#include "dom0-tools/device/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_ROOM 200

/* What Dom0's driver says is wrong; it writes it where all of Dom0's errors go. */
static char *backend_error(struct hl *hl, const struct device *d)
{
	return store_read(hl, "/local/domain/0/error/backend/%s/%u/%u/error", d->kind, d->domid,
			  d->id);
}

/* A directory that is gone counts as Closed. */
static long backend_state(struct hl *hl, const struct device *d)
{
	char *state = device_read_back(hl, d, "state");

	return state ? device_number(state) : XenbusStateClosed;
}

struct wait {
	const struct device *d;
	unsigned int states;
	long state;
};

static bool has_state(struct hl *hl, void *arg)
{
	struct wait *w = arg;

	w->state = backend_state(hl, w->d);
	return w->state >= 0 && w->state < 32 && (w->states & DEVICE_BIT(w->state));
}

static bool has_state_or_error(struct hl *hl, void *arg)
{
	struct wait *w = arg;
	char *error = backend_error(hl, w->d);
	bool failed = error;

	free(error);
	return has_state(hl, arg) || failed;
}

static int report_wait(struct hl *hl, const struct wait *w, int timeout_ms, struct diag *dg)
{
	const struct device_kind *k = device_kind(w->d->kind);
	const char *module = k ? k->module : "its backend";
	long front = device_number(device_read_front(hl, w->d, "state"));
	char *error = backend_error(hl, w->d), label[LABEL_ROOM];
	int rc = -ETIMEDOUT, seconds = timeout_ms / 1000;

	device_label(hl, w->d, label, sizeof(label));
	if (error)
		rc = diag_fail(dg, -EIO, "%s: Dom0's driver (%s) reports: %s", label, module,
			       error);
	else if (w->states & DEVICE_BIT(XenbusStateClosed))
		diag_fail(dg, rc, "%s: Dom0's driver (%s) did not close it within %d s; dmesg may "
			  "say why. Memory of the guest may stay mapped", label, module, seconds);
	else if (w->state < XenbusStateInitWait)
		diag_fail(dg, rc, "%s: Dom0's driver (%s) did not look at it within %d s; is it "
			  "loaded (lsmod)? dmesg may say more", label, module, seconds);
	else if (front < XenbusStateInitialised)
		diag_fail(dg, rc, "%s: the guest did not connect to it within %d s: does its "
			  "kernel have the driver, and is it up?", label, seconds);
	else
		diag_fail(dg, rc, "%s: the guest asked to connect, but Dom0's driver (%s) did not "
			  "within %d s; dmesg may say why", label, module, seconds);
	free(error);
	return rc;
}

int device_wait_backend(struct hl *hl, const struct device *d, unsigned int states, int timeout_ms,
			struct diag *dg)
{
	struct wait w = { .d = d, .states = states };
	char back[96], error[128];
	int rc;

	snprintf(back, sizeof(back), "/local/domain/0/backend/%s/%u/%u", d->kind, d->domid, d->id);
	snprintf(error, sizeof(error), "/local/domain/0/error/backend/%s/%u/%u", d->kind, d->domid,
		 d->id);
	rc = store_wait(hl, (const char *[]){ back, error, NULL }, has_state_or_error, &w,
			timeout_ms);
	if (!rc && has_state(hl, &w))
		return 0;
	if (rc && rc != -ETIMEDOUT)
		return diag_fail(dg, rc, "cannot watch xenstore: %s", strerror(-rc));
	return report_wait(hl, &w, timeout_ms, dg);
}

/* Until Dom0's driver has closed it; errors of the past do not matter. */
static int wait_closed(struct hl *hl, const struct device *d, struct diag *dg)
{
	struct wait w = { .d = d, .states = DEVICE_BIT(XenbusStateClosed) };
	char back[96];
	int rc;

	snprintf(back, sizeof(back), "/local/domain/0/backend/%s/%u/%u", d->kind, d->domid, d->id);
	rc = store_wait(hl, (const char *[]){ back, NULL }, has_state, &w, DEVICE_TIMEOUT_MS);
	return rc ? report_wait(hl, &w, DEVICE_TIMEOUT_MS, dg) : 0;
}

/*
 * Tell both drivers that it is over: Dom0's not to wait for the guest again, the guest's to close.
 * Where Dom0's is gone it is closed, and nobody else would say so.
 */
static void ask_to_close(struct hl *hl, const struct device *d)
{
	long state = backend_state(hl, d);
	const char *next = device_has_driver(d) ? "5" : "6";

	store_write(hl, "0", "/local/domain/0/backend/%s/%u/%u/online", d->kind, d->domid, d->id);
	if (state != XenbusStateClosed)
		store_write(hl, next, "/local/domain/0/backend/%s/%u/%u/state", d->kind, d->domid,
			    d->id);
}

/* Dom0's driver lets go by itself when the guest's directory goes. */
static void drop_front(struct hl *hl, const struct device *d)
{
	store_remove(hl, "/local/domain/%u/device/%s/%u", d->domid, d->kind, d->id);
}

/* Closed, or given up: the rest that is known of the device. */
static void forget(struct hl *hl, const struct device *d)
{
	const struct device_kind *k = device_kind(d->kind);

	if (k)
		k->closed(hl, d);
	drop_front(hl, d);
	store_remove(hl, "/local/domain/0/backend/%s/%u/%u", d->kind, d->domid, d->id);
	store_remove(hl, "/local/domain/0/error/backend/%s/%u/%u", d->kind, d->domid, d->id);
}

int device_remove(struct hl *hl, const struct device *d, bool force, struct diag *dg)
{
	char label[LABEL_ROOM];
	int rc;

	device_label(hl, d, label, sizeof(label));
	if (!device_exists(hl, d))
		return diag_fail(dg, -ENOENT, "%s: there is no such device", label);
	ask_to_close(hl, d);
	if (force)
		drop_front(hl, d);
	rc = wait_closed(hl, d, dg);
	if (rc == -ETIMEDOUT && !force)
		return diag_fail(dg, -EBUSY, "%s: the guest did not let go of it within %d s, so it "
				 "stays: stop using it there and try again, or take it away with "
				 "--force", label, DEVICE_TIMEOUT_MS / 1000);
	forget(hl, d);
	return rc;
}

int devices_remove_all(struct hl *hl, uint32_t domid, struct diag *dg)
{
	struct device *list;
	int nr = device_list(hl, domid, NULL, &list), rc = 0;

	if (nr < 0)
		return diag_fail(dg, nr, "cannot look for the domain's devices: %s", strerror(-nr));
	/* All at once, then one after the other. */
	for (int i = 0; i < nr; i++) {
		ask_to_close(hl, &list[i]);
		drop_front(hl, &list[i]);
	}
	for (int i = 0; i < nr; i++) {
		struct diag one = { "" };
		int bad = wait_closed(hl, &list[i], &one);

		if (bad) {
			rc = bad;
			*dg = one;
		}
		forget(hl, &list[i]);
	}
	for (const struct device_kind *k = device_kinds; k->name; k++)
		store_remove(hl, "/local/domain/0/backend/%s/%u", k->name, domid);
	free(list);
	return rc;
}
