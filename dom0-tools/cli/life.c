/* SPDX-License-Identifier: GPL-2.0-only */
/* hl pause, unpause, shutdown, reboot and destroy. */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dom0-tools/builder/guest.h"

#define WAIT_STEP_US	100000
#define WAIT_NOTE_STEPS	100	/* after 10 s say once that the guest does not react */

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
static bool has_ended(struct hl *hl, uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;

	return hl_domain_info(hl, domid, &info) < 0 ||
	       (info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying));
}

static int ask(struct cli *cli, uint32_t domid, const char *what)
{
	char name[128];
	int rc = store_write(cli->hl, what, "/local/domain/%u/control/shutdown", domid);

	cli_domain_name(cli->hl, domid, name, sizeof(name));
	if (rc < 0)
		return cli_error("cannot ask %s to %s: %s", name, what, strerror(-rc));
	printf("%s domain %u\n", strcmp(what, "reboot") ? "Shutting down" : "Rebooting", domid);
	fflush(stdout);
	for (unsigned int i = 0; cli_has(cli, 'w') && !has_ended(cli->hl, domid); i++) {
		if (i == WAIT_NOTE_STEPS)
			fprintf(stderr,
				"hl: %s has not reacted for 10 s; still waiting "
				"(hl destroy %s ends it)\n",
				name, name);
		usleep(WAIT_STEP_US);
	}
	return 0;
}

static int ask_all(struct cli *cli, const char *what)
{
	struct xen_domctl_getdomaininfo *list;
	int nr = hl_domain_list(cli->hl, &list), rc = 0;

	if (nr < 0)
		return cli_error("cannot list domains: %s", strerror(-nr));
	for (int i = 0; i < nr; i++)
		if (list[i].domain && !(list[i].flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
			rc |= ask(cli, list[i].domain, what);
	free(list);
	return rc;
}

static int ask_each(struct cli *cli, const char *what)
{
	int rc = 0;

	if (cli_has(cli, 'a') == (cli->nr_args > 0))
		return cli_usage(cli, "expected domains, or --all");
	if (cli_has(cli, 'a'))
		return ask_all(cli, what);
	for (int i = 0; i < cli->nr_args; i++) {
		uint32_t domid;

		if (cli_find_domain(cli, cli->arg[i], &domid))
			rc = EXIT_FAILURE;
		else if (!domid)
			rc = cli_error("domain 0 is the one you are in; use its own %s command",
				       what);
		else
			rc |= ask(cli, domid, what);
	}
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
