/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Port I/O of a domain: who answers which port. What nobody claims reads as all ones and swallows
 * writes. Ranges are registered while the domain is built, never while it runs, so no lock.
 */
#pragma once

#include "core/domain.h"

/* One access of size 1, 2 or 4; *val is given (write) or to be filled (upper bytes are ignored). */
typedef void (*io_fn)(struct vcpu *v, void *ctx, uint16_t port, unsigned int size, bool write,
		      uint32_t *val);

/* 0, -EEXIST when it overlaps an earlier range, -EINVAL past port 0xffff, -ENOMEM. */
int io_register(struct domain *d, uint16_t first, uint32_t nr, io_fn fn, void *ctx) __must_check;
void io_free(struct domain *d);
/* Dom0: every port that nobody registered becomes direct. After the last io_register(). */
void io_open_unclaimed(struct domain *d);

void io_access(struct vcpu *v, uint16_t port, unsigned int size, bool write, uint32_t *val);

/*
 * The whole EXIT_IO of the current vCPU: does it, moves RAX or memory, advances RIP. INS and OUTS
 * run in bounded pieces: RIP then stays, with RCX, RSI and RDI advanced. Guest faults are injected
 * here.
 */
void io_exit(struct vcpu *v, const struct hvm_exit *exit);
