/* SPDX-License-Identifier: GPL-2.0-only */
/* The loop in which every CPU spends its life once it runs guests. */
#pragma once

#include "core/domain.h"

/*
 * Each CPU's last call: run vCPUs, idle between. Stack depth at this point is where every exit
 * starts.
 */
void __noreturn run_loop(void);

/* Register the debug key that prints exits by reason. */
void exit_init(void);
