/* SPDX-License-Identifier: GPL-2.0-only */
/* Dom0's view of the machine's console: output goes straight out, input waits in a small ring. */
#pragma once

#include "core/domain.h"

void console_io_init(void); /* once, when Dom0 exists: keys go to it from now on */
