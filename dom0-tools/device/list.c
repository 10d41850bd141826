/* SPDX-License-Identifier: GPL-2.0-only */
/* Which devices there are, by Dom0's own directories; see device.h. */
#include "dom0-tools/device/device.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

struct found {
	struct device *list;
	unsigned int nr, room;
	bool no_memory;
};

static void add(struct found *f, const char *kind, uint32_t domid, unsigned int id)
{
	if (f->nr == f->room) {
		unsigned int room = f->room ? 2 * f->room : 16;
		struct device *list = realloc(f->list, room * sizeof(*list));

		if (!list) {
			f->no_memory = true;
			return;
		}
		f->list = list;
		f->room = room;
	}
	f->list[f->nr] = (struct device){ .domid = domid, .id = id };
	snprintf(f->list[f->nr++].kind, sizeof(f->list->kind), "%s", kind);
}

static char **children(struct hl *hl, unsigned int *nr, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static char **children(struct hl *hl, unsigned int *nr, const char *fmt, ...)
{
	char path[128];
	char **names;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	*nr = 0;
	names = xs_directory(hl_store(hl), XBT_NULL, path, nr);
	return names;
}

static int by_number(const void *a, const void *b)
{
	const struct device *x = a, *y = b;
	int kind = strcmp(x->kind, y->kind);

	if (x->domid != y->domid)
		return x->domid < y->domid ? -1 : 1;
	return kind ? kind : x->id < y->id ? -1 : x->id > y->id;
}

static void list_kind(struct hl *hl, uint32_t domid, const char *kind, struct found *f)
{
	unsigned int nr_domains, nr;
	char **domains = children(hl, &nr_domains, "/local/domain/0/backend/%s", kind);

	for (unsigned int i = 0; domains && i < nr_domains; i++) {
		uint32_t whose = strtoul(domains[i], NULL, 10);
		char **ids;

		if (domid != DEVICE_ANY && domid != whose)
			continue;
		ids = children(hl, &nr, "/local/domain/0/backend/%s/%u", kind, whose);
		for (unsigned int j = 0; ids && j < nr; j++)
			add(f, kind, whose, strtoul(ids[j], NULL, 10));
		free(ids);
	}
	free(domains);
}

int device_list(struct hl *hl, uint32_t domid, const char *kind, struct device **list)
{
	struct found f = { 0 };
	unsigned int nr = 0;
	char **kinds;

	if (!hl_store(hl))
		return -EIO;
	if (kind) {
		list_kind(hl, domid, kind, &f);
	} else {
		kinds = children(hl, &nr, "/local/domain/0/backend");
		for (unsigned int i = 0; kinds && i < nr; i++)
			list_kind(hl, domid, kinds[i], &f);
		free(kinds);
	}
	if (f.no_memory) {
		free(f.list);
		return -ENOMEM;
	}
	if (f.nr)
		qsort(f.list, f.nr, sizeof(*f.list), by_number);
	*list = f.list;
	return f.nr;
}
