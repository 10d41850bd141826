/* SPDX-License-Identifier: GPL-2.0-only */
/* hl mem-set, mem-max and vcpu-set. */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dom0-tools/cli/resize.h"

static int memory_argument(struct cli *cli, uint64_t *kib)
{
	if (config_parse_size(cli->arg[1], kib))
		return 0;
	return cli_usage(cli, "'%s' is not an amount of memory: a number, of MiB or with one of "
			 "b, k, m, g, t behind it", cli->arg[1]);
}

/* A domain that is paused does nothing: there is nothing to wait for. */
static bool is_paused(struct cli *cli, uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;

	return !hl_domain_info(cli->hl, domid, &info) && (info.flags & XEN_DOMINF_paused);
}

struct progress {
	const char *name;
	uint64_t kib;
	bool shown;
};

static void show_progress(void *arg, uint64_t have_kib)
{
	struct progress *p = arg;

	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%s: %llu MiB, to be %llu MiB ", p->name,
		(unsigned long long)have_kib / 1024, (unsigned long long)p->kib / 1024);
	p->shown = true;
}

int cmd_mem_set(struct cli *cli)
{
	struct progress p = { .name = cli->arg[0] };
	struct diag dg;
	uint32_t domid;
	int rc = memory_argument(cli, &p.kib);

	if (rc)
		return rc;
	if (cli_find_domain(cli, cli->arg[0], &domid))
		return EXIT_FAILURE;
	if (resize_ask_memory(cli->hl, domid, p.kib, &dg))
		return cli_failed(&dg);
	if (cli_has(cli, 'n') || is_paused(cli, domid))
		return 0;
	rc = resize_wait_memory(cli->hl, domid, p.kib, show_progress, &p, &dg);
	if (p.shown)
		fputc('\n', stderr);
	return rc ? cli_failed(&dg) : 0;
}

int cmd_mem_max(struct cli *cli)
{
	struct diag dg;
	uint32_t domid;
	uint64_t kib;
	int rc = memory_argument(cli, &kib);

	if (rc)
		return rc;
	if (cli_find_domain(cli, cli->arg[0], &domid))
		return EXIT_FAILURE;
	return resize_limit_memory(cli->hl, domid, kib, &dg) ? cli_failed(&dg) : 0;
}

static unsigned int nr_cpus(struct cli *cli)
{
	struct hl_cpumap cpus = { { 0 } };
	unsigned int nr = 0;

	if (hl_pool_cpus(cli->hl, 0, &cpus) < 0)
		return HL_MAX_CPUS;
	for (size_t i = 0; i < sizeof(cpus.bits); i++)
		nr += __builtin_popcount(cpus.bits[i]);
	return nr;
}

int cmd_vcpu_set(struct cli *cli)
{
	unsigned int host = nr_cpus(cli);
	struct xen_domctl_getdomaininfo info;
	unsigned long nr;
	struct diag dg;
	uint32_t domid;
	int rc;

	if (!cli_number(cli->arg[1], CONFIG_MAX_VCPUS, &nr) || !nr)
		return cli_usage(cli, "'%s' is not a number of vCPUs: 1 to %u", cli->arg[1],
				 CONFIG_MAX_VCPUS);
	if (cli_find_domain(cli, cli->arg[0], &domid))
		return EXIT_FAILURE;
	if (!hl_domain_info(cli->hl, domid, &info) && nr > info.nr_online_vcpus && nr > host &&
	    !cli_has(cli, 'i'))
		return cli_error("%lu vCPUs are more than the %u CPUs that this machine has for "
				 "domains; --ignore-host allows it", nr, host);
	if (resize_ask_vcpus(cli->hl, domid, nr, &dg))
		return cli_failed(&dg);
	if (cli_has(cli, 'n') || is_paused(cli, domid))
		return 0;
	rc = resize_wait_vcpus(cli->hl, domid, nr, &dg);
	/* An offer that is not taken yet is no failure: in many guests an administrator takes it. */
	if (rc == -ETIMEDOUT)
		cli_error("warning: %s", dg.text);
	return rc && rc != -ETIMEDOUT ? cli_failed(&dg) : 0;
}
