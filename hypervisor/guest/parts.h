/* SPDX-License-Identifier: GPL-2.0-only */
/* A domain as the sum of its parts: made downwards, taken down upwards, nothing forgotten. */
#pragma once

#include "core/domain.h"

/* Register the hooks of the floors below. Boot CPU, before the first domain. */
void parts_init(void);

/*
 * A new domain with all its parts but vCPUs and memory, paused, not yet published. Limits of event
 * channels and grants are set in *limits first. NULL with a negative errno in *rc.
 */
struct domain *domain_create(domid_t id, bool is_hwdom, const struct domain_limits *limits,
			     int *rc);

/*
 * destroydomain: 0 when all parts are down (the domain goes with its last reference), -ERESTART:
 * call again, -EBUSY: another CPU is at it. The caller holds a reference.
 */
int domain_destroy(struct domain *d);

/* Every part's invariants; a BUG if one does not hold. No lock held. */
void domain_check(struct domain *d);
