/* SPDX-License-Identifier: GPL-2.0-only */
/* INS and OUTS, for io.c. */
#pragma once

#include "core/vcpu.h"

void io_string_exit(struct vcpu *v, const struct hvm_exit *exit);
