/* SPDX-License-Identifier: GPL-2.0-only */
/* qcow2 images as network block devices, which qemu-nbd serves by itself from then on. */
#include "dom0-tools/device/image.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM	"qemu-nbd"
#define READY_MS 10000	/* for the device to have its size */
#define END_MS	20000	/* for the image to be written to the medium */

extern char **environ;

/* Run argv; keep the last line that it says on stderr. Returns its exit status, or -errno. */
static int run(char *const argv[], char *said, size_t size)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int out[2], status, rc;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 2);
	/* Whoever builds a guest holds signals back; qemu-nbd ends by one. */
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attributes, &none);
	rc = posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	/* It closes its stderr when it goes into the background, with the device ready. */
	while (!rc && used + 1 < size && (n = read(out[0], said + used, size - 1 - used)) > 0)
		used += n;
	close(out[0]);
	while (used && isspace((unsigned char)said[used - 1]))
		used--;
	said[used] = 0;
	if (rc)
		return -rc;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static bool is_free(const char *name)
{
	char path[96], sectors[32] = "";
	FILE *in;

	snprintf(path, sizeof(path), "/sys/block/%s/pid", name);
	if (!access(path, F_OK))
		return false;
	snprintf(path, sizeof(path), "/sys/block/%s/size", name);
	in = fopen(path, "re");
	if (!in)
		return false;
	if (!fgets(sectors, sizeof(sectors), in))
		sectors[0] = 0;
	fclose(in);
	return !strtoull(sectors, NULL, 10);
}

static int find_free(char *device, size_t size, struct diag *dg)
{
	char *modprobe[] = { "modprobe", "-q", "nbd", NULL }, said[64];
	bool found = false;
	glob_t g;

	if (access("/sys/block/nbd0", F_OK))
		run(modprobe, said, sizeof(said));
	if (glob("/sys/block/nbd*", 0, NULL, &g))
		return diag_fail(dg, -ENODEV, "no network block devices for qcow2 images: Dom0's "
				 "kernel has no module nbd");
	for (size_t n = 0; n < g.gl_pathc && !found; n++) {
		const char *name = strrchr(g.gl_pathv[n], '/') + 1;

		found = is_free(name);
		snprintf(device, size, "/dev/%s", name);
	}
	globfree(&g);
	return found ? 0 : diag_fail(dg, -EBUSY, "all network block devices are in use: load the "
				     "module nbd with a larger nbds_max");
}

/* A socket on which the kernel tells of each device that changes, its size for instance. */
static int open_uevents(void)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof(from))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* qemu-nbd is back before its device has a size. Open it once it does; -1 with errno. */
static int open_ready(const char *device, int flags, int uevents)
{
	for (;;) {
		struct pollfd p = { .fd = uevents, .events = POLLIN };
		uint64_t bytes = 0;
		char drop[4096];
		int fd = open(device, flags | O_CLOEXEC);

		if (fd < 0 || (!ioctl(fd, BLKGETSIZE64, &bytes) && bytes))
			return fd;
		close(fd);
		errno = ETIMEDOUT;
		if (uevents < 0 || poll(&p, 1, READY_MS) <= 0)
			return -1;
		while (recv(uevents, drop, sizeof(drop), 0) > 0)
			;
	}
}

int nbd_attach(struct image *i, struct diag *dg)
{
	char connect[80], said[400];
	char *argv[] = { PROGRAM, connect, "--format=qcow2", "--discard=unmap", "--persistent",
			 i->d->read_only ? "--read-only" : NULL, NULL, NULL };
	struct stat st;
	int rc = find_free(i->device, sizeof(i->device), dg), uevents;

	if (rc)
		return rc;
	snprintf(connect, sizeof(connect), "--connect=%s", i->device);
	argv[i->d->read_only ? 6 : 5] = (char *)i->d->target;
	uevents = open_uevents();
	rc = run(argv, said, sizeof(said));
	if (!rc)
		i->fd = open_ready(i->device, i->d->read_only ? O_RDONLY : O_RDWR, uevents);
	if (uevents >= 0)
		close(uevents);
	if (rc)
		i->device[0] = 0; /* it is not ours to disconnect */
	if (rc == -ENOENT)
		return diag_fail(dg, rc, "qcow2 images need " PROGRAM ", which is not installed "
				 "(Debian: qemu-utils, Fedora: qemu-img)");
	if (rc)
		return diag_fail(dg, -EIO, "cannot serve %s: %s", i->d->target,
				 *said ? said : PROGRAM " failed without a word");
	if (i->fd < 0 || fstat(i->fd, &st)) {
		return diag_fail(dg, -errno, "%s: %s", i->device, strerror(errno));
	}
	i->number = st.st_rdev;
	return 0;
}

/* The process that serves a device, as a descriptor that is readable when it has ended; or -1. */
static int server_of(const char *device)
{
	char path[96], line[128];
	int thread = 0, process = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/sys/block/%s/pid", device + strlen("/dev/"));
	in = fopen(path, "re");
	if (!in || fscanf(in, "%d", &thread) != 1)
		thread = 0;
	if (in)
		fclose(in);
	snprintf(path, sizeof(path), "/proc/%d/status", thread);
	in = thread ? fopen(path, "re") : NULL;
	while (in && !process && fgets(line, sizeof(line), in))
		if (sscanf(line, "Tgid: %d", &process) != 1)
			process = 0;
	if (in)
		fclose(in);
	return process ? syscall(SYS_pidfd_open, process, 0) : -1;
}

void nbd_detach(const char *device)
{
	char *argv[] = { PROGRAM, "--disconnect", (char *)device, NULL }, said[64];
	struct pollfd server = { .fd = server_of(device), .events = POLLIN };

	run(argv, said, sizeof(said));
	/* The image is whole, and free for another, when its server has ended. */
	if (server.fd >= 0) {
		poll(&server, 1, END_MS);
		close(server.fd);
	}
}
