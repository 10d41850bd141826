/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers in text. */
#pragma once

#include "lib/base.h"

/* The decimal or 0x number at *s, which moves behind it: 0, -EINVAL there is none, -ERANGE it is above max. */
int number_read(const char **s, uint64_t max, uint64_t *val);
