/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaching disks; see disk.h. Beside the nodes that the block backend wants, ours say which image
 * it is (hl-image), in which words it was configured (hl-spec) and what to free in the end (hl-device).
 */
#include "dom0-tools/device/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "dom0-tools/device/image.h"

#define SECTOR	512
#define KIND	"vbd"

/* Which image a device has; one that other tools attached is known by its block device. */
static char *image_of(struct hl *hl, const struct device *d)
{
	char *id = device_read_back(hl, d, "hl-image"), *number;
	unsigned int major, minor;

	if (id)
		return id;
	number = device_read_back(hl, d, "physical-device");
	if (number && sscanf(number, "%x:%x", &major, &minor) == 2 &&
	    asprintf(&id, "block:%llx", (unsigned long long)makedev(major, minor)) < 0)
		id = NULL;
	free(number);
	return id;
}

/* Two that write one image destroy it, and so does one that writes what another reads. */
static int check_sharing(struct hl *hl, const struct image *i, struct diag *dg)
{
	struct device *list;
	int nr = device_list(hl, DEVICE_ANY, KIND, &list), rc = 0;
	char device[64];

	if (nr < 0)
		return diag_fail(dg, nr, "cannot look at the guests' disks: %s", strerror(-nr));
	for (int n = 0; n < nr && !rc; n++) {
		char *mode = device_read_back(hl, &list[n], "mode"), label[200];
		char *id = image_of(hl, &list[n]);
		bool writes = !mode || *mode == 'w';

		device_label(hl, &list[n], label, sizeof(label));
		if (id && !strcmp(id, i->id) && (writes || !i->d->read_only))
			rc = diag_fail(dg, -EBUSY, "%s is in use: it is %s, which may %s it. Several "
				       "guests can have an image only if all of them have it "
				       "read-only", i->d->target, label, writes ? "write" : "read");
		free(mode);
		free(id);
	}
	free(list);
	if (!rc && loop_find_user(i, device, sizeof(device)))
		rc = diag_fail(dg, -EBUSY, "%s is busy: Dom0 uses it itself, as %s", i->d->target,
			       device);
	return rc;
}

/*
 * A CD is shown as a disk that cannot be written: Linux takes a PVH guest for one with an emulated
 * drive, and leaves paravirtual CDs to that.
 */
static int write_nodes(struct hl *hl, const struct device *dev, const struct image *i,
		       struct diag *dg)
{
	struct device_nodes front = { 0 }, back = { 0 };
	const struct disk_config *d = i->d;

	device_put(&front, "virtual-device", "%u", d->id);
	device_put(&front, "device-type", "disk");
	device_put(&back, "dev", "%s", d->vdev);
	device_put(&back, "params", "%s", d->target);
	device_put(&back, "type", "phy");
	device_put(&back, "mode", "%s", d->read_only ? "r" : "w");
	device_put(&back, "device-type", "disk");
	device_put(&back, "removable", "%d", d->cdrom);
	device_put(&back, "bootable", "1");
	device_put(&back, "discard-enable", "%d", !d->no_discard);
	device_put(&back, "physical-device", "%x:%x", major(i->number), minor(i->number));
	device_put(&back, "physical-device-path", "%s", *i->device ? i->device : d->target);
	device_put(&back, "hotplug-status", "connected");
	device_put(&back, "hl-image", "%s", i->id);
	device_put(&back, "hl-spec", "%s", d->text);
	if (*i->device)
		device_put(&back, "hl-device", "%s", i->device);
	return device_add(hl, dev, &front, &back, dg);
}

static int check_image(struct hl *hl, const struct disk_config *d, struct image *i, struct diag *dg)
{
	int rc = device_ready(KIND, dg);

	if (!rc)
		rc = image_check(i, d, dg);
	return rc ? rc : check_sharing(hl, i, dg);
}

int disks_check(struct hl *hl, const struct guest_config *c, struct diag *dg)
{
	struct image i;
	int rc = 0;

	for (unsigned int n = 0; n < c->nr_disks && !rc; n++) {
		rc = check_image(hl, &c->disk[n], &i, dg);
		if (rc)
			diag_prefix(dg, rc, c->disk[n].vdev);
	}
	return rc ? diag_prefix(dg, rc, c->name) : 0;
}

static int attach_image(struct hl *hl, const struct device *dev, struct image *i, struct diag *dg)
{
	int rc = image_open(i, dg);

	if (rc)
		return rc;
	rc = write_nodes(hl, dev, i, dg);
	if (!rc)
		image_keep(i);
	/* From here on disk_closed frees the image's device. */
	image_close(i);
	return rc;
}

int disk_attach(struct hl *hl, uint32_t domid, const struct disk_config *d, bool wait_for_guest,
		struct diag *dg)
{
	const unsigned int connected = DEVICE_BIT(XenbusStateConnected);
	const unsigned int seen = DEVICE_BIT(XenbusStateInitWait) |
				  DEVICE_BIT(XenbusStateInitialised) | connected;
	struct device dev = { .kind = KIND, .domid = domid, .id = d->id };
	struct diag ignored;
	struct image i;
	int rc;

	if (device_exists(hl, &dev))
		return diag_fail(dg, -EEXIST, "the guest has a disk %s already: choose another name",
				 d->vdev);
	rc = check_image(hl, d, &i, dg);
	if (!rc)
		rc = attach_image(hl, &dev, &i, dg);
	if (rc)
		return diag_prefix(dg, rc, d->vdev);
	rc = device_wait_backend(hl, &dev, wait_for_guest ? connected : seen, DEVICE_TIMEOUT_MS,
				 dg);
	if (rc)
		device_remove(hl, &dev, true, &ignored);
	return rc;
}

int disk_attach_all(struct hl *hl, const struct guest_config *c, uint32_t domid, struct diag *dg)
{
	int rc = 0;

	for (unsigned int i = 0; i < c->nr_disks && !rc; i++)
		rc = disk_attach(hl, domid, &c->disk[i], false, dg);
	return rc;
}

static bool is_nbd(const char *device)
{
	return !strncmp(device, "/dev/nbd", 8);
}

void disk_closed(struct hl *hl, const struct device *d)
{
	char *device = device_read_back(hl, d, "hl-device");

	if (device && is_nbd(device))
		nbd_detach(device);
	else if (device)
		loop_detach(device);
	free(device);
}

void disk_remember(struct hl *hl, uint32_t domid, struct guest_config *c)
{
	struct device *list;
	int nr = device_list(hl, domid, KIND, &list);
	struct disk_config *disk = calloc(nr < 0 ? 0 : nr + 1, sizeof(*disk));

	if (nr < 0 || !disk)
		goto out;
	free(c->disk);
	c->disk = disk;
	c->nr_disks = 0;
	for (int n = 0; n < nr; n++) {
		char *spec = device_read_back(hl, &list[n], "hl-spec");
		struct diag ignored;

		if (spec && !disk_parse_argument(spec, &disk[c->nr_disks], &ignored))
			c->nr_disks++;
		free(spec);
	}
	disk = NULL;
out:
	free(disk);
	if (nr > 0)
		free(list);
}

/*
 * The backend looks at its device's size when a request comes; the guest learns it when the
 * backend's state is written again. So this does what the backend would do with the next request.
 */
static int tell_guest(struct hl *hl, const struct device *d, uint64_t sectors)
{
	char text[24];
	int rc;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)sectors);
	rc = store_write(hl, text, "/local/domain/0/backend/" KIND "/%u/%u/sectors", d->domid, d->id);
	if (!rc && device_number(device_read_back(hl, d, "state")) == XenbusStateConnected)
		rc = store_write(hl, "4", "/local/domain/0/backend/" KIND "/%u/%u/state", d->domid,
				 d->id);
	return rc;
}

static int size_of(const char *device, uint64_t *sectors)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC), rc;
	uint64_t bytes = 0;

	if (fd < 0)
		return -errno;
	rc = ioctl(fd, BLKGETSIZE64, &bytes) ? -errno : 0;
	close(fd);
	*sectors = bytes / SECTOR;
	return rc;
}

int disk_resize(struct hl *hl, const struct device *d, uint64_t *sectors, struct diag *dg)
{
	char *path = device_read_back(hl, d, "physical-device-path");
	char *ours = device_read_back(hl, d, "hl-device"), label[200];
	int rc = 0;

	device_label(hl, d, label, sizeof(label));
	if (!path)
		rc = diag_fail(dg, -ENOENT, "%s: there is no such device", label);
	else if (ours && is_nbd(ours))
		rc = diag_fail(dg, -EOPNOTSUPP, "%s: a qcow2 image cannot change its size while it is "
			       "attached: detach it, qemu-img resize, attach it again", label);
	else if (ours)
		rc = loop_resize(ours);
	if (!rc)
		rc = size_of(path, sectors);
	if (!rc)
		rc = tell_guest(hl, d, *sectors);
	if (rc && path && !(ours && is_nbd(ours)))
		diag_fail(dg, rc, "%s: cannot take over its new size: %s", label, strerror(-rc));
	free(path);
	free(ours);
	return rc;
}
