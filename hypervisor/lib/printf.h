/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Formatting into a buffer: %d %i %u %x %X %o %c %s %p %% with flags "-0+ #", width and precision
 * (numbers or *), and the lengths hh h l ll z t j. Floating point and %n do not exist.
 */
#pragma once

#include <stdarg.h>
#include "lib/base.h"

/* Always terminate when size > 0; return the length the whole text would have had. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
