/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading a guest's kernel and ramdisk, with messages that name the file and the key. */
#include "dom0-tools/builder/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_SIZE (1ULL << 32)

static int read_all(int fd, uint8_t *to, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, to + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += n;
	}
	return 0;
}

static int file_read(const char *key, const char *path, uint8_t **data, size_t *size,
		     struct diag *dg)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	struct stat st;

	if (fd < 0)
		return diag_fail(dg, -errno, "%s: cannot read %s: %s", key, path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		rc = diag_fail(dg, -EINVAL, "%s: %s is not a file", key, path);
		goto out;
	}
	if (!st.st_size || st.st_size > MAX_FILE_SIZE) {
		rc = diag_fail(dg, -EINVAL, "%s: %s is %s", key, path,
			       st.st_size ? "too large" : "empty");
		goto out;
	}
	*size = st.st_size;
	*data = malloc(*size);
	if (!*data) {
		rc = diag_fail(dg, -ENOMEM, "%s: no memory to read %s (%zu MiB)", key, path,
			       *size >> 20);
		goto out;
	}
	rc = read_all(fd, *data, *size);
	if (rc) {
		diag_fail(dg, rc, "%s: cannot read %s: %s", key, path, strerror(-rc));
		free(*data);
		*data = NULL;
	}
out:
	close(fd);
	return rc;
}

int guest_files_read(struct guest_files *f, const struct guest_config *c, struct diag *dg)
{
	int rc;

	*f = (struct guest_files){ 0 };
	rc = file_read("kernel", c->kernel, &f->kernel_data, &f->kernel_size, dg);
	if (rc)
		return rc;
	rc = kernel_read(&f->kernel, f->kernel_data, f->kernel_size, c->kernel, dg);
	if (!rc && c->ramdisk)
		rc = file_read("ramdisk", c->ramdisk, &f->ramdisk, &f->ramdisk_size, dg);
	if (rc)
		guest_files_free(f);
	return rc;
}

void guest_files_free(struct guest_files *f)
{
	kernel_free(&f->kernel);
	free(f->kernel_data);
	free(f->ramdisk);
	*f = (struct guest_files){ 0 };
}
