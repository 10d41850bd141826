/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#define PING_PONG_ROUNDS 200

/* On vCPU 0: to and fro between two started vCPUs, each bound to the IPI named for it. A lost event is a failure. */
void check_ping_pong(long to_0, long to_1);
