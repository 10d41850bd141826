/* SPDX-License-Identifier: GPL-2.0-only */
/* The real header, except that now() is a function of fakes/time.c. */
#pragma once

#define now now_of_the_machine
#include_next "x86/time.h"
#undef now
uint64_t now(void);
