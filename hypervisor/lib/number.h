/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers in text. */
#ifndef LIB_NUMBER_H
#define LIB_NUMBER_H

#include "lib/types.h"

/* The decimal or 0x number at *s, which moves behind it: 0, -EINVAL there is none, -ERANGE it is above max. */
int number_read(const char **s, uint64_t max, uint64_t *val);

#endif
