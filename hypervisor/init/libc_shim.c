/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the compression libraries want from a C library, beyond lib/string.c. All their memory comes
 * from the arena (unpack_alloc), so malloc() is linked but has nothing to give.
 */
#include "lib/base.h"

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void free(void *p);
void __stack_chk_fail(void);

void *malloc(size_t size)
{
	return NULL;
}

void *calloc(size_t n, size_t size)
{
	return NULL;
}

void free(void *p)
{
}

void __stack_chk_fail(void)
{
	panic("the unpacker of Dom0's kernel overran its stack: is the kernel image damaged?\n");
}
