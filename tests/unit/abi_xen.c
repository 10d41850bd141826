/* SPDX-License-Identifier: GPL-2.0-only */
/* The control ABI as the distro's headers declare it, measured; nothing when they are not 4.17's. */
#include <stdint.h>
#include "abi_layout.h"
#include <xen/sysctl.h>

#if XEN_DOMCTL_INTERFACE_VERSION == 0x15 && XEN_SYSCTL_INTERFACE_VERSION == 0x15
const struct abi_fact abi_xen[] = {
#include "abi_layout.def"
};
const size_t abi_xen_nr = sizeof(abi_xen) / sizeof(abi_xen[0]);
#else
const struct abi_fact abi_xen[1];
const size_t abi_xen_nr;
#endif
