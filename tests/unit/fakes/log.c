/* SPDX-License-Identifier: GPL-2.0-only */
/* The log: only its last line is kept. */
#include <stdarg.h>
#include <stdio.h>
#include "fakes/fakes.h"
#include "lib/log.h"

char fake_log_last[512];
unsigned int fake_log_count;

void log_at(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fake_log_last, sizeof(fake_log_last), fmt, ap);
	va_end(ap);
	fake_log_count++;
}

void guest_log_at(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fake_log_last, sizeof(fake_log_last), fmt, ap);
	va_end(ap);
	fake_log_count++;
}
