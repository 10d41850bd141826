/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vsnprintf: the integer and string half of C's. One pass over the format; each conversion is read
 * into a struct spec, then written by one of two emitters that pad and count.
 */
#include "lib/printf.h"
#include "lib/string.h"

struct out {
	char *buf;
	size_t size, len; /* len counts also what did not fit */
};

struct spec {
	bool left, zero, plus, space, alt;
	int width, precision; /* precision -1: none */
	int length;	      /* bytes of the argument */
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
	const char *digits = s->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned int base = s->conversion == 'd' || s->conversion == 'i' || s->conversion == 'u' ? 10 : 16;
	char text[24], prefix[3];
	int len = 0, np = 0, zeros;

	if (negative || s->plus || s->space)
		prefix[np++] = negative ? '-' : s->plus ? '+' : ' ';
	if (s->alt && base == 16 && val) {
		prefix[np++] = '0';
		prefix[np++] = s->conversion == 'X' ? 'X' : 'x';
	}
	for (; val; val /= base)
		text[len++] = digits[val % base];
	if (!len && s->precision != 0)
		text[len++] = '0';
	zeros = s->precision - len;
	if (s->precision < 0 && s->zero && !s->left)
		zeros = s->width - np - len;
	zeros = max(zeros, 0);

	if (!s->left)
		emit_repeat(o, ' ', s->width - np - zeros - len);
	for (int i = 0; i < np; i++)
		emit(o, prefix[i]);
	emit_repeat(o, '0', zeros);
	for (int i = len; i > 0; i--)
		emit(o, text[i - 1]);
	if (s->left)
		emit_repeat(o, ' ', s->width - np - zeros - len);
}

static int read_number(const char **fmt)
{
	int n = 0;

	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		n = n < 10000 ? n * 10 + **fmt - '0' : n;
	return n;
}

static void read_length(const char **fmt, struct spec *s)
{
	s->length = sizeof(int);
	for (;; (*fmt)++) {
		switch (**fmt) {
		case 'h':
			s->length = s->length == sizeof(short) ? 1 : sizeof(short);
			break;
		case 'l': case 'z': case 't': case 'j':
			s->length = 8;
			break;
		default:
			return;
		}
	}
}

/* Everything between '%' and the conversion; widths given by '*' come from ap. */
static void read_spec(const char **fmt, struct spec *s, va_list *ap)
{
	*s = (struct spec){ .precision = -1 };
	for (;; (*fmt)++) {
		if (**fmt == '-')
			s->left = true;
		else if (**fmt == '0')
			s->zero = true;
		else if (**fmt == '+')
			s->plus = true;
		else if (**fmt == ' ')
			s->space = true;
		else if (**fmt == '#')
			s->alt = true;
		else
			break;
	}
	if (**fmt == '*') {
		s->width = va_arg(*ap, int);
		if (s->width < 0) {
			s->left = true;
			s->width = -s->width;
		}
		(*fmt)++;
	} else {
		s->width = read_number(fmt);
	}
	if (**fmt == '.') {
		(*fmt)++;
		if (**fmt == '*') {
			s->precision = va_arg(*ap, int);
			(*fmt)++;
		} else {
			s->precision = read_number(fmt);
		}
	}
	read_length(fmt, s);
	s->conversion = **fmt;
}

static uint64_t read_unsigned(const struct spec *s, va_list *ap)
{
	uint64_t val = s->length == 8 ? va_arg(*ap, uint64_t) : va_arg(*ap, unsigned int);

	return s->length == 1 ? (uint8_t)val : s->length == 2 ? (uint16_t)val : val;
}

static int64_t read_signed(const struct spec *s, va_list *ap)
{
	int64_t val = s->length == 8 ? va_arg(*ap, int64_t) : va_arg(*ap, int);

	return s->length == 1 ? (int8_t)val : s->length == 2 ? (int16_t)val : val;
}

static void convert(struct out *o, struct spec *s, va_list *ap)
{
	const char *text;
	int64_t val;
	char c;

	switch (s->conversion) {
	case 'd': case 'i':
		val = read_signed(s, ap);
		emit_number(o, s, val < 0 ? -(uint64_t)val : (uint64_t)val, val < 0);
		break;
	case 'u': case 'x': case 'X':
		emit_number(o, s, read_unsigned(s, ap), false);
		break;
	case 'p':
		s->conversion = 'x';
		s->precision = 16;
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
		read_spec(&fmt, &s, &args);
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
