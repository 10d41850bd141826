/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of virtual disks as numbers: the guest interface fixes them (Xen's vbd-interface(7)). */
#include "dom0-tools/config/disk.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXTENDED	(1U << 28)	/* more than 16 disks or 15 partitions: disk << 8 | partition */
#define MAX_DISK	((1U << 20) - 1)

/* Letters as a number: a 0, z 25, aa 26. False when there are none, or too many. */
static bool letters(const char **p, unsigned int *n)
{
	uint64_t value = 0;
	const char *start = *p;

	while (**p >= 'a' && **p <= 'z' && value <= MAX_DISK)
		value = value * 26 + (*(*p)++ - 'a' + 1);
	*n = value - 1;
	return *p > start && value <= MAX_DISK + 1ULL;
}

static bool digits(const char **p, unsigned int max, unsigned int *n)
{
	const char *start = *p;

	for (*n = 0; isdigit((unsigned char)**p) && *n <= max; (*p)++)
		*n = *n * 10 + (**p - '0');
	return *p > start && *n <= max;
}

/* The end of a name: a partition from 1 on, or nothing. */
static bool partition(const char *p, unsigned int max, unsigned int *n)
{
	*n = 0;
	return !*p || (*p != '0' && digits(&p, max, n) && !*p);
}

static unsigned int xvd(unsigned int disk, unsigned int part)
{
	return disk < 16 && part < 16 ? 202U << 8 | disk << 4 | part : EXTENDED | disk << 8 | part;
}

bool disk_number(const char *vdev, unsigned int *id)
{
	unsigned int disk, part;
	const char *p = vdev + 2;
	char *end;

	if (isdigit((unsigned char)*vdev)) {
		unsigned long n = strtoul(vdev, &end, 0);

		*id = n;
		return !*end && n <= (EXTENDED | MAX_DISK << 8 | 255);
	}
	if (!strncmp(vdev, "xvd", 3)) {
		p = vdev + 3;
		if (!letters(&p, &disk) || !partition(p, 255, &part))
			return false;
		*id = xvd(disk, part);
		return true;
	}
	if (*vdev == 'd' && isdigit((unsigned char)vdev[1])) {
		p = vdev + 1;
		if (!digits(&p, MAX_DISK, &disk))
			return false;
		if (*p && *p++ != 'p')
			return false;
		if (!partition(p, 255, &part) || (p[-1] == 'p' && !part))
			return false;
		*id = xvd(disk, part);
		return true;
	}
	if (!strncmp(vdev, "hd", 2) && letters(&p, &disk) && disk < 4 && partition(p, 63, &part)) {
		*id = (disk < 2 ? 3U : 22U) << 8 | (disk & 1) << 6 | part;
		return true;
	}
	if (!strncmp(vdev, "sd", 2) && letters(&p, &disk) && disk < 16 && partition(p, 15, &part)) {
		*id = 8U << 8 | disk << 4 | part;
		return true;
	}
	return false;
}

static void format_name(const char *prefix, unsigned int disk, unsigned int part, char *buf,
			size_t size)
{
	char text[8];
	unsigned int at = sizeof(text) - 1;

	text[at] = 0;
	for (unsigned int n = disk + 1; n; n = (n - 1) / 26)
		text[--at] = 'a' + (n - 1) % 26;
	if (part)
		snprintf(buf, size, "%s%s%u", prefix, text + at, part);
	else
		snprintf(buf, size, "%s%s", prefix, text + at);
}

void disk_name(unsigned int id, char *buf, size_t size)
{
	unsigned int major = id >> 8, minor = id & 255;

	if (id & EXTENDED)
		format_name("xvd", id >> 8 & MAX_DISK, minor, buf, size);
	else if (major == 202)
		format_name("xvd", minor >> 4, minor & 15, buf, size);
	else if (major == 8)
		format_name("sd", minor >> 4, minor & 15, buf, size);
	else if ((major == 3 || major == 22) && minor < 128)
		format_name("hd", (major == 22 ? 2 : 0) + (minor >> 6), minor & 63, buf, size);
	else
		snprintf(buf, size, "%u", id);
}
