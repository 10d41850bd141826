/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One small process per guest that acts on the guest's end as on_poweroff, on_reboot and on_crash
 * say. It sleeps on xenstore's @releaseDomain, which fires when any domain shuts down or is gone.
 * Forked by create, so it holds the configuration; it opens its own door to the hypervisor.
 */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xen/sched.h>
#include <xenstore.h>
#include "dom0-tools/builder/guest.h"
#include "dom0-tools/device/seed.h"
#include "dom0-tools/device/vif.h"

#define LOG_DIR		"/var/log/helium"
#define LAST_WORDS_US	200000	/* for the console to pass on what the guest said last */
#define MIN_LIFE_S	1	/* a guest that ends sooner is not restarted, or it would spin */

static void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *fmt, ...)
{
	time_t now = time(NULL);
	char stamp[32];
	va_list ap;

	strftime(stamp, sizeof(stamp), "%F %T", localtime(&now));
	printf("%s ", stamp);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* What the configuration wants for a shutdown reason. */
static enum guest_action action_for(const struct guest_config *c, unsigned int reason,
				    const char **word)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		*word = "powered off";
		return c->on_poweroff;
	case SHUTDOWN_reboot:
		*word = "rebooted";
		return c->on_reboot;
	case SHUTDOWN_suspend:
		*word = "suspended";
		return ACTION_PRESERVE;
	default:
		*word = "crashed";
		return c->on_crash;
	}
}

/* Build the guest anew; domid becomes the new one's. */
static int restart(struct hl *hl, struct guest_config *c, uint32_t *domid)
{
	struct guest_files f;
	struct diag dg = { "" };
	int rc = guest_files_read(&f, c, &dg), lock;

	if (!rc) {
		lock = record_lock();
		rc = seed_make(c, &dg);
		if (!rc)
			rc = vifs_prepare(hl, c, &dg);
		if (!rc)
			rc = guest_create(hl, c, &f, domid, &dg);
		seed_remove(c);
		if (lock >= 0)
			close(lock);
		guest_files_free(&f);
	}
	if (!rc)
		rc = hl_domain_unpause(hl, *domid);
	if (rc) {
		note("cannot restart %s: %s", c->name, dg.text);
		return rc;
	}
	record_save(c, *domid);
	note("%s is domain %u now", c->name, *domid);
	return 0;
}

/*
 * The old domain keeps its UUID, with -ID behind its name; the new one gets a UUID of its own, and
 * the devices, which not both can have.
 */
static void rename_old(struct hl *hl, struct guest_config *c, uint32_t domid)
{
	struct diag dg;
	char name[128];

	if (devices_remove_all(hl, domid, &dg))
		note("%s", dg.text);
	snprintf(name, sizeof(name), "%s-%u", c->name, domid);
	store_write(hl, name, "/local/domain/%u/name", domid);
	cli_new_uuid(c);
}

static int monotonic_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* The guest has shut down. 0: a new one runs, with id *domid; 1: nothing is left to watch. */
static int handle_end(struct hl *hl, struct guest_config *c, uint32_t *domid, unsigned int reason,
		      int born_s)
{
	const char *word;
	enum guest_action a = action_for(c, reason, &word);
	struct diag dg;

	note("domain %u (%s) %s: %s", *domid, c->name, word, config_action_name(a));
	if (a == ACTION_PRESERVE)
		return 1;
	devices_remember(hl, *domid, c);
	nodes_remember(hl, *domid, c);
	if (a == ACTION_RENAME_RESTART) {
		rename_old(hl, c, *domid);
	} else {
		usleep(LAST_WORDS_US);
		record_remove(*domid);
		if (guest_destroy(hl, *domid, &dg))
			note("%s", dg.text);
	}
	if (a == ACTION_DESTROY)
		return 1;
	if (monotonic_s() - born_s < MIN_LIFE_S) {
		note("%s ended within %d s of its start; not restarting it", c->name, MIN_LIFE_S);
		return 1;
	}
	return restart(hl, c, domid) ? 1 : 0;
}

/* Take a new name that hl rename has given. */
static void follow_name(struct hl *hl, struct guest_config *c, uint32_t domid)
{
	char *name = store_domain_name(hl, domid);

	if (name && config_name_ok(name)) {
		free(c->name);
		c->name = name;
	} else {
		free(name);
	}
}

int monitor_run(struct hl *hl, struct guest_config *c, uint32_t domid)
{
	struct xs_handle *xs = hl_store(hl);
	int born_s = monotonic_s();

	if (!xs || !xs_watch(xs, "@releaseDomain", "end")) {
		note("cannot watch xenstore: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	for (;;) {
		struct xen_domctl_getdomaininfo info;
		unsigned int nr, reason;
		struct diag dg;
		char **event = xs_read_watch(xs, &nr);

		if (!event)
			return EXIT_FAILURE;
		free(event);
		if (hl_domain_info(hl, domid, &info) < 0 || (info.flags & XEN_DOMINF_dying)) {
			note("domain %u is gone", domid);
			if (devices_remove_all(hl, domid, &dg))
				note("%s", dg.text);
			return 0;
		}
		if (!(info.flags & XEN_DOMINF_shutdown))
			continue;
		reason = info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
		follow_name(hl, c, domid);
		if (handle_end(hl, c, &domid, reason, born_s))
			return 0;
		born_s = monotonic_s();
	}
}

/* stdin from nowhere, stdout and stderr to the guest's log. */
static void redirect(const char *name)
{
	char path[160];
	int in = open("/dev/null", O_RDONLY), out;

	mkdir(LOG_DIR, 0755);
	snprintf(path, sizeof(path), LOG_DIR "/hl-%s.log", name);
	out = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (out < 0)
		out = open("/dev/null", O_WRONLY);
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	/* Whoever waits for the end of create's output must not wait for us. */
	for (int fd = 3; fd < 256; fd++)
		close(fd);
}

static void monitor_child(struct guest_config *c, uint32_t domid)
{
	struct diag dg = { "" };
	struct hl *hl;

	setsid();
	redirect(c->name);
	if (chdir("/"))
		note("cannot go to /: %s", strerror(errno));
	hl = hl_open(&dg);
	if (!hl) {
		note("%s", dg.text);
		_exit(EXIT_FAILURE);
	}
	note("watching domain %u (%s)", domid, c->name);
	_exit(monitor_run(hl, c, domid));
}

int monitor_start(struct guest_config *c, uint32_t domid, struct diag *dg)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return diag_fail(dg, -errno, "cannot fork a monitor: %s", strerror(errno));
	if (!pid) {
		/* Twice, so that init and not the terminal's shell inherits it. */
		pid = fork();
		if (!pid)
			monitor_child(c, domid);
		_exit(pid < 0);
	}
	if (waitpid(pid, &status, 0) < 0 || status)
		return diag_fail(dg, -EAGAIN, "cannot fork a monitor");
	return 0;
}
