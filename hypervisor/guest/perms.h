/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may do what to whom: a privileged domain may act on every other, all others on themselves
 * only.
 */
#pragma once

#include "core/domain.h"

/*
 * The domain that a hypercall of v names, referenced: DOMID_SELF or its own id are always allowed.
 * Else NULL with *rc -EPERM (caller not privileged) or -ESRCH.
 */
struct domain *perms_get_domain(struct vcpu *v, domid_t id, int *rc);
/* The same, but never the caller's own: -EINVAL. */
struct domain *perms_get_other(struct vcpu *v, domid_t id, int *rc);
