/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vsnprintf, as far as the hypervisor uses it: conversions d u x p c s, flags - 0 #, a width, a precision for
 * strings, lengths l ll z. One pass over the format; each conversion is read into a struct spec, then written by
 * one of two emitters that pad and count.
 */
#include "lib/printf.h"

struct out {
	char *buf;
	size_t size, len; /* len counts also what did not fit */
};

struct spec {
	bool left, zero, alt, is_long;
	int width, precision; /* precision -1: none */
	char conversion;
};

static void emit(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void emit_repeat(struct out *o, char c, int n)
{
	while (n-- > 0)
		emit(o, c);
}

static void emit_string(struct out *o, const struct spec *s, const char *text, size_t len)
{
	int pad = s->width - (int)len;

	if (!s->left)
		emit_repeat(o, ' ', pad);
	for (size_t i = 0; i < len; i++)
		emit(o, text[i]);
	if (s->left)
		emit_repeat(o, ' ', pad);
}

static void emit_number(struct out *o, const struct spec *s, uint64_t val, bool negative)
{
	unsigned int base = s->conversion == 'x' ? 16 : 10;
	const char *prefix = negative ? "-" : s->alt && base == 16 && val ? "0x" : "";
	int len = 0, pad = s->width - (int)strlen(prefix);
	char text[24];

	do
		text[len++] = "0123456789abcdef"[val % base];
	while (val /= base);
	pad -= len;
	if (!s->left && !s->zero)
		emit_repeat(o, ' ', pad);
	while (*prefix)
		emit(o, *prefix++);
	if (!s->left && s->zero)
		emit_repeat(o, '0', pad);
	while (len)
		emit(o, text[--len]);
	if (s->left)
		emit_repeat(o, ' ', pad);
}

static int read_number(const char **fmt)
{
	int n = 0;

	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		n = n < 10000 ? n * 10 + **fmt - '0' : n;
	return n;
}

/* Everything between '%' and the conversion. */
static void read_spec(const char **fmt, struct spec *s)
{
	*s = (struct spec){ .precision = -1 };
	for (;; (*fmt)++) {
		if (**fmt == '-')
			s->left = true;
		else if (**fmt == '0')
			s->zero = true;
		else if (**fmt == '#')
			s->alt = true;
		else
			break;
	}
	s->width = read_number(fmt);
	if (**fmt == '.') {
		(*fmt)++;
		s->precision = read_number(fmt);
	}
	for (; **fmt == 'l' || **fmt == 'z'; (*fmt)++)
		s->is_long = true;
	s->conversion = **fmt;
}

static void convert(struct out *o, struct spec *s, va_list *ap)
{
	const char *text;
	int64_t val;
	char c;

	switch (s->conversion) {
	case 'd':
		val = s->is_long ? va_arg(*ap, int64_t) : va_arg(*ap, int);
		emit_number(o, s, val < 0 ? -(uint64_t)val : (uint64_t)val, val < 0);
		break;
	case 'u': case 'x':
		emit_number(o, s, s->is_long ? va_arg(*ap, uint64_t) : va_arg(*ap, unsigned int), false);
		break;
	case 'p':
		*s = (struct spec){ .conversion = 'x', .zero = true, .width = 16 };
		emit_number(o, s, (uintptr_t)va_arg(*ap, void *), false);
		break;
	case 'c':
		c = va_arg(*ap, int);
		emit_string(o, s, &c, 1);
		break;
	case 's':
		text = va_arg(*ap, const char *);
		text = text ? text : "(null)";
		emit_string(o, s, text, strnlen(text, s->precision < 0 ? SIZE_MAX : s->precision));
		break;
	default:
		emit(o, s->conversion);
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { buf, size, 0 };
	struct spec s;
	va_list args;

	va_copy(args, ap);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			emit(&o, *fmt);
			continue;
		}
		fmt++;
		read_spec(&fmt, &s);
		if (!*fmt)
			break;
		convert(&o, &s, &args);
	}
	va_end(args);
	if (size)
		buf[min(o.len, size - 1)] = '\0';
	return o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len;
}
