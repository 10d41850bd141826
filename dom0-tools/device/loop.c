/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Raw images as loop devices. Until the device stands in xenstore, it is freed when we close it
 * (autoclear), so that a command that is killed leaves none behind.
 */
#include "dom0-tools/device/image.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_TRIES 20	/* free devices that somebody else took first */

static int open_free(char *device, size_t size)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), n;

	if (control < 0)
		return -errno;
	n = ioctl(control, LOOP_CTL_GET_FREE);
	if (n < 0)
		n = -errno;
	close(control);
	if (n < 0)
		return n;
	snprintf(device, size, "/dev/loop%d", n);
	n = open(device, O_RDWR | O_CLOEXEC);
	return n < 0 ? -errno : n;
}

int loop_attach(struct image *i, struct diag *dg)
{
	const char *target = i->d->target;
	struct loop_config c = {
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO |
				 (i->d->read_only ? LO_FLAGS_READ_ONLY : 0),
	};
	int file = open(target, (i->d->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC), rc = 0;
	struct stat st;

	if (file < 0)
		return diag_fail(dg, -errno, "cannot open %s: %s", target, strerror(errno));
	c.fd = file;
	for (int try = 0; try < MAX_TRIES; try++) {
		i->fd = open_free(i->device, sizeof(i->device));
		rc = i->fd < 0 ? i->fd : ioctl(i->fd, LOOP_CONFIGURE, &c) ? -errno : 0;
		if (rc && i->fd >= 0)
			close(i->fd);
		if (rc != -EBUSY)
			break;
	}
	close(file);
	if (rc) {
		i->fd = -1;
		return diag_fail(dg, rc, "no loop device for %s: %s (is the module loop there?)",
				 target, strerror(-rc));
	}
	if (fstat(i->fd, &st))
		return diag_fail(dg, -errno, "%s: %s", i->device, strerror(errno));
	i->number = st.st_rdev;
	return 0;
}

void loop_keep(struct image *i)
{
	struct loop_info64 info;

	if (ioctl(i->fd, LOOP_GET_STATUS64, &info))
		return;
	info.lo_flags &= ~LO_FLAGS_AUTOCLEAR;
	ioctl(i->fd, LOOP_SET_STATUS64, &info);
}

void loop_detach(const char *device)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	ioctl(fd, LOOP_CLR_FD);
	close(fd);
}

int loop_resize(const char *device)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = ioctl(fd, LOOP_SET_CAPACITY) ? -errno : 0;
	close(fd);
	return rc;
}

static bool uses(const char *device, const struct image *i)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	struct loop_info64 info;
	char id[sizeof(i->id)] = "";

	if (fd < 0)
		return false;
	if (!ioctl(fd, LOOP_GET_STATUS64, &info) &&
	    !(i->d->read_only && info.lo_flags & LO_FLAGS_READ_ONLY))
		snprintf(id, sizeof(id), "file:%llx:%llu", (unsigned long long)info.lo_device,
			 (unsigned long long)info.lo_inode);
	close(fd);
	return !strcmp(id, i->id);
}

bool loop_find_user(const struct image *i, char *device, size_t size)
{
	glob_t g;
	bool found = false;

	if (glob("/sys/block/loop*/loop", 0, NULL, &g))
		return false;
	for (size_t n = 0; n < g.gl_pathc && !found; n++) {
		int length = strcspn(g.gl_pathv[n] + strlen("/sys/block/"), "/");

		snprintf(device, size, "/dev/%.*s", length, g.gl_pathv[n] + strlen("/sys/block/"));
		found = uses(device, i);
	}
	globfree(&g);
	return found;
}
