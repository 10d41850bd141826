/* SPDX-License-Identifier: GPL-2.0-only */
/* A small vsnprintf: what test messages need and no more. */
#include "lib/string.h"

struct out {
	char *buf;
	size_t size, len;
};

struct spec {
	bool left, zero;
	int width, longs;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_padded(struct out *o, const char *s, int len, const struct spec *f)
{
	int pad = f->width - len;

	if (f->zero && *s == '-' && len) {
		put(o, *s++);
		len--;
	}
	for (; !f->left && pad > 0; pad--)
		put(o, f->zero ? '0' : ' ');
	while (len--)
		put(o, *s++);
	for (; pad > 0; pad--)
		put(o, ' ');
}

static void put_number(struct out *o, uint64_t value, bool negative, unsigned int base,
		       const struct spec *f)
{
	char text[24], *p = text + sizeof(text);

	do
		*--p = "0123456789abcdef"[value % base];
	while (value /= base);
	if (negative)
		*--p = '-';
	put_padded(o, p, text + sizeof(text) - p, f);
}

static uint64_t next_number(va_list *ap, const struct spec *f, bool is_signed)
{
	if (f->longs)
		return va_arg(*ap, uint64_t);
	return is_signed ? (uint64_t)(int64_t)va_arg(*ap, int) : va_arg(*ap, unsigned int);
}

static void put_conversion(struct out *o, char c, va_list *ap, const struct spec *f)
{
	const char *s;
	uint64_t value;

	switch (c) {
	case 'd':
		value = next_number(ap, f, true);
		put_number(o, (int64_t)value < 0 ? -value : value, (int64_t)value < 0, 10, f);
		break;
	case 'u':
		put_number(o, next_number(ap, f, false), false, 10, f);
		break;
	case 'x':
		put_number(o, next_number(ap, f, false), false, 16, f);
		break;
	case 'p':
		put(o, '0');
		put(o, 'x');
		put_number(o, va_arg(*ap, uint64_t), false, 16, f);
		break;
	case 's':
		s = va_arg(*ap, const char *);
		s = s ? s : "(null)";
		put_padded(o, s, strlen(s), f);
		break;
	case 'c':
		put(o, va_arg(*ap, int));
		break;
	default:
		put(o, c);
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { .buf = buf, .size = size };
	va_list ap;

	va_copy(ap, args);
	for (; *fmt; fmt++) {
		struct spec f = { 0 };

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		for (fmt++; *fmt == '-' || *fmt == '0'; fmt++)
			*(*fmt == '-' ? &f.left : &f.zero) = true;
		for (; *fmt >= '0' && *fmt <= '9'; fmt++)
			f.width = f.width * 10 + *fmt - '0';
		for (; *fmt == 'l' || *fmt == 'z'; fmt++)
			f.longs++;
		if (!*fmt)
			break;
		put_conversion(&o, *fmt, &ap, &f);
	}
	va_end(ap);
	if (size)
		buf[o.len < size ? o.len : size - 1] = 0;
	return o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
