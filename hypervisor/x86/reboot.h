/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of the machine. Neither returns; each tries several ways, because firmware differs. */
#pragma once

#include "lib/base.h"

void machine_reboot(void) __noreturn;
void machine_poweroff(void) __noreturn;
/* noreboot: a panic or a Dom0 crash stops instead of resetting the machine. */
extern bool opt_noreboot;
