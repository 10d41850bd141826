/* SPDX-License-Identifier: GPL-2.0-only */
/* Fixed-width types for every floor; nothing of ours is defined here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
