/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Three domains of two vCPUs with what event channels and grants need of them, and the fakes of
 * core/domain.c that go with them. References are counted; nothing is freed by the last one.
 */
#pragma once

#include <string.h>
#include "unit.h"
#include "core/domain.h"
#include "fakes/fakes.h"
#include "guest/shared_info.h"

#define NR_DOMS	 3
#define NR_VCPUS 2

static struct domain doms[NR_DOMS];
static struct vcpu vcpus[NR_DOMS][NR_VCPUS];
static struct vcpu *vcpu_list[NR_DOMS][NR_VCPUS];
static struct vcpu_guest vcpu_guests[NR_DOMS][NR_VCPUS];
static struct guest_info infos[NR_DOMS];
static struct shared_info shared[NR_DOMS];

struct vcpu *domain_vcpu(struct domain *d, unsigned int id)
{
	return id < d->max_vcpus ? d->vcpus[id] : NULL;
}

void domain_ref(struct domain *d)
{
	d->refcount++;
}

void domain_put(struct domain *d)
{
	assert_true(d->refcount > 1);
	d->refcount--;
}

struct domain *domain_get(domid_t id)
{
	if (id < 1 || id > NR_DOMS)
		return NULL;
	domain_ref(&doms[id - 1]);
	return &doms[id - 1];
}

static inline void guest_setup(void)
{
	memset(doms, 0, sizeof(doms));
	memset(vcpus, 0, sizeof(vcpus));
	memset(vcpu_guests, 0, sizeof(vcpu_guests));
	memset(shared, 0, sizeof(shared));
	for (unsigned int i = 0; i < NR_DOMS; i++) {
		struct domain *d = &doms[i];

		d->id = (domid_t)(i + 1);
		spin_init(&d->lock, LOCK_domain);
		d->refcount = 1;
		d->state = DOM_ALIVE;
		d->max_vcpus = NR_VCPUS;
		d->vcpus = vcpu_list[i];
		d->guest = &infos[i];
		infos[i].shared = &shared[i];
		d->limits.max_evtchn_port = 400;
		d->limits.max_grant_frames = 3;
		d->limits.max_maptrack_frames = 2;
		for (unsigned int j = 0; j < NR_VCPUS; j++) {
			vcpu_list[i][j] = &vcpus[i][j];
			vcpus[i][j].d = d;
			vcpus[i][j].id = (uint16_t)j;
			vcpus[i][j].guest = &vcpu_guests[i][j];
			vcpu_guests[i][j].vi = &shared[i].vcpu_info[j];
		}
	}
}
