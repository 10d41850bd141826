/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory and vCPUs of a running domain; see resize.h. What a domain has is asked of the hypervisor
 * again and again: nothing tells Dom0 when a balloon or a CPU moves.
 */
#include "dom0-tools/cli/resize.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dom0-tools/builder/guest.h"

#define STEP_MS		100
#define KIB_PER_PAGE	4
#define NEAR_KIB	1024	/* tables and rings are counted as the domain's memory, too */

struct subject {
	struct hl *hl;
	uint32_t domid;
	struct diag *dg;
	char name[128];
	struct xen_domctl_getdomaininfo info;
};

static uint64_t have_kib(const struct subject *s)
{
	return s->info.tot_pages * KIB_PER_PAGE;
}

static unsigned long long mib(uint64_t kib)
{
	return (kib + 512) / 1024;
}

/* How it is now; -ESRCH when it has ended. */
static int look(struct subject *s)
{
	if (hl_domain_info(s->hl, s->domid, &s->info) < 0 ||
	    (s->info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
		return diag_fail(s->dg, -ESRCH, "%s has ended", s->name);
	return 0;
}

static int subject(struct subject *s, struct hl *hl, uint32_t domid, struct diag *dg)
{
	char *name = store_domain_name(hl, domid);

	*s = (struct subject){ .hl = hl, .domid = domid, .dg = dg };
	snprintf(s->name, sizeof(s->name), "%s", name ? name : "the domain");
	free(name);
	return look(s);
}

static int read_kib(struct subject *s, const char *node, uint64_t *kib)
{
	char *text = store_read(s->hl, "/local/domain/%u/memory/%s", s->domid, node), *end = "";

	*kib = text ? strtoull(text, &end, 10) : 0;
	if (*kib && !*end) {
		free(text);
		return 0;
	}
	free(text);
	return -ENOENT;
}

static int write_target(struct subject *s, uint64_t kib)
{
	char text[24];
	int rc;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)kib);
	rc = store_write(s->hl, text, "/local/domain/%u/memory/target", s->domid);
	return rc ? diag_fail(s->dg, rc, "xenstore: cannot write memory/target of %s: %s", s->name,
			      strerror(-rc)) : 0;
}

/* The domain, what it was asked to have, and what it may have at most. */
static int bounded_subject(struct subject *s, struct hl *hl, uint32_t domid, uint64_t *target, uint64_t *most,
			   struct diag *dg)
{
	int rc = subject(s, hl, domid, dg);

	if (rc)
		return rc;
	if (!domid)
		return diag_fail(dg, -EINVAL, "Dom0 has the memory that dom0_mem= gave it at boot: "
				 "no other domain could use what it gave back");
	rc = read_kib(s, "target", target);
	if (!rc)
		rc = read_kib(s, "static-max", most);
	return rc ? diag_fail(dg, rc, "xenstore does not say how much memory %s is to have", s->name) : 0;
}

static int check_free(struct subject *s, uint64_t kib)
{
	uint64_t have = have_kib(s), more = kib > have ? kib - have : 0, free_kib;
	struct xen_sysctl_physinfo phys;
	int rc = hl_physinfo(s->hl, &phys);

	if (rc < 0)
		return diag_fail(s->dg, rc, "cannot ask for free memory: %s", strerror(-rc));
	free_kib = (phys.free_pages + phys.scrub_pages - phys.outstanding_pages) * KIB_PER_PAGE;
	if (more <= free_kib + NEAR_KIB)
		return 0;
	return diag_fail(s->dg, -ENOMEM, "%s needs %llu MiB more, but only %llu MiB are free: take "
			 "some from another domain first", s->name, mib(more), mib(free_kib));
}

static int set_limit(struct subject *s, uint64_t kib)
{
	int rc = hl_domain_max_mem(s->hl, s->domid, kib + GUEST_SLACK_KIB);

	return rc < 0 ? diag_fail(s->dg, rc, "cannot limit the memory of %s: %s", s->name,
				  strerror(-rc)) : 0;
}

int resize_ask_memory(struct hl *hl, uint32_t domid, uint64_t kib, struct diag *dg)
{
	uint64_t target, most;
	struct subject s;
	int rc = bounded_subject(&s, hl, domid, &target, &most, dg);

	if (rc)
		return rc;
	if (kib > most)
		return diag_fail(dg, -EINVAL, "%s cannot have %llu MiB: it was created for %llu MiB "
				 "at most (maxmem=)", s.name, mib(kib), mib(most));
	rc = check_free(&s, kib);
	if (!rc)
		rc = set_limit(&s, kib);
	return rc ? rc : write_target(&s, kib);
}

static uint64_t distance(const struct subject *s, uint64_t kib)
{
	uint64_t have = have_kib(s);

	return have > kib ? have - kib : kib - have;
}

/* It stands still. far is where it stood when it was asked. */
static int report_memory(struct subject *s, uint64_t kib, uint64_t far)
{
	const char *why;

	if (distance(s, kib) >= far)
		why = "its balloon driver has done nothing (is the guest up, has its kernel one?)";
	else if (have_kib(s) > kib)
		why = "the rest is in use in the guest";
	else
		why = "more could not be had";
	return diag_fail(s->dg, -ETIMEDOUT, "%s has %llu MiB and was asked to have %llu MiB, but for "
			 "%d s nothing has moved: %s. It stays asked", s->name, mib(have_kib(s)),
			 mib(kib), WAIT_MEMORY_MS / 1000, why);
}

int resize_wait_memory(struct hl *hl, uint32_t domid, uint64_t kib, resize_note_fn *note, void *arg,
		       struct diag *dg)
{
	uint64_t far = 0, nearest = ~0ULL;
	struct subject s;
	int rc = subject(&s, hl, domid, dg);

	for (int still_ms = 0; !rc; still_ms += STEP_MS) {
		uint64_t now = distance(&s, kib);

		note(arg, have_kib(&s));
		if (now <= NEAR_KIB)
			return 0;
		far = far ? far : now;
		if (nearest == ~0ULL || now + 1024 <= nearest) {
			nearest = now;
			still_ms = 0;
		}
		if (still_ms >= WAIT_MEMORY_MS)
			return report_memory(&s, kib, far);
		usleep(STEP_MS * 1000);
		rc = look(&s);
	}
	return rc;
}

int resize_limit_memory(struct hl *hl, uint32_t domid, uint64_t kib, struct diag *dg)
{
	uint64_t target, most;
	struct subject s;
	int rc = bounded_subject(&s, hl, domid, &target, &most, dg);

	if (rc)
		return rc;
	if (kib < target)
		return diag_fail(dg, -EINVAL, "%s is to have %llu MiB; its limit cannot be less: "
				 "hl mem-set %s first", s.name, mib(target), s.name);
	return set_limit(&s, kib);
}

static int offer_vcpu(struct subject *s, unsigned int v, bool online)
{
	const char *want = online ? "online" : "offline";
	char *now = store_read(s->hl, "/local/domain/%u/cpu/%u/availability", s->domid, v);
	bool same = now && !strcmp(now, want);
	int rc;

	free(now);
	if (same)
		return 0;
	rc = store_write(s->hl, want, "/local/domain/%u/cpu/%u/availability", s->domid, v);
	return rc ? diag_fail(s->dg, rc, "xenstore: cannot write cpu/%u of %s: %s", v, s->name,
			      strerror(-rc)) : 0;
}

int resize_ask_vcpus(struct hl *hl, uint32_t domid, unsigned int nr, struct diag *dg)
{
	struct subject s;
	int rc = subject(&s, hl, domid, dg);
	unsigned int most;

	if (rc)
		return rc;
	most = s.info.max_vcpu_id + 1;
	if (!nr || nr > most)
		return diag_fail(dg, -EINVAL, "%s can have 1 to %u vCPUs (maxvcpus=), not %u", s.name,
				 most, nr);
	for (unsigned int v = 1; v < most && !rc; v++)
		rc = offer_vcpu(&s, v, v < nr);
	return rc;
}

int resize_wait_vcpus(struct hl *hl, uint32_t domid, unsigned int nr, struct diag *dg)
{
	struct subject s;
	int rc = subject(&s, hl, domid, dg), waited_ms = 0, most_ms = WAIT_PLUG_MS;

	if (!rc && s.info.nr_online_vcpus > nr)
		most_ms = WAIT_UNPLUG_MS;
	while (!rc && s.info.nr_online_vcpus != nr && waited_ms < most_ms) {
		usleep(STEP_MS * 1000);
		waited_ms += STEP_MS;
		rc = look(&s);
	}
	if (rc || s.info.nr_online_vcpus == nr)
		return rc;
	if (s.info.nr_online_vcpus > nr)
		return diag_fail(dg, -EBUSY, "%s still has %u vCPUs online after %d s and was asked to "
				 "have %u: is it up, and can its kernel take CPUs away "
				 "(CONFIG_HOTPLUG_CPU)? It stays asked", s.name,
				 s.info.nr_online_vcpus, most_ms / 1000, nr);
	return diag_fail(dg, -ETIMEDOUT, "%s has %u of %u vCPUs online. Where no rule of udev does "
			 "it, bring the others up in the guest: echo 1 > "
			 "/sys/devices/system/cpu/cpuN/online", s.name, s.info.nr_online_vcpus, nr);
}
