/* SPDX-License-Identifier: GPL-2.0-only */
/* hl: find the verb, read its options by its table, open the hypervisor, run it. */
#include "dom0-tools/cli/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPTS 16

int cli_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("hl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_FAILURE;
}

int cli_failed(const struct diag *dg)
{
	return cli_error("%s", dg->text);
}

int cli_usage(const struct cli *cli, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cli_error("%s: %s (hl %s --help)", cli->verb->name, text, cli->verb->name);
	return EXIT_USAGE;
}

static void print_verb(const struct cli_verb *v)
{
	printf("Usage: hl %s%s%s%s\n\n%c%s.\n", v->name, v->opts ? " [OPTION...]" : "",
	       *v->args ? " " : "", v->args, v->summary[0] - 'a' + 'A', v->summary + 1);
	for (const struct cli_opt *o = v->opts; o && o->help; o++) {
		char text[64] = "", letter[8] = "   ";

		if (o->letter >= ' ')
			snprintf(letter, sizeof(letter), "-%c%s", o->letter, o->name ? "," : "");
		snprintf(text, sizeof(text), "%s %s%s%s%s", letter, o->name ? "--" : "",
			 o->name ? o->name : "", o->arg ? " " : "", o->arg ? o->arg : "");
		printf("%s  %-24s %s\n", o == v->opts ? "\n" : "", text, o->help);
	}
}

static void print_all(FILE *to)
{
	fprintf(to, "Usage: hl VERB [OPTION...] [ARGUMENT...]\n\n"
		"Controls Helium and its guests. hl VERB --help tells more.\n\n");
	for (unsigned int i = 0; i < cli_nr_verbs; i++)
		fprintf(to, "  %-14s %s\n", cli_verbs[i].name, cli_verbs[i].summary);
}

static const struct cli_verb *find_verb(const char *name)
{
	for (unsigned int i = 0; i < cli_nr_verbs; i++)
		if (!strcmp(cli_verbs[i].name, name))
			return &cli_verbs[i];
	cli_error("no verb '%s' (hl help lists them)", name);
	return NULL;
}

int cmd_help(struct cli *cli)
{
	const struct cli_verb *v;

	if (!cli->nr_args) {
		print_all(stdout);
		return 0;
	}
	v = find_verb(cli->arg[0]);
	if (!v)
		return EXIT_USAGE;
	print_verb(v);
	return 0;
}

/* Fill in cli from the command line. -1: go on; else an exit code. */
static int read_options(struct cli *cli, int argc, char **argv)
{
	struct option longs[MAX_OPTS + 2] = { { "help", no_argument, NULL, 'h' } };
	char shorts[2 * MAX_OPTS + 3] = "h", *s = shorts + 1, whose[32];
	int nr = 1, c;

	for (const struct cli_opt *o = cli->verb->opts; o && o->help; o++) {
		if (o->name)
			longs[nr++] = (struct option){ o->name, !!o->arg, NULL, o->letter };
		if (o->letter < ' ')
			continue;
		*s++ = o->letter;
		if (o->arg)
			*s++ = ':';
	}
	*s = 0;
	snprintf(whose, sizeof(whose), "hl: %s", cli->verb->name);
	argv[0] = whose; /* for getopt's own messages */
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == 'h' && !cli->value['h']) {
			print_verb(cli->verb);
			return 0;
		}
		if (c == '?')
			return EXIT_USAGE; /* getopt has said why */
		cli->value[c] = optarg ? optarg : "";
	}
	cli->arg = argv + optind;
	cli->nr_args = argc - optind;
	if (cli->nr_args < cli->verb->min_args || cli->nr_args > cli->verb->max_args)
		return cli_usage(cli,
				 cli->verb->max_args ? "expected %s" : "expected no arguments%s",
				 cli->verb->args);
	return -1;
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	struct diag dg = { "" };
	int rc;

	if (argc < 2) {
		print_all(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_all(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("hl %s\n", HELIUM_VERSION);
		return 0;
	}
	cli.verb = find_verb(argv[1]);
	if (!cli.verb)
		return EXIT_FAILURE;
	rc = read_options(&cli, argc - 1, argv + 1);
	if (rc >= 0)
		return rc;
	if (!cli.verb->no_hl) {
		cli.hl = hl_open(&dg);
		if (!cli.hl)
			return cli_failed(&dg);
	}
	rc = cli.verb->run(&cli);
	hl_close(cli.hl);
	if (fflush(stdout) || ferror(stdout))
		return cli_error("cannot write the output");
	return rc;
}
