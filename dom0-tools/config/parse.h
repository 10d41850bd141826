/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The syntax of xl.cfg: KEY = VALUE or KEY += VALUE, one per line or separated by ';'; '#' starts a
 * comment. A value is a number, a quoted string, or a list in brackets that may span lines. What
 * the keys mean is schema.c's business. Pure; the text is not trusted.
 */
#pragma once

#include <stddef.h>
#include "dom0-tools/lib/diag.h"

enum cfg_kind { CFG_NUMBER, CFG_STRING, CFG_LIST };

struct cfg_value {
	enum cfg_kind kind;
	unsigned int line, column;
	long number;
	char *string;			/* CFG_STRING; of a number, as it was written */
	struct cfg_value *item;		/* CFG_LIST */
	unsigned int nr_items;
};

struct cfg_setting {
	char *key;
	unsigned int line, column;
	struct cfg_value value;
	struct cfg_setting *next;
};

struct cfg_file {
	const char *name;		/* for messages; the caller's */
	struct cfg_setting *first, **last;
};

void cfg_init(struct cfg_file *f, const char *name);
/* Add the settings of text. On error: -EINVAL and "name:line:column: what". */
int cfg_parse(struct cfg_file *f, const char *text, size_t size, struct diag *dg);
void cfg_free(struct cfg_file *f);
