/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one message that a failing operation leaves for the user: what went wrong with which thing,
 * and what to do about it. The library never prints; the command does.
 */
#pragma once

struct diag {
	char text[768];
};

/* Store the message (replacing an earlier one) and return rc. */
int diag_fail(struct diag *dg, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Put "what: " in front of the message. Returns rc. */
int diag_prefix(struct diag *dg, int rc, const char *what);
