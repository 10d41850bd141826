/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fills in the templates of dom0-tools/install from the tools' own tables, so that manual pages and shell
 * completion cannot drift from what hl does. usage: gen-man TEMPLATE EXAMPLE > OUT
 *
 * A line of the template that is @verbs@, @keys@, @unsupported-keys@, @example@, @bash-verbs@ or
 * @bash-options@ is replaced; everything else is passed on, with VERSION for @version@.
 */
#include "dom0-tools/cli/cli.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUB(name) int cmd_##name(struct cli *cli) { return 0; }
CLI_VERBS(STUB)

static const char *example;

/* Text as troff takes it literally. */
static void put(const char *text)
{
	for (; *text; text++)
		printf(*text == '-' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void put_sentence(const char *text)
{
	putchar(toupper((unsigned char)*text));
	put(text + 1);
	puts(".");
}

static void man_option(const struct cli_opt *o)
{
	bool has_letter = o->letter >= ' ';

	printf(".TP\n\\fB");
	if (has_letter)
		printf("\\-%c", o->letter);
	if (o->name) {
		printf("%s\\-\\-", has_letter ? "\\fR, \\fB" : "");
		put(o->name);
	}
	printf("\\fR%s\\fI%s\\fR\n", o->arg ? " " : "", o->arg ? o->arg : "");
	put_sentence(o->help);
}

static void man_verbs(void)
{
	for (unsigned int i = 0; i < cli_nr_verbs; i++) {
		const struct cli_verb *v = &cli_verbs[i];

		printf(".TP\n\\fB");
		put(v->name);
		printf("\\fR%s\\fI%s", v->opts ? " [\\fIOPTION\\fR...] " : " ", "");
		put(v->args);
		puts("\\fR");
		put_sentence(v->summary);
		if (!v->opts)
			continue;
		puts(".RS");
		for (const struct cli_opt *o = v->opts; o->help; o++)
			man_option(o);
		puts(".RE");
	}
}

static void man_key(void *arg, const char *name, const char *values, const char *help)
{
	printf(".TP\n\\fB%s\\fR = \\fI", name);
	put(values);
	puts("\\fR");
	put_sentence(help);
}

static void man_keys(void)
{
	config_each_key(man_key, NULL);
}

static void man_unsupported(void)
{
	for (const char *const *k = config_unsupported; *k; k++)
		printf("%s%s\n", *k, k[1] ? "," : ".");
}

static void man_example(void)
{
	FILE *in = fopen(example, "r");
	char line[256];

	if (!in) {
		perror(example);
		exit(1);
	}
	while (fgets(line, sizeof(line), in))
		put(line);
	fclose(in);
}

static void bash_verbs(void)
{
	printf("\tlocal verbs='");
	for (unsigned int i = 0; i < cli_nr_verbs; i++)
		printf("%s%s", i ? " " : "", cli_verbs[i].name);
	puts("'");
}

/* What a verb's first argument is: a word that the template's function knows. */
static const char *argument_kind(const struct cli_verb *v)
{
	static const struct {
		const char *in_args, *kind;
	} kinds[] = { { "CONFIG-FILE", "file" }, { "DOMAIN", "domain" }, { "NAME", "domain" },
		      { "VERB", "verb" } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strstr(v->args, kinds[i].in_args))
			return kinds[i].kind;
	return "none";
}

static void bash_options(void)
{
	for (unsigned int i = 0; i < cli_nr_verbs; i++) {
		const struct cli_verb *v = &cli_verbs[i];

		printf("\t%s) kind=%s options='--help", v->name, argument_kind(v));
		for (const struct cli_opt *o = v->opts; o && o->help; o++) {
			if (o->letter >= ' ')
				printf(" -%c", o->letter);
			if (o->name)
				printf(" --%s", o->name);
		}
		puts("' ;;");
	}
}

static const struct {
	const char *line;
	void (*print)(void);
} places[] = {
	{ "@verbs@\n", man_verbs },		{ "@keys@\n", man_keys },
	{ "@unsupported-keys@\n", man_unsupported }, { "@example@\n", man_example },
	{ "@bash-verbs@\n", bash_verbs },	{ "@bash-options@\n", bash_options },
};

static void print_line(char *line)
{
	char *at;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!strcmp(line, places[i].line)) {
			places[i].print();
			return;
		}
	at = strstr(line, "@version@");
	if (at)
		printf("%.*s%s%s", (int)(at - line), line, HELIUM_VERSION, at + strlen("@version@"));
	else
		fputs(line, stdout);
}

int main(int argc, char **argv)
{
	FILE *in = argc == 3 ? fopen(argv[1], "r") : NULL;
	char line[256];

	if (!in) {
		fprintf(stderr, "usage: gen-man TEMPLATE EXAMPLE > OUT\n");
		return 2;
	}
	example = argv[2];
	while (fgets(line, sizeof(line), in))
		print_line(line);
	return 0;
}
