/* SPDX-License-Identifier: GPL-2.0-only */
/* The CMOS clock. */
#pragma once

#include "lib/base.h"

uint64_t rtc_read_seconds(void); /* Unix time */
