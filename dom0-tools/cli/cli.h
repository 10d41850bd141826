/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command hl: a table of verbs, each with its options; --help and the argument checks come from
 * the same rows. Exit codes are xl's: 0 done, 1 failed, 2 called wrongly.
 */
#pragma once

#include <stdbool.h>
#include "dom0-tools/config/config.h"
#include "dom0-tools/lib/hl.h"

#define EXIT_USAGE	2
#define ANY_NUMBER	1000	/* verb.max_args: no limit */

struct cli_opt {
	char letter;		/* below ' ': there is only the long form */
	const char *name;	/* long form, or NULL */
	const char *arg;	/* what its argument is, or NULL */
	const char *help;
};

struct cli {
	const struct cli_verb *verb;
	struct hl *hl;			/* open unless verb.no_hl */
	const char *value[128];		/* by letter; "" for an option without argument */
	int nr_args;
	char **arg;
};

struct cli_verb {
	const char *name, *args, *summary;
	unsigned int min_args, max_args;
	const struct cli_opt *opts;	/* ends with an empty row; NULL: none */
	bool no_hl;			/* works without a hypervisor */
	int (*run)(struct cli *cli);
};

extern const struct cli_verb cli_verbs[];
extern const unsigned int cli_nr_verbs;

/* "hl: message" on stderr; returns 1. */
int cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int cli_failed(const struct diag *dg);
/* The same for wrong use, with a hint at --help; returns 2. */
int cli_usage(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline bool cli_has(const struct cli *cli, char letter)
{
	return cli->value[(unsigned char)letter];
}

/* 0, or 1 with a message. */
int cli_find_domain(struct cli *cli, const char *what, uint32_t *domid);
/* Name of a domain, "(null)" as xl has it when there is none; a static buffer per call. */
const char *cli_domain_name(struct hl *hl, uint32_t domid, char *buf, size_t size);
/* "0-3,5"; "all" when nothing of online is missing. */
void cli_format_cpus(const struct hl_cpumap *map, unsigned int nr_online, char *buf, size_t size);
/* A number from the command line; false when it is none or out of range. */
bool cli_number(const char *text, unsigned long max, unsigned long *n);

/* config_file.c: read a configuration; extra are further settings from the command line. */
int cli_read_config(const char *path, char *const *extra, int nr_extra, struct guest_config *c,
		    struct diag *dg);
/* A fresh random UUID. False when there are no random numbers. */
bool cli_new_uuid(struct guest_config *c);
/* console.c: attach to a guest's console until Ctrl-], end of input, or its end. */
int cli_console(struct hl *hl, uint32_t domid);
/* monitor.c: act on the guest's end until it is gone. Returns an exit code. */
int monitor_run(struct hl *hl, struct guest_config *c, uint32_t domid);
/* Run the monitor in a process of its own, after the caller has closed its handle. */
int monitor_start(struct guest_config *c, uint32_t domid, struct diag *dg);

/* record.c: what is kept of a configuration while its guest lives, for list -l. */
struct json_object;
struct json_object *record_config(const struct guest_config *c);
void record_save(const struct guest_config *c, uint32_t domid);
struct json_object *record_load(uint32_t domid);
void record_remove(uint32_t domid);
/* Only one command at a time may choose names and build guests; -1, or an fd to close. */
int record_lock(void);

/* The verbs: cmd_create() and so on, each in the rows of verbs.c. */
#define CLI_VERBS(X) \
	X(create) X(list) X(vcpu_list) X(uptime) X(info) X(dmesg) X(debug_keys) \
	X(console) X(pause) X(unpause) X(shutdown) X(reboot) X(destroy) X(domid) \
	X(domname) X(rename) X(sched_credit2) X(vcpu_pin) X(vcpu_set) X(mem_set) \
	X(mem_max) X(sysrq) X(trigger) X(top) X(block_attach) X(block_detach) \
	X(block_list) X(block_resize) X(network_attach) X(network_detach) X(network_list) \
	X(network_default) X(doctor) X(help)
#define CLI_DECLARE(name) int cmd_##name(struct cli *cli);
CLI_VERBS(CLI_DECLARE)
