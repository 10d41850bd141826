/* SPDX-License-Identifier: GPL-2.0-only */
/* hl create: read and check all input, build the guest, leave a monitor behind, let it run. */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dom0-tools/builder/guest.h"
#include "dom0-tools/device/disk.h"
#include "dom0-tools/device/seed.h"
#include "dom0-tools/device/vif.h"

/*
 * Build the guest with the signals that end us held back: they would leave half a guest behind.
 * When one came meanwhile, take the guest down again; the signal is delivered afterwards.
 */
static int create_whole(struct hl *hl, const struct guest_config *c, const struct guest_files *f,
			uint32_t *domid, struct diag *dg)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t hold, old, came;
	struct diag ignored;
	int rc;

	sigemptyset(&hold);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaddset(&hold, ends[i]);
	sigprocmask(SIG_BLOCK, &hold, &old);
	rc = guest_create(hl, c, f, domid, dg);
	sigpending(&came);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && !rc; i++)
		if (sigismember(&came, ends[i])) {
			guest_destroy(hl, *domid, &ignored);
			rc = diag_fail(dg, -EINTR, "interrupted; %s was not created", c->name);
		}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return rc;
}

/* Build a paused guest under the lock that makes its name unique. */
static int create_named(struct hl *hl, struct guest_config *c, const struct guest_files *f,
			uint32_t *domid, struct diag *dg)
{
	int lock = record_lock(), rc;
	uint32_t other;

	rc = store_find_domain(hl, c->name, &other);
	if (!rc)
		rc = diag_fail(dg, -EEXIST,
			       "a domain named %s exists already, with id %u: choose another name, "
			       "or hl destroy %s first",
			       c->name, other, c->name);
	else if (rc != -ESRCH)
		diag_fail(dg, rc, "cannot look for other domains: %s", strerror(-rc));
	else
		rc = seed_make(c, dg);
	if (!rc) {
		rc = vifs_prepare(hl, c, dg);
		if (!rc)
			rc = create_whole(hl, c, f, domid, dg);
		seed_remove(c);
	}
	if (!rc)
		record_save(c, *domid);
	if (lock >= 0)
		close(lock);
	return rc;
}

static int dry_run(const struct guest_config *c)
{
	struct json_object *o = record_config(c);

	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return 0;
}

/* The guest is built and paused: monitor, run, console, as asked. Returns an exit code. */
static int set_going(struct cli *cli, struct guest_config *c, uint32_t domid)
{
	bool foreground = cli_has(cli, 'F');
	struct diag dg;
	int rc;

	if (!foreground && !cli_has(cli, 'e') && monitor_start(c, domid, &dg) < 0)
		cli_error("warning: %s: nobody will act on the guest's end", dg.text);
	if (!cli_has(cli, 'p')) {
		rc = hl_domain_unpause(cli->hl, domid);
		if (rc < 0)
			return cli_error("%s: cannot start it: %s", c->name, strerror(-rc));
	}
	if (cli_has(cli, 'c'))
		rc = cli_console(cli->hl, domid);
	else
		rc = 0;
	return foreground ? monitor_run(cli->hl, c, domid) : rc;
}

/* What can go wrong quickly, before the kernel is unpacked. */
static int get_ready(struct cli *cli, struct guest_config *c, struct diag *dg)
{
	cli->hl = hl_open(dg);
	if (!cli->hl)
		return -ENODEV;
	if (!c->has_uuid && !cli_new_uuid(c))
		return diag_fail(dg, -EIO, "no random numbers for the UUID: give uuid=");
	return disks_check(cli->hl, c, dg);
}

/* What the configuration names beside kernel, ramdisk and disks. */
static int find_files(struct cli *cli, struct guest_config *c, struct diag *dg)
{
	const char *seed = cli->value[1];
	int rc = firmware_find(c, dg);

	if (seed) {
		free(c->cloud_init);
		c->cloud_init = strdup(seed);
	}
	return rc ? rc : seed_read(c, dg);
}

int cmd_create(struct cli *cli)
{
	const char *path = cli->value['f'];
	struct guest_config c;
	struct guest_files f;
	struct diag dg = { "" };
	uint32_t domid;
	int first = 0, rc;

	if (!path && cli->nr_args && !strchr(cli->arg[0], '='))
		path = cli->arg[first++];
	if (!path)
		return cli_usage(cli, "expected a configuration file");
	if (!cli_has(cli, 'q') && !cli_has(cli, 'n'))
		printf("Parsing config from %s\n", path);
	if (cli_read_config(path, cli->arg + first, cli->nr_args - first, &c, &dg))
		return cli_failed(&dg);
	rc = find_files(cli, &c, &dg);
	if (!rc && !cli_has(cli, 'n'))
		rc = get_ready(cli, &c, &dg);
	if (!rc)
		rc = guest_files_read(&f, &c, &dg);
	if (rc) {
		rc = cli_failed(&dg);
		goto out;
	}
	if (cli_has(cli, 'n')) {
		rc = dry_run(&c);
		goto out_files;
	}
	rc = create_named(cli->hl, &c, &f, &domid, &dg);
	if (rc)
		rc = cli_failed(&dg);
out_files:
	guest_files_free(&f);
	fflush(stdout);
	if (!rc && !cli_has(cli, 'n'))
		rc = set_going(cli, &c, domid);
out:
	config_free(&c);
	return rc;
}
