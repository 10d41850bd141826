/* SPDX-License-Identifier: GPL-2.0-only */
/* Xenstore, the small part that the tools need; see hl.h. */
#include "dom0-tools/lib/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xenstore.h>
#include <xenstore_lib.h>

#define PATH_ROOM 512

/* Does a daemon listen? xs_open would else wait for one in the kernel, for ever. */
static bool daemon_listens(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return false;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", xs_daemon_socket());
	rc = connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	return !rc;
}

struct xs_handle *hl_store(struct hl *hl)
{
	if (!hl->xs && daemon_listens())
		hl->xs = xs_open(0);
	return hl->xs;
}

char *store_read(struct hl *hl, const char *fmt, ...)
{
	char path[PATH_ROOM];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return hl_store(hl) ? xs_read(hl->xs, XBT_NULL, path, NULL) : NULL;
}

int store_write(struct hl *hl, const char *value, const char *fmt, ...)
{
	char path[PATH_ROOM];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (!hl_store(hl))
		return -EIO;
	return xs_write(hl->xs, XBT_NULL, path, value, strlen(value)) ? 0 : -errno;
}

int store_remove(struct hl *hl, const char *fmt, ...)
{
	char path[PATH_ROOM];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (!hl_store(hl))
		return -EIO;
	return xs_rm(hl->xs, XBT_NULL, path) ? 0 : -errno;
}

char *store_domain_name(struct hl *hl, uint32_t domid)
{
	char *name = store_read(hl, "/local/domain/%u/name", domid);

	return name || domid ? name : strdup("Domain-0");
}

int store_find_domain(struct hl *hl, const char *what, uint32_t *domid)
{
	struct xen_domctl_getdomaininfo *list;
	unsigned long id;
	char *end;
	int nr, rc = -ESRCH;

	nr = hl_domain_list(hl, &list);
	if (nr < 0)
		return nr;
	id = strtoul(what, &end, 10);
	for (int i = 0; i < nr && rc; i++) {
		char *name = store_domain_name(hl, list[i].domain);

		/* A name of digits only is refused at creation, so a number is always an id. */
		if ((!*end && end != what && id == list[i].domain) ||
		    (name && !strcmp(name, what))) {
			*domid = list[i].domain;
			rc = 0;
		}
		free(name);
	}
	free(list);
	return rc;
}
