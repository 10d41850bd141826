/* SPDX-License-Identifier: GPL-2.0-only */
/* hl sched-credit2 and vcpu-pin: who runs where, and how much. */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WEIGHT 65535

static int print_share(struct cli *cli, uint32_t domid)
{
	struct xen_domctl_sched_credit2 p;
	char name[128];
	int rc = hl_sched_get(cli->hl, domid, &p);

	if (rc < 0)
		return cli_error("cannot ask about domain %u's share: %s", domid, strerror(-rc));
	printf("%-33s %4u %6u %4u\n", cli_domain_name(cli->hl, domid, name, sizeof(name)), domid,
	       p.weight, p.cap);
	return 0;
}

static int print_all_shares(struct cli *cli)
{
	struct xen_domctl_getdomaininfo *list;
	int nr = hl_domain_list(cli->hl, &list), rc = 0;
	uint32_t us = 0;

	if (nr < 0)
		return cli_error("cannot list domains: %s", strerror(-nr));
	hl_sched_ratelimit(cli->hl, &us);
	printf("Cpupool Pool-0: ratelimit=%uus\n%-33s %4s %6s %4s\n", us, "Name", "ID", "Weight",
	       "Cap");
	for (int i = 0; i < nr; i++)
		rc |= print_share(cli, list[i].domain);
	free(list);
	return rc;
}

int cmd_sched_credit2(struct cli *cli)
{
	const char *weight = cli->value['w'], *cap = cli->value['c'];
	struct xen_domctl_sched_credit2 p;
	unsigned long n;
	uint32_t domid;
	int rc;

	if (!cli_has(cli, 'd'))
		return weight || cap ? cli_usage(cli, "-w and -c need -d DOMAIN")
				     : print_all_shares(cli);
	if (cli_find_domain(cli, cli->value['d'], &domid))
		return EXIT_FAILURE;
	if (!weight && !cap) {
		printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
		return print_share(cli, domid);
	}
	rc = hl_sched_get(cli->hl, domid, &p);
	if (rc < 0)
		return cli_error("cannot ask about domain %u's share: %s", domid, strerror(-rc));
	if (weight) {
		if (!cli_number(weight, MAX_WEIGHT, &n) || !n)
			return cli_usage(cli, "weight must be 1 to %u, not '%s'", MAX_WEIGHT,
					 weight);
		p.weight = n;
	}
	if (cap) {
		if (!cli_number(cap, UINT16_MAX, &n))
			return cli_usage(cli, "cap must be a number of percent, not '%s'", cap);
		p.cap = n;
	}
	rc = hl_sched_put(cli->hl, domid, &p);
	return rc < 0 ? cli_error("cannot set domain %u's share: %s", domid, strerror(-rc)) : 0;
}

static int pin(struct cli *cli, uint32_t domid, uint32_t vcpu, const char *text)
{
	struct guest_cpus cpus;
	struct hl_cpumap map;
	int rc;

	if (!config_parse_cpus(text, &cpus))
		return cli_usage(cli, "CPUs are written as in 0-3,^2 or all, not '%s'", text);
	memcpy(&map, &cpus, sizeof(map));
	rc = hl_vcpu_set_affinity(cli->hl, domid, vcpu, &map);
	if (rc == -ESRCH)
		return cli_error("%s has no vCPU %u (hl vcpu-list %s shows them)", cli->arg[0],
				 vcpu, cli->arg[0]);
	if (rc == -EINVAL)
		return cli_error("none of the CPUs %s is there (hl info shows how many there are)",
				 text);
	if (rc < 0)
		return cli_error("vCPU %u cannot run on CPUs %s: %s", vcpu, text, strerror(-rc));
	return 0;
}

int cmd_vcpu_pin(struct cli *cli)
{
	struct xen_domctl_getdomaininfo info;
	unsigned long vcpu;
	uint32_t domid;
	int rc = 0;

	if (cli_find_domain(cli, cli->arg[0], &domid))
		return EXIT_FAILURE;
	if (cli->nr_args == 4 && strcmp(cli->arg[3], "all") && strcmp(cli->arg[3], "-"))
		return cli_usage(
			cli, "soft affinity is not supported: only 'all' or '-' may stand there");
	if (strcmp(cli->arg[1], "all")) {
		if (!cli_number(cli->arg[1], UINT16_MAX, &vcpu))
			return cli_usage(cli, "'%s' is not a vCPU", cli->arg[1]);
		return pin(cli, domid, vcpu, cli->arg[2]);
	}
	if (hl_domain_info(cli->hl, domid, &info) < 0)
		return cli_error("domain %u is gone", domid);
	for (uint32_t v = 0;
	     v <= info.max_vcpu_id && info.max_vcpu_id != XEN_INVALID_MAX_VCPU_ID && !rc; v++)
		rc = pin(cli, domid, v, cli->arg[2]);
	return rc;
}
