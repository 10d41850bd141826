/* SPDX-License-Identifier: GPL-2.0-only */
/* hl doctor: print what the checks find, as lines or as JSON. */
#include "dom0-tools/cli/cli.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dom0-tools/doctor/doctor.h"

struct summary {
	struct json_object *rows; /* or NULL: print lines */
	unsigned int nr[FINDING_FAIL + 1];
};

static void print_finding(const struct finding *f)
{
	const char *line = f->advice;

	printf("%-5s %-12s %s\n", finding_level_name(f->level), f->subject, f->text);
	while (*line) {
		int n = strcspn(line, "\n");

		printf("%19s%.*s\n", "", n, line);
		line += n + (line[n] == '\n');
	}
}

static void take(void *arg, const struct finding *f)
{
	struct summary *s = arg;
	struct json_object *o;

	s->nr[f->level]++;
	if (!s->rows) {
		print_finding(f);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "check", json_object_new_string(f->subject));
	json_object_object_add(o, "level", json_object_new_string(finding_level_name(f->level)));
	json_object_object_add(o, "text", json_object_new_string(f->text));
	json_object_object_add(o, "advice", json_object_new_string(f->advice));
	json_object_array_add(s->rows, o);
}

int cmd_doctor(struct cli *cli)
{
	struct summary s = { .rows = cli_has(cli, 1) ? json_object_new_array() : NULL };

	doctor_run(cli->value['r'] ? cli->value['r'] : "", take, &s);
	if (s.rows) {
		puts(json_object_to_json_string_ext(s.rows, JSON_C_TO_STRING_PRETTY |
								    JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(s.rows);
	} else if (s.nr[FINDING_FAIL]) {
		printf("\nHelium will not boot, or be of no use, before what failed is mended.\n");
	} else {
		printf("\nNothing is in Helium's way%s.\n",
		       s.nr[FINDING_WARN] ? "; the warnings say what could be better" : "");
	}
	return s.nr[FINDING_FAIL] ? EXIT_FAILURE : 0;
}
