/* SPDX-License-Identifier: GPL-2.0-only */
/* domctl: making, stopping, describing and ending a domain. */
#include "dev/cpuid.h"
#include "guest/domctl.h"
#include "guest/gnttab.h"
#include "guest/parts.h"
#include "guest/shared_info.h"
#include "x86/time.h"

#define FLAGS_NEEDED (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap)
#define FLAGS_KNOWN  (FLAGS_NEEDED | XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain)
#define GRANT_VERSION_MAX 2 /* what the tools may ask for; the guest gets version 1 all the same */

static int check_create(const struct xen_domctl_createdomain *c)
{
	unsigned int grant_version = XEN_DOMCTL_GRANT_version(c->grant_opts);

	if ((c->flags & FLAGS_NEEDED) != FLAGS_NEEDED || (c->flags & ~FLAGS_KNOWN) || c->iommu_opts)
		return -EINVAL;
	if (!c->max_vcpus || c->max_vcpus > MAX_VCPUS || !c->max_evtchn_port || c->vmtrace_size)
		return -EINVAL;
	if (c->max_grant_frames > GNTTAB_MAX_FRAMES || !c->max_grant_frames ||
	    c->max_maptrack_frames > MAPTRACK_MAX_FRAMES)
		return -EINVAL;
	if (!grant_version || grant_version > GRANT_VERSION_MAX ||
	    c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask)
		return -EINVAL;
	if (c->arch.emulation_flags & ~XEN_X86_EMU_LAPIC ||
	    !(c->arch.emulation_flags & XEN_X86_EMU_LAPIC))
		return -EINVAL; /* no HVM guests with emulated devices */
	return c->cpupool_id ? -ESRCH : 0;
}

int domctl_createdomain(struct vcpu *v, struct domain *unused, struct xen_domctl *op)
{
	const struct xen_domctl_createdomain *c = &op->u.createdomain;
	struct domain_limits limits = {
		.max_evtchn_port = c->max_evtchn_port,
		.max_grant_frames =
			c->max_grant_frames < 0 ? GNTTAB_DEFAULT_FRAMES : c->max_grant_frames,
		.max_maptrack_frames =
			c->max_maptrack_frames < 0 ? MAPTRACK_MAX_FRAMES : c->max_maptrack_frames,
		.create_flags = c->flags,
		.emulation_flags = c->arch.emulation_flags,
	};
	domid_t id = op->domain;
	struct domain *d;
	int rc = check_create(c);

	if (rc)
		return rc;
	d = domain_create(!id || id >= DOMID_FIRST_RESERVED ? DOMID_ANY : id, false, &limits, &rc);
	if (!d)
		return rc;
	memcpy(d->handle, c->handle, sizeof(d->handle));
	d->guest->nr_vcpus_wanted = c->max_vcpus;
	op->domain = d->id;
	domain_publish(d);
	return 0;
}

int domctl_destroydomain(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	bool in_pieces = op->cmd == XEN_DOMCTL_hl_destroy;
	int rc = domain_destroy(d);

	/* The tools try again: another CPU is at it, or they want to be asked. */
	return rc == -EBUSY || (rc == -ERESTART && in_pieces) ? -EAGAIN : rc;
}

/* The control pause is one pause, however often it is asked for. True when it changed. */
static bool set_control_pause(struct domain *d, bool on)
{
	bool was;

	spin_lock(&d->lock);
	was = d->is_control_paused;
	d->is_control_paused = on;
	spin_unlock(&d->lock);
	return was != on;
}

int domctl_pausedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	if (set_control_pause(d, true))
		domain_pause(d);
	return domain_is_running(d) ? -ERESTART : 0; /* it returns when the domain stands still */
}

int domctl_unpausedomain(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	WRITE_ONCE(d->guest->was_unpaused, true);
	if (!set_control_pause(d, false))
		return -EINVAL;
	domain_unpause(d);
	return 0;
}

static uint32_t info_flags(struct domain *d)
{
	uint32_t flags = XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;
	bool blocked = true, running = false;

	for_each_vcpu(d, v) {
		if (!vcpu_is_up(v))
			continue;
		blocked &= READ_ONCE(v->wait) & WAIT_BLOCKED;
		running |= READ_ONCE(v->sched.running_on) >= 0;
	}
	if (READ_ONCE(d->state) == DOM_DYING)
		flags |= XEN_DOMINF_dying;
	if (d->is_shut_down)
		flags |= XEN_DOMINF_shutdown |
			 (uint32_t)d->shutdown_code << XEN_DOMINF_shutdownshift;
	if (d->is_control_paused)
		flags |= XEN_DOMINF_paused;
	if (blocked)
		flags |= XEN_DOMINF_blocked;
	if (running)
		flags |= XEN_DOMINF_running;
	if (d->limits.create_flags & XEN_DOMCTL_CDF_xs_domain)
		flags |= XEN_DOMINF_xs_domain;
	return flags;
}

void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	memset(info, 0, sizeof(*info));
	info->domain = d->id;
	info->flags = info_flags(d);
	info->tot_pages = d->tot_pages;
	info->max_pages = d->max_pages;
	info->shared_info_frame = d->guest->shared_gfn;
	for_each_vcpu(d, v) {
		info->cpu_time += sched_cpu_time_ns(v);
		info->nr_online_vcpus += vcpu_is_up(v);
	}
	info->max_vcpu_id = d->max_vcpus ? d->max_vcpus - 1 : XEN_INVALID_MAX_VCPU_ID;
	memcpy(info->handle, d->handle, sizeof(info->handle));
	info->gpaddr_bits = (uint8_t)cpuid_phys_bits(d);
	info->arch_config.emulation_flags = d->limits.emulation_flags;
}

/*
 * The first domain from the given id on, whose id is echoed: that is how 4.17's tools go through
 * all.
 */
int domctl_getdomaininfo(struct vcpu *v, struct domain *unused, struct xen_domctl *op)
{
	struct domain *d = domain_get_from(op->domain);

	if (!d)
		return -ESRCH;
	domctl_fill_info(d, &op->u.getdomaininfo);
	op->domain = d->id;
	domain_put(d);
	return 0;
}

int domctl_setdomainhandle(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	spin_lock(&d->lock);
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	spin_unlock(&d->lock);
	return 0;
}

int domctl_settimeoffset(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	WRITE_ONCE(d->time_offset_s, op->u.settimeoffset.time_offset_seconds);
	guest_wallclock_update(d);
	return 0;
}

/* Native or emulated makes no difference here: the TSC is steady either way. */
int domctl_settscinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_tsc_info *t = &op->u.tsc_info;

	if (t->tsc_mode > 2)
		return -EINVAL;
	spin_lock(&d->lock);
	d->guest->tsc_mode = t->tsc_mode;
	d->guest->tsc_incarnation = t->incarnation;
	spin_unlock(&d->lock);
	return 0;
}

int domctl_gettscinfo(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	op->u.tsc_info = (struct xen_domctl_tsc_info){
		.tsc_mode = d->guest->tsc_mode,
		.gtsc_khz = (uint32_t)tsc_khz,
		.incarnation = d->guest->tsc_incarnation,
		.elapsed_nsec = now(),
	};
	return 0;
}
