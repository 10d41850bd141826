/* SPDX-License-Identifier: GPL-2.0-only */
/* What waits for a vCPU before it is entered. */
#pragma once

#include "core/domain.h"

/*
 * Carry out v's todo bits. False: it must not be entered now (it went down); choose again. Own CPU.
 */
bool settle(struct vcpu *v);
