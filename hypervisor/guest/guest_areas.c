/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The per-vCPU areas: vcpu_info, runstate, time. Each lies in guest RAM at a place the guest chose;
 * its frames are pinned at registration, so that writing it later needs no translation and cannot
 * fail. Guest time is a straight line (TSC scaled, one offset per domain), so a time area is
 * written once and stays true for good.
 */
#include "guest/shared_info.h"
#include "guest/evtchn.h"
#include "mem/kalloc.h"
#include "x86/time.h"

#define RUNSTATE_UPDATE_BIT (1ULL << 63)

static void singleshot_fired(void *arg)
{
	evtchn_send_virq(arg, VIRQ_TIMER);
}

static void poll_timed_out(void *arg)
{
	evtchn_poll_end(arg);
}

int guest_vcpu_create(struct vcpu *v)
{
	struct vcpu_guest *g = kalloc(sizeof(*g));

	if (!g)
		return -ENOMEM;
	spin_init(&g->lock, LOCK_areas);
	g->vi = v->id < XEN_LEGACY_MAX_VCPUS ? &v->d->guest->shared->vcpu_info[v->id]
					     : &g->early_vi;
	v->guest = g;
	timer_init(&v->singleshot, singleshot_fired, v);
	timer_init(&v->poll_timer, poll_timed_out, v);
	guest_areas_update(v, TODO_TIME);
	return 0;
}

void guest_vcpu_free(struct vcpu *v)
{
	if (!v->guest)
		return;
	guest_areas_drop(v);
	kfree(v->guest, sizeof(*v->guest));
	v->guest = NULL;
}

void *guest_page_pin(struct domain *d, uint64_t gfn)
{
	struct p2m_entry e;
	mfn_t mfn;

	if (gfn > P2M_MAX_GFN || !p2m_get_page(&d->p2m, GFN(gfn), true, &mfn, &e))
		return NULL;
	if (e.type == P2M_RAM)
		return frame_map(mfn);
	page_put(mfn);
	return NULL;
}

void guest_page_unpin(void *va)
{
	mfn_t mfn = frame_of(va);

	frame_unmap(va);
	page_put(mfn);
}

static void area_unpin(struct guest_area *a)
{
	for (unsigned int i = 0; i < 2; i++)
		if (a->len[i])
			guest_page_unpin(a->part[i]);
	*a = (struct guest_area){ 0 };
}

/* One piece within a page. */
static int area_pin_part(struct domain *d, struct guest_area *a, unsigned int i, uint64_t gpa,
			 uint16_t len)
{
	uint8_t *page = guest_page_pin(d, gpa >> PAGE_SHIFT);

	if (!page)
		return -EINVAL;
	a->part[i] = page + (gpa & ~PAGE_MASK);
	a->len[i] = len;
	return 0;
}

static int area_pin(struct vcpu *v, struct guest_area *a, guest_ptr_t area, uint16_t size)
{
	struct vcpu *self = current_vcpu();
	uint16_t first = min((uint64_t)size, PAGE_SIZE - (area.va & ~PAGE_MASK));
	uint64_t gpa;
	int rc;

	*a = (struct guest_area){ 0 };
	if (guest_translate(self, area.va, PF_WRITE, &gpa, NULL))
		return -EFAULT;
	rc = area_pin_part(v->d, a, 0, gpa, first);
	if (!rc && first < size) {
		rc = guest_translate(self, area.va + first, PF_WRITE, &gpa, NULL);
		if (!rc)
			rc = area_pin_part(v->d, a, 1, gpa, size - first);
	}
	if (rc)
		area_unpin(a);
	return rc;
}

static void area_write(const struct guest_area *a, uint16_t offset, const void *src, uint16_t len)
{
	uint16_t n = offset < a->len[0] ? min(len, (uint16_t)(a->len[0] - offset)) : 0;

	memcpy(a->part[0] + offset, src, n);
	if (n < len)
		memcpy(a->part[1] + (offset + n - a->len[0]), (const uint8_t *)src + n, len - n);
}

void guest_areas_drop(struct vcpu *v)
{
	struct vcpu_guest *g = v->guest;
	void *own_vi = NULL;

	timer_stop_sync(&v->singleshot);
	timer_stop_sync(&v->poll_timer);
	spin_lock(&v->guest->lock);
	area_unpin(&g->runstate);
	area_unpin(&g->time);
	if (g->is_vi_moved)
		own_vi = g->vi;
	g->is_vi_moved = false;
	WRITE_ONCE(g->vi, &g->early_vi);
	spin_unlock(&v->guest->lock);
	if (own_vi)
		guest_page_unpin(own_vi);
}

static void time_fill(const struct vcpu *v, struct vcpu_time_info *t)
{
	t->tsc_timestamp = tsc_at_boot + v->d->tsc_offset;
	t->system_time = 0;
	t->tsc_to_system_mul = tsc_scale.mul;
	t->tsc_shift = tsc_scale.shift;
	t->flags = XEN_PVCLOCK_TSC_STABLE_BIT;
}

static void time_update(struct vcpu *v)
{
	struct vcpu_time_info t = { 0 }, *live = &v->guest->vi->time;
	uint32_t version = (READ_ONCE(live->version) | 1) + 1;

	time_fill(v, &t);
	t.version = version - 1; /* odd: a reader on another vCPU waits */
	WRITE_ONCE(live->version, t.version);
	smp_mb();
	memcpy(live, &t, sizeof(t));
	smp_mb();
	WRITE_ONCE(live->version, version);
	if (!v->guest->time.len[0])
		return;
	area_write(&v->guest->time, 0, &t, sizeof(t));
	smp_mb();
	area_write(&v->guest->time, 0, &version, sizeof(version));
}

static void runstate_update(struct vcpu *v)
{
	const struct guest_area *a = &v->guest->runstate;
	struct vcpu_runstate_info r = { 0 };
	enum runstate state;
	uint16_t entry_time = offsetof(struct vcpu_runstate_info, state_entry_time);
	bool marked = v->d->guest->vm_assist & (1u << VMASST_TYPE_runstate_update_flag);

	if (!a->len[0])
		return;
	sched_runstate(v, &state, &r.state_entry_time, r.time);
	r.state = state;
	if (marked) {
		r.state_entry_time |= RUNSTATE_UPDATE_BIT;
		area_write(a, entry_time, &r.state_entry_time, sizeof(r.state_entry_time));
		smp_mb();
	}
	area_write(a, 0, &r, sizeof(r));
	if (marked) {
		smp_mb();
		r.state_entry_time &= ~RUNSTATE_UPDATE_BIT;
		area_write(a, entry_time, &r.state_entry_time, sizeof(r.state_entry_time));
	}
}

void guest_areas_update(struct vcpu *v, uint32_t todo)
{
	spin_lock(&v->guest->lock);
	if (todo & TODO_TIME)
		time_update(v);
	if (todo & TODO_RUNSTATE)
		runstate_update(v);
	spin_unlock(&v->guest->lock);
}

/*
 * Events may arrive all the while: the new place is filled before it is shown, then all is raised
 * again.
 */
int guest_register_vcpu_info(struct vcpu *v, uint64_t gfn, uint32_t offset)
{
	struct guest_area a = { 0 };
	struct vcpu_guest *g = v->guest;
	struct vcpu_info *vi;
	uint64_t gpa = (gfn << PAGE_SHIFT) + offset;
	int rc;

	if (offset > PAGE_SIZE - sizeof(*vi) || offset % 8)
		return -ENXIO;
	if (gfn > P2M_MAX_GFN)
		return -EINVAL; /* before it is shifted */
	rc = area_pin_part(v->d, &a, 0, gpa, sizeof(*vi));
	if (rc)
		return rc;
	vi = (struct vcpu_info *)a.part[0];

	spin_lock(&v->guest->lock);
	if (g->is_vi_moved) {
		spin_unlock(&v->guest->lock);
		area_unpin(&a);
		return -EINVAL;
	}
	memcpy(vi, g->vi, sizeof(*vi));
	g->is_vi_moved = true;
	WRITE_ONCE(g->vi, vi);
	smp_mb();
	/*
	 * A sender may have set bits in the old place after the copy.
	 */
	guest_look_again(v);
	spin_unlock(&v->guest->lock);
	guest_areas_update(v, TODO_TIME);
	return 0;
}

static int area_register(struct vcpu *v, struct guest_area *slot, guest_ptr_t area, uint16_t size,
			 uint32_t todo)
{
	struct guest_area a = { 0 }, old;
	int rc = guest_ptr_null(area) ? 0 : area_pin(v, &a, area, size);

	if (rc)
		return rc;
	spin_lock(&v->guest->lock);
	old = *slot;
	*slot = a;
	spin_unlock(&v->guest->lock);
	area_unpin(&old);
	guest_areas_update(v, todo);
	return 0;
}

int guest_register_runstate(struct vcpu *v, guest_ptr_t area)
{
	return area_register(v, &v->guest->runstate, area, sizeof(struct vcpu_runstate_info),
			     TODO_RUNSTATE);
}

int guest_register_time(struct vcpu *v, guest_ptr_t area)
{
	return area_register(v, &v->guest->time, area, sizeof(struct vcpu_time_info), TODO_TIME);
}
