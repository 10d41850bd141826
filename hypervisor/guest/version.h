/* SPDX-License-Identifier: GPL-2.0-only */
/* What xen_version says about us. */
#pragma once

#include "lib/base.h"

/* Boot: what XENVER_commandline answers; copied, cut at 1023 characters. */
void version_set_cmdline(const char *cmdline);
