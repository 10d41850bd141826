/* SPDX-License-Identifier: GPL-2.0-only */
/* The control ABI as include/helium declares it, measured. */
#include "abi_layout.h"
#include <helium/sysctl.h>

const struct abi_fact abi_ours[] = {
#include "abi_layout.def"
};
const size_t abi_ours_nr = sizeof(abi_ours) / sizeof(abi_ours[0]);
