/* SPDX-License-Identifier: GPL-2.0-only */
/* A failed assertion ends the test, or is what expect_assert_failure() waits for. */
#include "unit.h"
#include "lib/bug.h"

void panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mock_assert(0, text, "panic", 0);
	abort();
}

void bug_at(const char *file, int line, const char *what)
{
	mock_assert(0, what, file, line);
	abort();
}
