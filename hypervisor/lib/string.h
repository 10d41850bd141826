/* SPDX-License-Identifier: GPL-2.0-only */
/* The C library's memory and string functions that the hypervisor uses, with their usual meaning. */
#pragma once

#include "lib/types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);

/* Copy at most size - 1 characters and always terminate; returns strlen(src). */
size_t str_copy(char *dst, const char *src, size_t size);
