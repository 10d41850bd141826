/* SPDX-License-Identifier: GPL-2.0-only */
/* The CMOS clock, 0x70/0x71: Dom0 reaches the real one through an index latch of its own. */
#ifndef DEV_VRTC_H
#define DEV_VRTC_H

#include "core/domain.h"

int vrtc_create(struct domain *d) __must_check;
void vrtc_free(struct domain *d);

#endif
