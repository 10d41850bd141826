/* SPDX-License-Identifier: GPL-2.0-only */
/* What waits for a vCPU before it is entered. */
#ifndef GUEST_INJECT_H
#define GUEST_INJECT_H

#include "core/domain.h"

/*
 * Carry out v's todo bits. False: it must not be entered now (it went down); choose again. Own CPU.
 */
bool settle(struct vcpu *v);

#endif
