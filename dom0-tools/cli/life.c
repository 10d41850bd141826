/* SPDX-License-Identifier: GPL-2.0-only */
/* hl pause, unpause, shutdown, reboot and destroy. */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "dom0-tools/builder/guest.h"

#define NOTE_S		10	/* then say once that the guest does not react */
#define MONITOR_S	5	/* for a guest's monitor to take down what has ended */
#define MAX_WAIT_S	86400

static int apply(struct cli *cli, int (*op)(struct hl *, uint32_t), const char *what)
{
	uint32_t domid;
	int rc;

	if (cli_find_domain(cli, cli->arg[0], &domid))
		return EXIT_FAILURE;
	if (!domid)
		return cli_error("cannot %s domain 0: nobody could undo it", what);
	rc = op(cli->hl, domid);
	if (rc == -EINVAL && op == hl_domain_unpause)
		return cli_error("%s is not paused", cli->arg[0]);
	return rc < 0 ? cli_error("cannot %s %s: %s", what, cli->arg[0], strerror(-rc)) : 0;
}

int cmd_pause(struct cli *cli)
{
	return apply(cli, hl_domain_pause, "pause");
}

int cmd_unpause(struct cli *cli)
{
	return apply(cli, hl_domain_unpause, "unpause");
}

int cmd_destroy(struct cli *cli)
{
	struct diag dg = { "" };
	uint32_t domid;

	if (cli_find_domain(cli, cli->arg[0], &domid))
		return EXIT_FAILURE;
	if (!domid && !cli_has(cli, 'f'))
		return cli_error("domain 0 is the one you are in; shut it down instead (poweroff)");
	if (guest_destroy(cli->hl, domid, &dg))
		return cli_failed(&dg);
	record_remove(domid);
	return 0;
}

/* Has the guest ended, or, after a reboot, become another domain? */
static bool has_ended(struct hl *hl, void *domid)
{
	struct xen_domctl_getdomaininfo info;

	return hl_domain_info(hl, *(uint32_t *)domid, &info) < 0 ||
	       (info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying));
}

/* Its devices are gone by then. That the rest of it is gone, too, oxenstored would not say. */
static bool is_taken_down(struct hl *hl, void *domid)
{
	struct xen_domctl_getdomaininfo info;

	return hl_domain_info(hl, *(uint32_t *)domid, &info) < 0 || (info.flags & XEN_DOMINF_dying);
}

/* All who are asked, and until when we wait for them. */
struct asked {
	unsigned int nr;
	uint32_t *domid;
	long end_s;		/* 0: for ever */
};

static long now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* A domain's end wakes whoever watches this. */
static int wait_until(struct hl *hl, bool (*done)(struct hl *, void *), uint32_t domid, long seconds)
{
	return store_wait(hl, (const char *[]){ "@releaseDomain", NULL }, done, &domid,
			  seconds * 1000);
}

static int wait_for(struct cli *cli, const struct asked *a, uint32_t domid)
{
	char name[128];
	bool noted = false;
	int rc;

	cli_domain_name(cli->hl, domid, name, sizeof(name));
	do {
		long left = a->end_s ? a->end_s - now_s() : NOTE_S;

		rc = wait_until(cli->hl, has_ended, domid, left < 0 ? 0 : left < NOTE_S ? left : NOTE_S);
		if (rc == -ETIMEDOUT && a->end_s && now_s() >= a->end_s)
			return cli_error("%s has not shut down within %s s (hl destroy %s ends it)",
					 name, cli->value['t'], name);
		if (rc == -ETIMEDOUT && !noted)
			fprintf(stderr, "hl: %s has not reacted for %d s; still waiting "
				"(hl destroy %s ends it)\n", name, NOTE_S, name);
		noted = true;
	} while (rc == -ETIMEDOUT);
	if (rc)
		return cli_error("cannot watch for the end of %s: %s", name, strerror(-rc));
	/* Its monitor takes it down, unless there is none, or it is to be kept. */
	wait_until(cli->hl, is_taken_down, domid, MONITOR_S);
	return 0;
}

static int ask(struct cli *cli, struct asked *a, uint32_t domid, const char *what)
{
	char name[128];
	int rc = store_write(cli->hl, what, "/local/domain/%u/control/shutdown", domid);

	cli_domain_name(cli->hl, domid, name, sizeof(name));
	if (rc < 0)
		return cli_error("cannot ask %s to %s: %s", name, what, strerror(-rc));
	printf("%s domain %u\n", strcmp(what, "reboot") ? "Shutting down" : "Rebooting", domid);
	fflush(stdout);
	a->domid[a->nr++] = domid;
	return 0;
}

static int ask_all(struct cli *cli, struct asked *a, const char *what)
{
	struct xen_domctl_getdomaininfo *list;
	int nr = hl_domain_list(cli->hl, &list), rc = 0;

	if (nr < 0)
		return cli_error("cannot list domains: %s", strerror(-nr));
	a->domid = calloc(nr + 1, sizeof(*a->domid));
	for (int i = 0; i < nr && a->domid; i++)
		if (list[i].domain && !(list[i].flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
			rc |= ask(cli, a, list[i].domain, what);
	free(list);
	return rc;
}

static int ask_named(struct cli *cli, struct asked *a, const char *what)
{
	int rc = 0;

	a->domid = calloc(cli->nr_args + 1, sizeof(*a->domid));
	for (int i = 0; i < cli->nr_args && a->domid; i++) {
		uint32_t domid;

		if (cli_find_domain(cli, cli->arg[i], &domid))
			rc = EXIT_FAILURE;
		else if (!domid)
			rc = cli_error("domain 0 is the one you are in; use its own %s command",
				       what);
		else
			rc |= ask(cli, a, domid, what);
	}
	return rc;
}

/* All are asked before the first is waited for. */
static int ask_each(struct cli *cli, const char *what)
{
	struct asked a = { 0 };
	unsigned long seconds;
	int rc;

	if (cli_has(cli, 'a') == (cli->nr_args > 0))
		return cli_usage(cli, "expected domains, or --all");
	if (cli_has(cli, 't') && (!cli_number(cli->value['t'], MAX_WAIT_S, &seconds) || !seconds))
		return cli_usage(cli, "the time-out must be 1 to %u seconds, not '%s'", MAX_WAIT_S,
				 cli->value['t']);
	if (cli_has(cli, 't'))
		a.end_s = now_s() + seconds;
	rc = cli_has(cli, 'a') ? ask_all(cli, &a, what) : ask_named(cli, &a, what);
	if (!a.domid)
		rc = cli_error("no memory");
	for (unsigned int i = 0; (cli_has(cli, 'w') || cli_has(cli, 't')) && i < a.nr; i++)
		rc |= wait_for(cli, &a, a.domid[i]);
	free(a.domid);
	return rc;
}

int cmd_shutdown(struct cli *cli)
{
	return ask_each(cli, "poweroff");
}

int cmd_reboot(struct cli *cli)
{
	return ask_each(cli, "reboot");
}
