/* SPDX-License-Identifier: GPL-2.0-only */
/* The CMOS clock. */
#ifndef X86_RTC_H
#define X86_RTC_H

#include "lib/compiler.h"

uint64_t rtc_read_seconds(void); /* Unix time */

#endif
