/* SPDX-License-Identifier: GPL-2.0-only */
/* What every file may take for granted. Each header brings it; who includes none includes this. */
#pragma once

#include "lib/atomic.h"
#include "lib/bug.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
