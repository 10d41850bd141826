/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verbs for disks and those for network interfaces do alike. */
#include "dom0-tools/cli/devices.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_join_description(struct cli *cli, char *text, size_t size)
{
	size_t used = 0;

	*text = 0;
	for (int i = 1; i < cli->nr_args; i++) {
		used += (size_t)snprintf(text + used, size - used, "%s%s", i > 1 ? "," : "",
					 cli->arg[i]);
		if (used >= size)
			return cli_error("the description of the device is too long");
	}
	return 0;
}

static int list_guest(struct cli *cli, const char *guest, const struct device_columns *c,
		      struct json_object *all)
{
	struct device *list;
	uint32_t domid;
	int nr;

	if (cli_find_domain(cli, guest, &domid))
		return EXIT_FAILURE;
	nr = device_list(cli->hl, domid, c->kind, &list);
	if (nr < 0)
		return cli_error("cannot look for devices of %s: %s", guest, strerror(-nr));
	for (int i = 0; i < nr; i++) {
		if (all)
			json_object_array_add(all, c->json(cli->hl, &list[i]));
		else
			c->print(cli->hl, &list[i]);
	}
	free(list);
	return 0;
}

int cli_list_devices(struct cli *cli, const struct device_columns *c)
{
	struct json_object *all = cli_has(cli, 1) ? json_object_new_array() : NULL;
	int rc = 0;

	if (!all)
		puts(c->head);
	for (int i = 0; i < cli->nr_args; i++)
		rc |= list_guest(cli, cli->arg[i], c, all);
	if (all)
		puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
	return rc;
}
