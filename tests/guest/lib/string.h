/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory, strings and text for the payload; own copies, so that no tested code is used. */
#pragma once

#include <stdarg.h>

#include "lib/asm.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
const char *strstr(const char *s, const char *word);
/* Whether every byte of the buffer is c. */
bool mem_is(const void *p, int c, size_t n);
/* Decimal, or hexadecimal after 0x; stops at the first other character. */
uint64_t parse_number(const char *s);

/* %d %u %x %p %s %c %% with l/ll/z, width, 0 and - flags. Returns the untruncated length. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
