/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What PV devices of every kind share. A device is two directories of xenstore, the guest's (front)
 * and Dom0's (back), in which the guest's driver and Dom0's meet and show each other their states.
 * The guest owns its directory: nothing is believed that stands there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <xen/io/xenbus.h>
#include "dom0-tools/config/config.h"
#include "dom0-tools/lib/hl.h"

#define DEVICE_TIMEOUT_MS 20000	/* for a driver to do one step, on a slow and busy machine */
#define DEVICE_BIT(state) (1U << (state))

struct device {
	char kind[16];		/* "vif", "vbd" */
	uint32_t domid;		/* the guest's */
	unsigned int id;	/* unique in the guest, within its kind */
};

/* The contents of one directory; device_put() appends, and what does not fit is an error later. */
struct device_nodes {
	unsigned int nr;
	bool overflow;
	struct {
		const char *name;
		bool fixed; /* of the frontend's directory, but not the guest's to change */
		char value[512];
	} node[20];
};

void device_put(struct device_nodes *n, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A node that the guest finds in its own directory and can neither change nor take away. */
void device_put_fixed(struct device_nodes *n, const char *name, const char *value);
/*
 * Write both directories at once, with these nodes and those that every device has; the drivers see
 * it at once. -EEXIST when the guest has such a device.
 */
int device_add(struct hl *hl, const struct device *d, const struct device_nodes *front,
	       const struct device_nodes *back, struct diag *dg);
/*
 * Wait until the backend's state is one of states (bits by number). On a time-out -ETIMEDOUT and a
 * message that says what did not happen; -EIO when the backend reported an error meanwhile.
 */
int device_wait_backend(struct hl *hl, const struct device *d, unsigned int states, int timeout_ms,
			struct diag *dg);
/*
 * Take a device away. Without force the guest's driver is asked to let it go, and -EBUSY means that
 * it did not in time and that the device stays. With force it goes, whatever the guest does;
 * -ETIMEDOUT when even Dom0's driver does not let go.
 */
int device_remove(struct hl *hl, const struct device *d, bool force, struct diag *dg);
bool device_exists(struct hl *hl, const struct device *d);
/* All devices of a guest, or of all with DEVICE_ANY; of one kind, or of all with NULL. Returns how
 * many; the caller frees *list. */
#define DEVICE_ANY (~0U)
int device_list(struct hl *hl, uint32_t domid, const char *kind, struct device **list);
/* A node of the backend's or of the frontend's directory, NULL when it is not there. */
char *device_read_back(struct hl *hl, const struct device *d, const char *node);
char *device_read_front(struct hl *hl, const struct device *d, const char *node);
/* The number in such a node; -1 when there is none. For what a frontend says, too. */
long device_number(char *text_to_free);

/* "disk xvda of guest demo", for messages. Returns buf. */
const char *device_label(struct hl *hl, const struct device *d, char *buf, size_t size);

/* kinds.c: what is particular to one kind. */
struct device_kind {
	const char *name;	/* in xenstore; also of the backend's driver in Dom0's sysfs */
	const char *what;	/* in messages: "disk" */
	const char *module;	/* the backend's kernel module */
	/* The device's name for people, as xvda; NULL: its number. */
	void (*label)(unsigned int id, char *buf, size_t size);
	/* Attach what the configuration lists to a guest that was just built and is paused. */
	int (*attach_all)(struct hl *hl, const struct guest_config *c, uint32_t domid,
			  struct diag *dg);
	/* Undo what attaching did in Dom0: between its driver's end and the directory's. */
	void (*closed)(struct hl *hl, const struct device *d);
	/* Bring the configuration up to date with what the guest has now, for its next life; or NULL. */
	void (*remember)(struct hl *hl, uint32_t domid, struct guest_config *c);
};
extern const struct device_kind device_kinds[]; /* ends with an empty row */
const struct device_kind *device_kind(const char *name);
/* Has Dom0's driver got this one? Not when its module was taken away, or it was unbound. */
bool device_has_driver(const struct device *d);
/* Is the backend's driver there? Loads its module if not; -ENODEV with a message. */
int device_ready(const char *kind, struct diag *dg);
/* All that the configuration lists. On failure nothing of it is left. */
int devices_attach_all(struct hl *hl, const struct guest_config *c, uint32_t domid,
		       struct diag *dg);
/* Take away all devices of a guest that runs no more. Call it before the domain is destroyed: what
 * Dom0 has mapped keeps it from going. The message names the device that did not go. */
int devices_remove_all(struct hl *hl, uint32_t domid, struct diag *dg);
void devices_remember(struct hl *hl, uint32_t domid, struct guest_config *c);
