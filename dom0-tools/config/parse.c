/* SPDX-License-Identifier: GPL-2.0-only */
/* Parser for xl.cfg syntax, by recursive descent over the text; see parse.h. */
#include "dom0-tools/config/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 4	/* lists in lists */

struct scan {
	const struct cfg_file *file;
	const char *at, *end;
	unsigned int line, column;
	struct diag *dg;
};

static int peek(const struct scan *s)
{
	return s->at < s->end ? (unsigned char)*s->at : -1;
}

static int next(struct scan *s)
{
	int c = peek(s);

	if (c < 0)
		return c;
	s->at++;
	s->column++;
	if (c == '\n') {
		s->line++;
		s->column = 1;
	}
	return c;
}

static int fail_at(struct scan *s, unsigned int line, unsigned int column, const char *what)
{
	return diag_fail(s->dg, -EINVAL, "%s:%u:%u: %s", s->file->name, line, column, what);
}

static int fail(struct scan *s, const char *what)
{
	return fail_at(s, s->line, s->column, what);
}

/* Skip blanks and comments; line ends too where they mean nothing. */
static void skip(struct scan *s, bool lines)
{
	for (;;) {
		int c = peek(s);

		if (c == '#') {
			while (peek(s) >= 0 && peek(s) != '\n')
				next(s);
		} else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
			next(s);
		} else if (c == '\\' && s->at + 1 < s->end && s->at[1] == '\n') {
			next(s);
			next(s);
		} else {
			return;
		}
	}
}

static char *copy(const char *from, size_t n)
{
	char *s = malloc(n + 1);

	if (s) {
		memcpy(s, from, n);
		s[n] = 0;
	}
	return s;
}

static int hex_digit(int c)
{
	return isdigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The character that a backslash sequence stands for, -1 for none. */
static int escape(struct scan *s)
{
	int c = next(s), high, low;

	switch (c) {
	case 'n': return '\n';
	case 't': return '\t';
	case 'r': return '\r';
	case '\\': case '"': case '\'': return c;
	case 'x':
		high = hex_digit(next(s));
		low = hex_digit(next(s));
		return high < 0 || low < 0 || (!high && !low) ? -1 : high << 4 | low;
	default: return -1;
	}
}

static int parse_string(struct scan *s, struct cfg_value *v)
{
	unsigned int line = s->line, column = s->column;
	int quote = next(s);
	char *out;

	v->kind = CFG_STRING;
	v->string = out = malloc(s->end - s->at + 1);
	if (!out)
		return fail(s, "no memory");
	for (;;) {
		int c = peek(s);

		if (c < 0 || c == '\n') {
			*out = 0;
			return fail_at(s, line, column, "string without closing quote");
		}
		next(s);
		if (c == quote)
			break;
		if (c == '\\')
			c = escape(s);
		if (c <= 0) {
			*out = 0;
			return fail(
				s, "unknown \\ sequence in string (\\\\ stands for one backslash)");
		}
		*out++ = c;
	}
	*out = 0;
	return 0;
}

static int parse_number(struct scan *s, struct cfg_value *v)
{
	const char *start = s->at;
	char *end;

	v->kind = CFG_NUMBER;
	if (peek(s) == '-')
		next(s);
	while (isalnum(peek(s)))
		next(s);
	v->string = copy(start, s->at - start);
	if (!v->string)
		return fail(s, "no memory");
	errno = 0;
	v->number = strtol(v->string, &end, 0);
	if (errno || *end || end == v->string)
		return fail_at(s, v->line, v->column, "not a number (text needs quotes)");
	return 0;
}

static int parse_value(struct scan *s, struct cfg_value *v, unsigned int depth);

static int parse_list(struct scan *s, struct cfg_value *v, unsigned int depth)
{
	unsigned int line = s->line, column = s->column;

	v->kind = CFG_LIST;
	if (depth == MAX_DEPTH)
		return fail(s, "lists nested too deeply");
	next(s);
	for (;;) {
		struct cfg_value *bigger;
		int rc;

		skip(s, true);
		if (peek(s) == ']')
			break;
		if (peek(s) < 0)
			return fail_at(s, line, column, "list without closing ']'");
		bigger = realloc(v->item, (v->nr_items + 1) * sizeof(*bigger));
		if (!bigger)
			return fail(s, "no memory");
		v->item = bigger;
		v->item[v->nr_items] = (struct cfg_value){ 0 };
		rc = parse_value(s, &v->item[v->nr_items++], depth + 1);
		if (rc)
			return rc;
		skip(s, true);
		if (peek(s) == ',')
			next(s);
		else if (peek(s) >= 0 && peek(s) != ']')
			return fail(s, "expected ',' or ']' in list");
	}
	next(s);
	return 0;
}

static int parse_value(struct scan *s, struct cfg_value *v, unsigned int depth)
{
	int c = peek(s);

	v->line = s->line;
	v->column = s->column;
	if (c == '"' || c == '\'')
		return parse_string(s, v);
	if (c == '[')
		return parse_list(s, v, depth);
	if (isdigit(c) || c == '-')
		return parse_number(s, v);
	if (isalpha(c))
		return fail(s, "text needs quotes: \"...\"");
	return fail(s, "expected a value: a number, \"text\" or [list]");
}

static void value_free(struct cfg_value *v)
{
	for (unsigned int i = 0; i < v->nr_items; i++)
		value_free(&v->item[i]);
	free(v->item);
	free(v->string);
}

static void setting_free(struct cfg_setting *set)
{
	value_free(&set->value);
	free(set->key);
	free(set);
}

/* KEY += VALUE: append to the latest setting of that key. Takes set over when it does. */
static bool append_setting(struct cfg_file *f, struct cfg_setting *set)
{
	struct cfg_setting *old = NULL;
	struct cfg_value *to, *from = &set->value;

	for (struct cfg_setting *i = f->first; i; i = i->next)
		if (!strcmp(i->key, set->key))
			old = i;
	if (!old || old->value.kind != from->kind || from->kind == CFG_NUMBER)
		return false;
	to = &old->value;
	if (from->kind == CFG_STRING) {
		char *both = realloc(to->string, strlen(to->string) + strlen(from->string) + 1);

		if (!both)
			return false;
		to->string = strcat(both, from->string);
	} else {
		size_t nr = to->nr_items + from->nr_items;
		struct cfg_value *both = realloc(to->item, (nr + 1) * sizeof(*both));

		if (!both)
			return false;
		if (from->nr_items)
			memcpy(both + to->nr_items, from->item, from->nr_items * sizeof(*both));
		to->item = both;
		to->nr_items = nr;
		from->nr_items = 0;
	}
	setting_free(set);
	return true;
}

static int parse_setting(struct scan *s, struct cfg_file *f)
{
	struct cfg_setting *set = calloc(1, sizeof(*set));
	const char *start = s->at;
	bool append = false;
	int rc;

	if (!set)
		return fail(s, "no memory");
	set->line = s->line;
	set->column = s->column;
	while (isalnum(peek(s)) || peek(s) == '_' || peek(s) == '-')
		next(s);
	set->key = copy(start, s->at - start);
	rc = fail(s, "no memory");
	if (!set->key)
		goto out;
	skip(s, false);
	if (peek(s) == '+') {
		next(s);
		append = true;
	}
	if (peek(s) != '=') {
		rc = fail(s, "expected '=' after the key");
		goto out;
	}
	next(s);
	skip(s, false);
	rc = parse_value(s, &set->value, 0);
	if (rc)
		goto out;
	skip(s, false);
	if (peek(s) >= 0 && peek(s) != '\n' && peek(s) != ';') {
		rc = fail(s, "unexpected text after the value");
		goto out;
	}
	if (append && append_setting(f, set))
		return 0;
	*f->last = set;
	f->last = &set->next;
	return 0;
out:
	setting_free(set);
	return rc;
}

void cfg_init(struct cfg_file *f, const char *name)
{
	*f = (struct cfg_file){ .name = name };
	f->last = &f->first;
}

int cfg_parse(struct cfg_file *f, const char *text, size_t size, struct diag *dg)
{
	struct scan s = {
		.file = f, .at = text, .end = text + size, .line = 1, .column = 1, .dg = dg,
	};

	for (;;) {
		int rc;

		skip(&s, true);
		if (peek(&s) == ';') {
			next(&s);
			continue;
		}
		if (peek(&s) < 0)
			return 0;
		if (!isalpha(peek(&s)) && peek(&s) != '_')
			return fail(&s, "expected a key, such as memory = 512");
		rc = parse_setting(&s, f);
		if (rc)
			return rc;
	}
}

void cfg_free(struct cfg_file *f)
{
	while (f->first) {
		struct cfg_setting *set = f->first;

		f->first = set->next;
		setting_free(set);
	}
	f->last = &f->first;
}
