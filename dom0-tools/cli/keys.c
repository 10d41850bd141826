/* SPDX-License-Identifier: GPL-2.0-only */
/* hl sysrq and trigger: what one presses on a machine, for a guest. */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAKE_MS 10000	/* for the guest to take the key */

struct key {
	uint32_t domid;
	const char *letter;
};

/* The guest empties the node when it has read it. */
static bool is_taken(struct hl *hl, void *arg)
{
	struct key *k = arg;
	char *now = store_read(hl, "/local/domain/%u/control/sysrq", k->domid);
	bool taken = !now || strcmp(now, k->letter);

	free(now);
	return taken;
}

int cmd_sysrq(struct cli *cli)
{
	struct key k = { .letter = cli->arg[1] };
	char path[64];
	int rc;

	if (strlen(k.letter) != 1 || *k.letter <= ' ' || *k.letter > '~')
		return cli_usage(cli, "'%s' is not one key; h makes the guest list them in its log",
				 k.letter);
	if (cli_find_domain(cli, cli->arg[0], &k.domid))
		return EXIT_FAILURE;
	if (!k.domid)
		return cli_error("domain 0 is the one you are in: echo %s > /proc/sysrq-trigger",
				 k.letter);
	snprintf(path, sizeof(path), "/local/domain/%u/control/sysrq", k.domid);
	rc = store_write(cli->hl, k.letter, "%s", path);
	if (rc)
		return cli_error("cannot send the key to %s: %s", cli->arg[0], strerror(-rc));
	rc = store_wait(cli->hl, (const char *[]){ path, NULL }, is_taken, &k, TAKE_MS);
	if (!rc)
		return 0;
	/* It would act whenever the guest comes to it, when nobody expects it. */
	store_write(cli->hl, "", "%s", path);
	return cli_error("%s has not taken the key within %d s, and it was withdrawn: is the guest up "
			 "and not paused, and has its kernel CONFIG_MAGIC_SYSRQ?", cli->arg[0],
			 TAKE_MS / 1000);
}

static const struct {
	const char *name, *refusal;
	uint32_t number;
} triggers[] = {
	{ "nmi", NULL, XEN_DOMCTL_SENDTRIGGER_NMI },
	{ "reset", "a PVH guest has no reset line: hl reboot asks it, hl destroy ends it", 0 },
	{ "init", "the hypervisor gives INIT to vCPUs only when their own guest sends it", 0 },
	{ "power", "a PVH guest has no power button: hl shutdown asks it to power off", 0 },
	{ "sleep", "a PVH guest has no sleep button: hl pause stops it", 0 },
	{ "s3resume", "a PVH guest does not go to S3, so there is nothing to resume from", 0 },
};

int cmd_trigger(struct cli *cli)
{
	unsigned long vcpu = 0;
	uint32_t domid;
	size_t i = 0;
	int rc;

	while (i < sizeof(triggers) / sizeof(triggers[0]) && strcmp(triggers[i].name, cli->arg[1]))
		i++;
	if (i == sizeof(triggers) / sizeof(triggers[0]))
		return cli_usage(cli, "'%s' is not one of nmi, reset, init, power, sleep, s3resume",
				 cli->arg[1]);
	if (cli->nr_args > 2 && !cli_number(cli->arg[2], UINT16_MAX, &vcpu))
		return cli_usage(cli, "'%s' is not a vCPU", cli->arg[2]);
	if (cli_find_domain(cli, cli->arg[0], &domid))
		return EXIT_FAILURE;
	if (triggers[i].refusal)
		return cli_error("%s is not possible for %s: %s", cli->arg[1], cli->arg[0],
				 triggers[i].refusal);
	if (!domid)
		return cli_error("domain 0 is the one you are in: no %s for it", cli->arg[1]);
	rc = hl_domain_trigger(cli->hl, domid, triggers[i].number, vcpu);
	if (rc == -ESRCH)
		return cli_error("%s has no vCPU %lu (hl vcpu-list %s shows them)", cli->arg[0], vcpu,
				 cli->arg[0]);
	return rc < 0 ? cli_error("cannot send %s to %s: %s", cli->arg[1], cli->arg[0],
				  strerror(-rc)) : 0;
}
