/* SPDX-License-Identifier: GPL-2.0-only */
/* hl list, vcpu-list and uptime: tables of domains, in xl's columns, or as JSON. */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xen/sched.h>

#define PAGES_PER_MIB 256

/* The domains that the arguments name, or all; returns how many, -1 after a message. */
static int selected(struct cli *cli, struct xen_domctl_getdomaininfo **list)
{
	struct xen_domctl_getdomaininfo *named;
	int nr;

	if (!cli->nr_args) {
		nr = hl_domain_list(cli->hl, list);
		if (nr < 0)
			cli_error("cannot list domains: %s", strerror(-nr));
		return nr < 0 ? -1 : nr;
	}
	named = calloc(cli->nr_args, sizeof(*named));
	if (!named) {
		cli_error("no memory");
		return -1;
	}
	for (nr = 0; nr < cli->nr_args; nr++) {
		uint32_t domid;

		if (cli_find_domain(cli, cli->arg[nr], &domid))
			break;
		if (hl_domain_info(cli->hl, domid, &named[nr]) < 0) {
			cli_error("%s has just gone", cli->arg[nr]);
			break;
		}
	}
	*list = named;
	if (nr == cli->nr_args)
		return nr;
	free(named);
	return -1;
}

static unsigned int shutdown_reason(const struct xen_domctl_getdomaininfo *d)
{
	return d->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

static void format_state(const struct xen_domctl_getdomaininfo *d, char state[7])
{
	bool down = d->flags & XEN_DOMINF_shutdown;

	snprintf(state, 7, "%c%c%c%c%c%c", d->flags & XEN_DOMINF_running ? 'r' : '-',
		 d->flags & XEN_DOMINF_blocked ? 'b' : '-',
		 d->flags & XEN_DOMINF_paused ? 'p' : '-', down ? 's' : '-',
		 down && shutdown_reason(d) == SHUTDOWN_crash ? 'c' : '-',
		 d->flags & XEN_DOMINF_dying ? 'd' : '-');
}

static unsigned long memory_mib(const struct xen_domctl_getdomaininfo *d)
{
	return (d->tot_pages + d->outstanding_pages) / PAGES_PER_MIB;
}

static void print_row(struct cli *cli, const struct xen_domctl_getdomaininfo *d)
{
	char name[128], state[7], uuid[37];

	format_state(d, state);
	printf("%-40s %5d %5lu %5u     %s  %8.1f",
	       cli_domain_name(cli->hl, d->domain, name, sizeof(name)), d->domain, memory_mib(d),
	       d->nr_online_vcpus, state, d->cpu_time / 1e9);
	if (cli_has(cli, 'v')) {
		config_format_uuid(d->handle, uuid);
		printf(" %s", uuid);
		if (d->flags & XEN_DOMINF_shutdown)
			printf(" %8x", shutdown_reason(d));
		else
			printf(" %8s", "-");
		printf(" %16s", "-");
	}
	putchar('\n');
}

static struct json_object *json_row(struct cli *cli, const struct xen_domctl_getdomaininfo *d)
{
	struct json_object *o = json_object_new_object();
	char name[128], state[7], uuid[37];

	format_state(d, state);
	config_format_uuid(d->handle, uuid);
	cli_domain_name(cli->hl, d->domain, name, sizeof(name));
	json_object_object_add(o, "name", json_object_new_string(name));
	json_object_object_add(o, "domid", json_object_new_int(d->domain));
	json_object_object_add(o, "uuid", json_object_new_string(uuid));
	json_object_object_add(o, "memory_mib", json_object_new_int64(memory_mib(d)));
	json_object_object_add(o, "vcpus", json_object_new_int(d->nr_online_vcpus));
	json_object_object_add(o, "state", json_object_new_string(state));
	json_object_object_add(o, "cpu_time_ns", json_object_new_int64(d->cpu_time));
	if (d->flags & XEN_DOMINF_shutdown)
		json_object_object_add(o, "shutdown_reason",
				       json_object_new_int(shutdown_reason(d)));
	if (cli_has(cli, 'l')) {
		struct json_object *config = record_load(d->domain);

		json_object_object_add(o, "memory_max_mib",
				       json_object_new_int64(d->max_pages / PAGES_PER_MIB));
		json_object_object_add(o, "cpupool", json_object_new_int(d->cpupool));
		if (config)
			json_object_object_add(o, "config", config);
	}
	return o;
}

static void print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int cmd_list(struct cli *cli)
{
	struct xen_domctl_getdomaininfo *list;
	int nr = selected(cli, &list);

	if (nr < 0)
		return EXIT_FAILURE;
	if (cli_has(cli, 1) || cli_has(cli, 'l')) {
		struct json_object *rows = json_object_new_array();

		for (int i = 0; i < nr; i++)
			json_object_array_add(rows, json_row(cli, &list[i]));
		print_json(rows);
	} else {
		printf("%-40s %5s %5s %5s\tState\tTime(s)%s\n", "Name", "ID", "Mem", "VCPUs",
		       cli_has(cli, 'v')
			       ? "   UUID                            Reason-Code\tSecurity Label"
			       : "");
		for (int i = 0; i < nr; i++)
			print_row(cli, &list[i]);
	}
	free(list);
	return 0;
}

struct vcpu_row {
	const char *name;
	uint32_t domid, vcpu;
	struct xen_domctl_getvcpuinfo info;
	char hard[128], soft[128];
};

static void print_vcpu(const struct vcpu_row *r)
{
	printf("%-32s %5u %5u", r->name, r->domid, r->vcpu);
	if (r->info.online)
		printf(" %4u   %c%c-", r->info.cpu, r->info.running ? 'r' : '-',
		       r->info.blocked ? 'b' : '-');
	else
		printf("    -   --p");
	printf(" %9.1f  %s / %s\n", r->info.cpu_time / 1e9, r->hard, r->soft);
}

static struct json_object *json_vcpu(const struct vcpu_row *r)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(r->name));
	json_object_object_add(o, "domid", json_object_new_int(r->domid));
	json_object_object_add(o, "vcpu", json_object_new_int(r->vcpu));
	json_object_object_add(o, "online", json_object_new_boolean(r->info.online));
	json_object_object_add(o, "running", json_object_new_boolean(r->info.running));
	json_object_object_add(o, "blocked", json_object_new_boolean(r->info.blocked));
	json_object_object_add(o, "cpu", json_object_new_int(r->info.cpu));
	json_object_object_add(o, "cpu_time_ns", json_object_new_int64(r->info.cpu_time));
	json_object_object_add(o, "hard_affinity", json_object_new_string(r->hard));
	json_object_object_add(o, "soft_affinity", json_object_new_string(r->soft));
	return o;
}

static int vcpu_rows(struct cli *cli, const struct xen_domctl_getdomaininfo *d,
		     unsigned int nr_cpus, struct json_object *rows)
{
	char name[128];

	cli_domain_name(cli->hl, d->domain, name, sizeof(name));
	for (uint32_t v = 0; d->max_vcpu_id != XEN_INVALID_MAX_VCPU_ID && v <= d->max_vcpu_id;
	     v++) {
		struct vcpu_row r = { .name = name, .domid = d->domain, .vcpu = v };
		struct hl_cpumap hard, soft;
		int rc = hl_vcpu_info(cli->hl, d->domain, v, &r.info);

		if (rc == -ESRCH)
			continue;
		if (!rc)
			rc = hl_vcpu_get_affinity(cli->hl, d->domain, v, &hard, &soft);
		if (rc < 0)
			return cli_error("cannot ask about %s's vCPU %u: %s", name, v,
					 strerror(-rc));
		cli_format_cpus(&hard, nr_cpus, r.hard, sizeof(r.hard));
		cli_format_cpus(&soft, nr_cpus, r.soft, sizeof(r.soft));
		if (rows)
			json_object_array_add(rows, json_vcpu(&r));
		else
			print_vcpu(&r);
	}
	return 0;
}

int cmd_vcpu_list(struct cli *cli)
{
	struct json_object *rows = cli_has(cli, 1) ? json_object_new_array() : NULL;
	struct xen_domctl_getdomaininfo *list;
	struct xen_sysctl_physinfo phys;
	int nr = selected(cli, &list), rc = 0;

	if (nr < 0)
		return EXIT_FAILURE;
	if (hl_physinfo(cli->hl, &phys) < 0)
		phys.nr_cpus = HL_MAX_CPUS;
	if (!rows)
		printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State",
		       "Time(s)", "Affinity (Hard / Soft)");
	for (int i = 0; i < nr && !rc; i++)
		rc = vcpu_rows(cli, &list[i], phys.nr_cpus, rows);
	if (rows)
		print_json(rows);
	free(list);
	return rc;
}

/* Seconds since the domain was made; -1 when nobody wrote that down. */
static long uptime_s(struct cli *cli, uint32_t domid)
{
	char *vm, *start = NULL;
	double s = -1;

	if (!domid) {
		FILE *in = fopen("/proc/uptime", "re");

		if (!in || fscanf(in, "%lf", &s) != 1)
			s = -1;
		if (in)
			fclose(in);
		return s;
	}
	vm = store_read(cli->hl, "/local/domain/%u/vm", domid);
	if (vm)
		start = store_read(cli->hl, "%s/start_time", vm);
	if (start)
		s = time(NULL) - strtod(start, NULL);
	free(vm);
	free(start);
	return s;
}

int cmd_uptime(struct cli *cli)
{
	struct xen_domctl_getdomaininfo *list;
	int nr = selected(cli, &list);
	time_t now = time(NULL);
	char clock[16];

	if (nr < 0)
		return EXIT_FAILURE;
	strftime(clock, sizeof(clock), "%T", localtime(&now));
	if (!cli_has(cli, 's'))
		printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
	for (int i = 0; i < nr; i++) {
		long s = uptime_s(cli, list[i].domain);
		char name[128], text[64] = "unknown", days[32] = "";

		if (s >= 24 * 3600)
			snprintf(days, sizeof(days), "%ld day%s, ", s / (24 * 3600),
				 s < 48 * 3600 ? "" : "s");
		if (s >= 0)
			snprintf(text, sizeof(text),
				 cli_has(cli, 's') ? "%s%2ld:%02ld" : "%s%2ld:%02ld:%02ld", days,
				 s / 3600 % 24, s / 60 % 60, s % 60);
		cli_domain_name(cli->hl, list[i].domain, name, sizeof(name));
		if (cli_has(cli, 's'))
			printf(" %s up %s, %s (%u)\n", clock, text, name, list[i].domain);
		else
			printf("%-33s %4d %s\n", name, list[i].domain, text);
	}
	free(list);
	return 0;
}
