/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Dom0's block and network backends have counted: in sysfs, a folder vbd-DOMAIN-NUMBER or
 * vif-DOMAIN-NUMBER each. A file that is not there, because the device is going, counts as 0.
 */
#include "dom0-tools/cli/top.h"

#include <dirent.h>
#include <glob.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static uint64_t read_count(const char *path)
{
	FILE *in = fopen(path, "re");
	unsigned long long n = 0;

	if (!in)
		return 0;
	if (fscanf(in, "%llu", &n) != 1)
		n = 0;
	fclose(in);
	return n;
}

/* The first file that matches: an interface may have any name. */
static uint64_t read_first(const char *pattern)
{
	uint64_t n = 0;
	glob_t found;

	if (!glob(pattern, GLOB_NOSORT, NULL, &found))
		n = read_count(found.gl_pathv[0]);
	globfree(&found);
	return n;
}

/* What Dom0's interface receives the guest has sent. */
#define COUNTER(kind, file, field) { kind, file, offsetof(struct top_domain, field) }
static const struct {
	const char *kind, *file;
	size_t offset;
} counters[] = {
	COUNTER("vif", "net/*/statistics/rx_bytes", tx_bytes),
	COUNTER("vif", "net/*/statistics/tx_bytes", rx_bytes),
	COUNTER("vbd", "statistics/oo_req", vbd_oo),
	COUNTER("vbd", "statistics/rd_req", vbd_rd),
	COUNTER("vbd", "statistics/wr_req", vbd_wr),
	COUNTER("vbd", "statistics/rd_sect", vbd_rsect),
	COUNTER("vbd", "statistics/wr_sect", vbd_wsect),
};

static void add_device(struct top_domain *d, const char *folder, const char *device, const char *kind)
{
	char path[512];

	*(strcmp(kind, "vif") ? &d->vbds : &d->nets) += 1;
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (strcmp(counters[i].kind, kind))
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", folder, device, counters[i].file);
		*(uint64_t *)((char *)d + counters[i].offset) += read_first(path);
	}
}

void top_add_devices(struct top_sample *s, const char *folder)
{
	DIR *dir = opendir(folder);

	/* Without any backend there is no such folder. */
	for (struct dirent *e; dir && (e = readdir(dir));) {
		unsigned int domid, number;
		char kind[4];

		if (sscanf(e->d_name, "%3[a-z]-%u-%u", kind, &domid, &number) != 3 ||
		    (strcmp(kind, "vif") && strcmp(kind, "vbd")))
			continue;
		for (unsigned int i = 0; i < s->nr; i++)
			if (s->domain[i].domid == domid)
				add_device(&s->domain[i], folder, e->d_name, kind);
	}
	if (dir)
		closedir(dir);
}
