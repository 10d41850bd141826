/* SPDX-License-Identifier: GPL-2.0-only */
/* The notations inside configuration values: CPU sets, UUIDs, names. Pure. */
#include "dom0-tools/config/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME 80
#define MAX_KIB	 (1ULL << 40) /* far more than any machine has */

/* A decimal CPU number at *p, which moves past it; -1 for none. */
static int parse_cpu(const char **p)
{
	unsigned int n = 0;

	if (!isdigit((unsigned char)**p))
		return -1;
	while (isdigit((unsigned char)**p)) {
		n = n * 10 + (*(*p)++ - '0');
		if (n >= CONFIG_MAX_CPUS)
			return -1;
	}
	return n;
}

bool config_parse_cpus(const char *p, struct guest_cpus *cpus)
{
	memset(cpus, 0, sizeof(*cpus));
	for (;;) {
		bool without = *p == '^';
		int from, to;

		if (without)
			p++;
		if (!strncmp(p, "all", 3)) {
			p += 3;
			from = 0;
			to = CONFIG_MAX_CPUS - 1;
		} else {
			from = to = parse_cpu(&p);
			if (from >= 0 && *p == '-') {
				p++;
				to = parse_cpu(&p);
			}
		}
		if (from < 0 || to < from)
			return false;
		for (int i = from; i <= to; i++) {
			uint8_t bit = 1 << i % 8;

			cpus->bits[i / 8] =
				without ? cpus->bits[i / 8] & ~bit : cpus->bits[i / 8] | bit;
		}
		if (!*p)
			return true;
		if (*p++ != ',')
			return false;
	}
}

/* As xl: one letter behind the number at most, MiB without one. */
bool config_parse_size(const char *text, uint64_t *kib)
{
	static const char units[] = "bkmgt";
	unsigned long long n;
	const char *unit;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || errno || (*end && end[1]))
		return false;
	unit = strchr(units, *end ? tolower((unsigned char)*end) : 'm');
	if (!unit || (unit > units && n > UINT64_MAX >> 10 * (unit - units)))
		return false;
	*kib = unit == units ? n >> 10 : n << 10 * (unit - units - 1);
	return *kib && *kib <= MAX_KIB;
}

bool config_parse_uuid(const char *text, uint8_t uuid[16])
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	unsigned int nr = 0;

	if (strlen(text) != sizeof(shape) - 1)
		return false;
	for (unsigned int i = 0; shape[i]; i++) {
		char digits[3] = { text[i], text[i + 1] };

		if (shape[i] == '-' && text[i] != '-')
			return false;
		if (shape[i] == '-')
			continue;
		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
			return false;
		uuid[nr++] = strtoul(digits, NULL, 16);
		i++;
	}
	return true;
}

void config_format_uuid(const uint8_t u[16], char text[37])
{
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
		 u[13], u[14], u[15]);
}

bool config_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > MAX_NAME || !isalnum((unsigned char)*name) || strspn(name, "0123456789") == n)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr(".-_+:", *name))
			return false;
	return true;
}
