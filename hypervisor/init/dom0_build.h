/* SPDX-License-Identifier: GPL-2.0-only */
/* Making Dom0: the domain, its identity-mapped memory, its devices, its first vCPU's state. */
#pragma once

#include "boot/boot_info.h"
#include "init/dom0_mem.h"

/* Boot CPU, all floors up, other CPUs known. Dom0 is left paused. Every failure stops the machine. */
struct domain *dom0_build(const struct boot_info *bi, const struct mem_split *split,
			  const struct options *options);
