/* SPDX-License-Identifier: GPL-2.0-only */
/* Seeds for cloud-init; see seed.h. The file system is made by mtools. */
#include "dom0-tools/device/seed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dom0-tools/device/program.h"

#define SEED_DIR	"/run/helium"
#define MAX_USER_DATA	(1UL << 20)
#define SECTORS		"8192"	/* 4 MiB: room for that, on a medium that FAT likes */
#define TIMEOUT_MS	30000

/* What user-data may begin with; anything else cloud-init passes over without a word. */
static const char *const beginnings[] = {
	"#cloud-config", "#!", "#include", "#cloud-boothook", "#part-handler", "#upstart-job",
	"Content-Type:", "MIME-Version:", "From ", "## template: jinja", "\x1f\x8b",
};

static bool begins_well(const char *text)
{
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (!strncmp(text, beginnings[i], strlen(beginnings[i])))
			return true;
	return false;
}

int seed_read(struct guest_config *c, struct diag *dg)
{
	FILE *in;
	int rc = 0;

	if (!c->cloud_init)
		return 0;
	in = fopen(c->cloud_init, "re");
	if (!in)
		return diag_fail(dg, -errno, "cloud_init: cannot read %s: %s", c->cloud_init,
				 strerror(errno));
	free(c->user_data);
	c->user_data = calloc(1, MAX_USER_DATA + 1);
	c->user_data_size = c->user_data ? fread(c->user_data, 1, MAX_USER_DATA + 1, in) : 0;
	if (!c->user_data)
		rc = diag_fail(dg, -ENOMEM, "no memory");
	else if (ferror(in))
		rc = diag_fail(dg, -EIO, "cloud_init: cannot read %s: %s", c->cloud_init,
			       strerror(errno));
	else if (c->user_data_size > MAX_USER_DATA)
		rc = diag_fail(dg, -EFBIG, "cloud_init: %s is larger than %lu KiB", c->cloud_init,
			       MAX_USER_DATA >> 10);
	else if (!begins_well(c->user_data))
		fprintf(stderr, "hl: warning: %s does not begin with #cloud-config: cloud-init will "
				"pass over it\n", c->cloud_init);
	fclose(in);
	return rc;
}

static void image_path(const struct guest_config *c, char *path, size_t size)
{
	snprintf(path, size, SEED_DIR "/%s.cidata", c->name);
}

static int write_file(const char *folder, const char *name, const char *data, size_t size,
		      struct diag *dg)
{
	char path[128];
	FILE *out;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "we");
	ok = out && fwrite(data, 1, size, out) == size;
	if (out && fclose(out))
		ok = false;
	return ok ? 0 : diag_fail(dg, -EIO, "cloud_init: cannot write %s: %s", path, strerror(errno));
}

static int run(char *const argv[], struct diag *dg)
{
	char last[256];
	int rc = program_run(argv, NULL, TIMEOUT_MS, last, sizeof(last));

	if (rc == -ENOENT)
		return diag_fail(dg, rc, "cloud_init: there is no %s: install mtools", argv[0]);
	return rc ? diag_fail(dg, -EIO, "cloud_init: %s failed: %s", argv[0],
			      *last ? last : "no reason given") : 0;
}

/*
 * mformat leaves an example of a partition table in the boot sector, and Linux would believe in it.
 */
static int clear_partitions(const char *image, struct diag *dg)
{
	static const char none[64];
	int fd = open(image, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && pwrite(fd, none, sizeof(none), 446) == sizeof(none);

	if (fd >= 0)
		close(fd);
	return ok ? 0 : diag_fail(dg, -EIO, "cloud_init: cannot write %s: %s", image, strerror(errno));
}

static int fill_image(const struct guest_config *c, const char *folder, char *image, struct diag *dg)
{
	char *format[] = { "mformat", "-C", "-i", image, "-v", "CIDATA", "-T", SECTORS, "::", NULL };
	char user[128], meta[128], uuid[37], text[256];
	char *copy[] = { "mcopy", "-i", image, user, meta, "::", NULL };
	int rc;

	config_format_uuid(c->uuid, uuid);
	snprintf(text, sizeof(text), "instance-id: %s\nlocal-hostname: %s\n", uuid, c->name);
	snprintf(user, sizeof(user), "%s/user-data", folder);
	snprintf(meta, sizeof(meta), "%s/meta-data", folder);
	rc = write_file(folder, "user-data", c->user_data, c->user_data_size, dg);
	if (!rc)
		rc = write_file(folder, "meta-data", text, strlen(text), dg);
	if (!rc)
		rc = run(format, dg);
	if (!rc)
		rc = run(copy, dg);
	if (!rc)
		rc = clear_partitions(image, dg);
	unlink(user);
	unlink(meta);
	return rc;
}

/* The seed as one more disk, under the first name of xvda, xvdb, ... that is free. */
static int list_disk(struct guest_config *c, const char *image, struct diag *dg)
{
	struct disk_config *grown;
	char text[256];

	for (unsigned int i = 0; i < c->nr_disks; i++)
		if (!strcmp(c->disk[i].target, image))
			return 0;
	grown = realloc(c->disk, (c->nr_disks + 1) * sizeof(*grown));
	if (!grown)
		return diag_fail(dg, -ENOMEM, "no memory");
	c->disk = grown;
	for (char letter = 'a'; letter <= 'z'; letter++) {
		struct disk_config *d = &c->disk[c->nr_disks];
		bool taken = false;

		snprintf(text, sizeof(text), "format=raw,vdev=xvd%c,access=r,target=%s", letter, image);
		if (disk_parse_argument(text, d, dg))
			return -EINVAL;
		for (unsigned int i = 0; i < c->nr_disks; i++)
			taken |= c->disk[i].id == d->id;
		if (taken)
			continue;
		c->nr_disks++;
		return 0;
	}
	return diag_fail(dg, -ENOSPC, "cloud_init: no name from xvda to xvdz is free for its disk");
}

int seed_make(struct guest_config *c, struct diag *dg)
{
	char folder[] = SEED_DIR "/seed-XXXXXX", image[128];
	mode_t mask;
	int rc;

	if (!c->user_data)
		return 0;
	mkdir(SEED_DIR, 0755);
	image_path(c, image, sizeof(image));
	unlink(image);
	mask = umask(077); /* there may be passwords in it */
	rc = mkdtemp(folder) ? fill_image(c, folder, image, dg)
			     : diag_fail(dg, -errno, "cloud_init: cannot make a folder in " SEED_DIR
						      ": %s", strerror(errno));
	umask(mask);
	rmdir(folder);
	if (!rc)
		rc = list_disk(c, image, dg);
	if (rc)
		unlink(image);
	return rc;
}

void seed_remove(const struct guest_config *c)
{
	char image[128];

	if (!c->user_data)
		return;
	image_path(c, image, sizeof(image));
	unlink(image);
}
