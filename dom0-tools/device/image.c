/* SPDX-License-Identifier: GPL-2.0-only */
/* What a disk's target is, and its block device; see image.h. */
#include "dom0-tools/device/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512

/* Formats by what they begin with. Only an image's owner writes there, or its guest, to its own harm. */
static const struct {
	const char *name;
	unsigned int at, size;
	const char *magic;
} formats[] = {
	{ "qcow2", 0, 4, "QFI\xfb" }, { "qed", 0, 4, "QED" },	      { "vmdk", 0, 4, "KDMV" },
	{ "vhd", 0, 8, "conectix" },  { "vhdx", 0, 8, "vhdxfile" },    { "vdi", 64, 4, "\x7f\x10\xda\xbe" },
};

static const char *format_of(int fd)
{
	char start[SECTOR] = "";

	if (pread(fd, start, sizeof(start), 0) < 0)
		return "raw";
	for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++)
		if (!memcmp(start + formats[f].at, formats[f].magic, formats[f].size))
			return formats[f].name;
	return "raw";
}

static int check_format(const struct disk_config *d, int fd, const struct stat *st, struct diag *dg)
{
	const char *is = format_of(fd), *said = disk_format_name(d->format);

	if (!strcmp(is, said) || (!strcmp(is, "raw") && d->format == DISK_RAW)) {
		if (S_ISREG(st->st_mode) && d->format == DISK_RAW && st->st_size < SECTOR)
			return diag_fail(dg, -EINVAL, "%s has %lld bytes, less than one sector",
					 d->target, (long long)st->st_size);
		return 0;
	}
	if (strcmp(is, "raw") && strcmp(is, "qcow2"))
		return diag_fail(dg, -EINVAL, "%s is a %s image, which hl does not know: qemu-img "
				 "convert makes raw or qcow2 of it", d->target, is);
	return diag_fail(dg, -EINVAL, "%s is a %s image, but the configuration says %s: write format=%s",
			 d->target, is, said, is);
}

/* Nobody in Dom0 may have it for itself: a mounted file system, a volume group, swap. */
static int check_free(const struct disk_config *d, struct diag *dg)
{
	int fd = open(d->target, O_RDONLY | O_EXCL | O_CLOEXEC);

	if (fd < 0 && errno == EBUSY)
		return diag_fail(dg, -EBUSY, "%s is busy: Dom0 uses it itself (mounted, or part of "
				 "something else: see lsblk)", d->target);
	if (fd >= 0)
		close(fd);
	return 0;
}

int image_check(struct image *i, const struct disk_config *d, struct diag *dg)
{
	int fd = open(d->target, (d->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK), rc;
	struct stat st;

	*i = (struct image){ .d = d, .fd = -1 };
	if (fd < 0)
		return diag_fail(dg, -errno, "cannot open %s%s: %s", d->target,
				 d->read_only ? "" : " for writing", strerror(errno));
	if (fstat(fd, &st))
		rc = diag_fail(dg, -errno, "%s: %s", d->target, strerror(errno));
	else if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		rc = diag_fail(dg, -EINVAL, "%s is no file and no block device", d->target);
	else if (d->want_phy && !S_ISBLK(st.st_mode))
		rc = diag_fail(dg, -EINVAL, "%s is a file, but phy needs a block device: leave phy out",
			       d->target);
	else
		rc = check_format(d, fd, &st, dg);
	close(fd);
	if (rc)
		return rc;
	i->is_block = S_ISBLK(st.st_mode);
	i->number = st.st_rdev;
	if (i->is_block)
		snprintf(i->id, sizeof(i->id), "block:%llx", (unsigned long long)st.st_rdev);
	else
		snprintf(i->id, sizeof(i->id), "file:%llx:%llu", (unsigned long long)st.st_dev,
			 (unsigned long long)st.st_ino);
	return i->is_block ? check_free(d, dg) : 0;
}

int image_open(struct image *i, struct diag *dg)
{
	int rc = 0;

	if (i->d->format == DISK_QCOW2) {
		rc = nbd_attach(i, dg);
	} else if (!i->is_block) {
		rc = loop_attach(i, dg);
	} else {
		i->fd = open(i->d->target, O_RDONLY | O_CLOEXEC);
		if (i->fd < 0)
			rc = diag_fail(dg, -errno, "cannot open %s: %s", i->d->target,
				       strerror(errno));
	}
	if (!rc)
		rc = partitions_check(i->fd, i->d, dg);
	if (rc)
		image_close(i);
	return rc;
}

void image_keep(struct image *i)
{
	if (i->d->format == DISK_RAW && !i->is_block)
		loop_keep(i);
	i->device[0] = 0;
}

void image_close(struct image *i)
{
	if (i->fd >= 0)
		close(i->fd);
	i->fd = -1;
	/* A loop device goes with its last user; qemu-nbd wants to be told. */
	if (i->d->format == DISK_QCOW2 && *i->device)
		nbd_detach(i->device);
	i->device[0] = 0;
}
