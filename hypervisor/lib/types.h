/* SPDX-License-Identifier: GPL-2.0-only */
/* Fixed-width types for every floor; nothing of ours is defined here. */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#endif
