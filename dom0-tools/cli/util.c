/* SPDX-License-Identifier: GPL-2.0-only */
/* What several verbs need: finding domains, printing CPU sets, reading numbers. */
#include "dom0-tools/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_find_domain(struct cli *cli, const char *what, uint32_t *domid)
{
	int rc = store_find_domain(cli->hl, what, domid);

	if (rc == -ESRCH)
		return cli_error(
			"%s is an invalid domain identifier: no such domain (hl list shows them)",
			what);
	if (rc < 0)
		return cli_error("cannot look for domain %s: %s", what, strerror(-rc));
	return 0;
}

const char *cli_domain_name(struct hl *hl, uint32_t domid, char *buf, size_t size)
{
	char *name = store_domain_name(hl, domid);

	snprintf(buf, size, "%s", name ? name : "(null)");
	free(name);
	return buf;
}

static bool has_cpu(const struct hl_cpumap *map, unsigned int c)
{
	return map->bits[c / 8] >> c % 8 & 1;
}

void cli_format_cpus(const struct hl_cpumap *map, unsigned int nr_online, char *buf, size_t size)
{
	size_t used = 0;
	bool all = true;

	for (unsigned int c = 0; c < nr_online && c < HL_MAX_CPUS; c++)
		all &= has_cpu(map, c);
	snprintf(buf, size, "%s", all ? "all" : "none");
	for (unsigned int c = 0; !all && c < HL_MAX_CPUS; c++) {
		unsigned int from = c;

		if (!has_cpu(map, c))
			continue;
		while (c + 1 < HL_MAX_CPUS && has_cpu(map, c + 1))
			c++;
		if (used >= size)
			return;
		used += snprintf(buf + used, size - used, c > from ? "%s%u-%u" : "%s%u",
				 used ? "," : "", from, c);
	}
}

bool cli_number(const char *text, unsigned long max, unsigned long *n)
{
	char *end;

	errno = 0;
	*n = strtoul(text, &end, 10);
	return !errno && *text >= '0' && *text <= '9' && !*end && *n <= max;
}
