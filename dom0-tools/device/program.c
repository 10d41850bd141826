/* SPDX-License-Identifier: GPL-2.0-only */
/* Running other programs; see program.h. */
#include "dom0-tools/device/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_VARIABLES	256
#define XEN_SCRIPTS	"/etc/xen/scripts"

/* stdin from nowhere, stdout and stderr to out, a group and signals of its own. */
static int spawn(char *const argv[], char *const env[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int rc;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none); /* create holds some back while it builds */
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, out, 2);
	rc = posix_spawnp(pid, argv[0], &files, &attr, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return -rc;
}

static int wait_for(pid_t pid, int timeout_ms)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int status, ready = p.fd < 0 ? 1 : poll(&p, 1, timeout_ms);

	if (p.fd >= 0)
		close(p.fd);
	if (!ready)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!ready)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void read_last_line(int out, char *last, size_t size)
{
	off_t end = lseek(out, 0, SEEK_END);
	char *line;
	ssize_t n;

	n = pread(out, last, size - 1, end < (off_t)size ? 0 : end - (off_t)size + 1);
	last[n < 0 ? 0 : n] = 0;
	while (*last && last[strlen(last) - 1] == '\n')
		last[strlen(last) - 1] = 0;
	line = strrchr(last, '\n');
	if (line)
		memmove(last, line + 1, strlen(line));
}

int program_run(char *const argv[], char *const variables[], int timeout_ms, char *last,
		size_t last_size)
{
	char *env[MAX_VARIABLES + 1];
	int out = memfd_create("output", MFD_CLOEXEC), nr = 0, rc;
	pid_t pid;

	*last = 0;
	if (out < 0)
		return -errno;
	for (; variables && variables[nr]; nr++)
		env[nr] = variables[nr];
	for (char **e = environ; *e && nr < MAX_VARIABLES; e++)
		env[nr++] = *e;
	env[nr] = NULL;
	rc = spawn(argv, env, out, &pid);
	if (!rc) {
		rc = wait_for(pid, timeout_ms);
		read_last_line(out, last, last_size);
	}
	close(out);
	return rc;
}

void program_script_path(const char *name, char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (*name == '/') {
		snprintf(path, size, "%s", name);
		return;
	}
	/* PREFIX/sbin/hl has them in PREFIX/lib/helium */
	self[n < 0 ? 0 : n] = 0;
	for (int up = 0; up < 2; up++) {
		slash = strrchr(self, '/');
		if (slash)
			*slash = 0;
	}
	snprintf(path, size, "%s/lib/helium/%s", self, name);
	if (access(path, X_OK))
		snprintf(path, size, XEN_SCRIPTS "/%s", name);
}
