/* SPDX-License-Identifier: GPL-2.0-only */
/* Error numbers of the Xen ABI; the values are Linux's, so the host's header agrees. */
#pragma once

#define XEN_ERRNO(name, value) name = value,
enum errno_value {
#include <xen/errno.h>
	ERESTART = 85, /* never reaches a guest */
};
