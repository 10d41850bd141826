/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for something in xenstore, by watches; see hl.h. */
#include "dom0-tools/lib/call.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <xenstore.h>

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* All events that are there; one look at the store answers them. */
static void drain(struct xs_handle *xs)
{
	char **event;

	while ((event = xs_check_watch(xs)))
		free(event);
}

int store_wait(struct hl *hl, const char *const *paths, bool (*done)(struct hl *hl, void *arg),
	       void *arg, int timeout_ms)
{
	long long end = now_ms() + timeout_ms, left;
	/* A connection of its own: the other may have watches that somebody else reads. */
	struct xs_handle *xs = hl_store(hl) ? xs_open(0) : NULL;
	struct pollfd p = { .events = POLLIN };
	int rc = 0;

	if (!xs)
		return -EIO;
	for (; *paths && !rc; paths++)
		if (!xs_watch(xs, *paths, "wait"))
			rc = -errno;
	p.fd = xs_fileno(xs);
	while (!rc) {
		drain(xs);
		if (done(hl, arg))
			break;
		left = end - now_ms();
		if (left <= 0 || !poll(&p, 1, left))
			rc = done(hl, arg) ? 0 : -ETIMEDOUT;
	}
	xs_close(xs);
	return rc;
}
