/* SPDX-License-Identifier: GPL-2.0-only */
/* hl domid, domname and rename. */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cmd_domid(struct cli *cli)
{
	uint32_t domid;

	if (store_find_domain(cli->hl, cli->arg[0], &domid))
		return cli_error(
			"Can't get domid of domain name '%s', maybe this domain does not exist.",
			cli->arg[0]);
	printf("%u\n", domid);
	return 0;
}

int cmd_domname(struct cli *cli)
{
	struct xen_domctl_getdomaininfo info;
	unsigned long domid;
	char name[128];

	if (!cli_number(cli->arg[0], DOMID_FIRST_RESERVED - 1, &domid))
		return cli_usage(cli, "'%s' is not a domain id", cli->arg[0]);
	if (hl_domain_info(cli->hl, domid, &info) < 0)
		return cli_error("Can't get domain name of domain id '%s', maybe this domain does "
				 "not exist.",
				 cli->arg[0]);
	puts(cli_domain_name(cli->hl, domid, name, sizeof(name)));
	return 0;
}

int cmd_rename(struct cli *cli)
{
	const char *name = cli->arg[1];
	uint32_t domid, other;
	int lock, rc;
	char *vm;

	if (cli_find_domain(cli, cli->arg[0], &domid))
		return EXIT_FAILURE;
	if (!domid)
		return cli_error("domain 0 keeps its name");
	if (!config_name_ok(name))
		return cli_error("'%s' cannot be a name: letters, digits and .-_+: (80 at most), "
				 "and not digits only",
				 name);
	lock = record_lock();
	rc = store_find_domain(cli->hl, name, &other);
	if (!rc && other != domid) {
		rc = cli_error("a domain named %s exists already, with id %u", name, other);
		goto out;
	}
	rc = store_write(cli->hl, name, "/local/domain/%u/name", domid);
	vm = store_read(cli->hl, "/local/domain/%u/vm", domid);
	if (!rc && vm)
		store_write(cli->hl, name, "%s/name", vm);
	free(vm);
	if (rc < 0)
		rc = cli_error("cannot rename %s: %s", cli->arg[0], strerror(-rc));
out:
	if (lock >= 0)
		close(lock);
	return rc;
}
