/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of failing operations; see diag.h. */
#include "dom0-tools/lib/diag.h"

#include <stdarg.h>
#include <stdio.h>

int diag_fail(struct diag *dg, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(dg->text, sizeof(dg->text), fmt, ap);
	va_end(ap);
	return rc;
}

int diag_prefix(struct diag *dg, int rc, const char *what)
{
	struct diag old = *dg;

	return diag_fail(dg, rc, "%s: %.600s", what, old.text);
}
