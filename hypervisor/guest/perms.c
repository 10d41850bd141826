/* SPDX-License-Identifier: GPL-2.0-only */
/* The one place that decides whether a domain may act on another; see perms.h. */
#include "guest/perms.h"
#include <xen/xen.h>

struct domain *perms_get_domain(struct vcpu *v, domid_t id, int *rc)
{
	struct domain *d;

	if (id == DOMID_SELF || id == v->d->id) {
		domain_ref(v->d);
		return v->d;
	}
	d = domain_get(id);
	if (d && v->d->is_privileged)
		return d;
	*rc = d ? -EPERM : -ESRCH;
	if (d)
		domain_put(d);
	return NULL;
}

struct domain *perms_get_other(struct vcpu *v, domid_t id, int *rc)
{
	struct domain *d = perms_get_domain(v, id, rc);

	if (d != v->d)
		return d;
	domain_put(d);
	*rc = -EINVAL;
	return NULL;
}
