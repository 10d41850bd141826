/* SPDX-License-Identifier: GPL-2.0-only */
/* From a configuration file and the command line's settings to a checked configuration. */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MAX_CONFIG_SIZE (1UL << 20)

static void print_warning(void *arg, const char *text)
{
	fprintf(stderr, "hl: warning: %s\n", text);
}

static int read_text(const char *path, char **text, size_t *size, struct diag *dg)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	int rc = 0;

	if (!in)
		return diag_fail(dg, -errno, "cannot read %s: %s", path, strerror(errno));
	*text = malloc(MAX_CONFIG_SIZE);
	*size = *text ? fread(*text, 1, MAX_CONFIG_SIZE, in) : 0;
	if (!*text)
		rc = diag_fail(dg, -ENOMEM, "no memory");
	else if (ferror(in))
		rc = diag_fail(dg, -EIO, "cannot read %s: %s", path, strerror(errno));
	else if (*size == MAX_CONFIG_SIZE)
		rc = diag_fail(dg, -EFBIG, "%s is too large to be a configuration", path);
	if (in != stdin)
		fclose(in);
	return rc;
}

int cli_read_config(const char *path, char *const *extra, int nr_extra, struct guest_config *c,
		    struct diag *dg)
{
	const char *name = strcmp(path, "-") ? path : "standard input";
	struct cfg_file f;
	char *text = NULL;
	size_t size = 0;
	int rc;

	cfg_init(&f, name);
	rc = read_text(path, &text, &size, dg);
	if (!rc)
		rc = cfg_parse(&f, text, size, dg);
	f.name = "command line";
	for (int i = 0; i < nr_extra && !rc; i++)
		rc = cfg_parse(&f, extra[i], strlen(extra[i]), dg);
	f.name = name;
	if (!rc)
		rc = config_read(c, &f, print_warning, NULL, dg);
	cfg_free(&f);
	free(text);
	return rc;
}

bool cli_new_uuid(struct guest_config *c)
{
	if (getrandom(c->uuid, sizeof(c->uuid), 0) != sizeof(c->uuid))
		return false;
	c->uuid[6] = (c->uuid[6] & 0x0f) | 0x40; /* RFC 4122: random, variant 1 */
	c->uuid[8] = (c->uuid[8] & 0x3f) | 0x80;
	c->has_uuid = true;
	return true;
}
