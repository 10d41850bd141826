/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MSI-X tables of Dom0's devices: the pages that hold them are not mapped, each access comes here.
 * The table's page may hold other registers too; those pass through. Under the vpci lock.
 */
#pragma once

#include "core/domain.h"

/* Does a table lie in gpa's page? Any CPU. */
bool vmsix_covers(struct domain *d, uint64_t gpa);
/* An mmio_fn without a context; nothing happens when no table is there any more. */
void vmsix_access(struct vcpu *v, uint64_t gpa, unsigned int size, bool write, uint64_t *val);
