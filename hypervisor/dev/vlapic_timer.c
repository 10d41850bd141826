/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A local APIC's timer: one-shot, periodic, or TSC deadline, on one core timer. The input clock is
 * 100 MHz, as Xen's. The callback may run on a CPU other than the vCPU's; the timer lock lets it
 * see either the old setting or the new one, and `armed` with deadline_ns tells a stale call from a
 * due one.
 */
#include "dev/vlapic_priv.h"

#define BUS_CYCLE_NS	10u
/* No guest gets ticks more often than this from a periodic timer; each costs us an interrupt. */
#define MIN_PERIOD_NS	(100 * NSEC_PER_USEC)
#define RESTING_NS	(10 * NSEC_PER_MSEC)

/* Divide register bits 3,1,0: 000 is by 2, 110 by 128, 111 by 1. */
static uint64_t tick_ns(const struct vlapic *l)
{
	uint32_t divide = l->regs[REG_TIMER_DIVIDE].val;
	unsigned int code = (divide & 3) | (divide >> 1 & 4);

	return (uint64_t)BUS_CYCLE_NS << ((code + 1) & 7);
}

static uint32_t mode_of(const struct vlapic *l)
{
	return l->regs[REG_LVT_TIMER].val & LVT_TIMER_MODE;
}

static void disarm_locked(struct vlapic *l)
{
	if (l->armed)
		timer_stop(&l->timer);
	l->armed = false;
	l->period_ns = 0;
	l->tsc_deadline = 0;
}

static void arm_locked(struct vlapic *l, uint64_t deadline_ns)
{
	l->armed = true;
	l->deadline_ns = deadline_ns;
	timer_set(&l->timer, deadline_ns);
}

/* Start counting from initial, in one-shot or periodic mode. */
static void start_locked(struct vlapic *l)
{
	uint64_t length_ns = l->regs[REG_TIMER_INITIAL].val * tick_ns(l);

	disarm_locked(l);
	if (!length_ns || mode_of(l) == LVT_TIMER_TSC)
		return;
	l->start_ns = vlapic_now_ns();
	if (mode_of(l) == LVT_TIMER_PERIOD) {
		length_ns = max(length_ns, MIN_PERIOD_NS);
		l->period_ns = length_ns;
	}
	arm_locked(l, l->start_ns + length_ns);
}

/* To the next tick. Who does not run and has one waiting gets them seldom: it is not charged for them. */
static uint64_t pace_ns(const struct vlapic *l, uint32_t lvt)
{
	bool waits = lvt & LVT_MASKED || test_bit(lvt & 0xff, l->posted) ||
		     vlapic_is_set(l, REG_IRR, (uint8_t)lvt);

	if (!waits || load_acquire(&l->v->sched.running_on) >= 0)
		return l->period_ns;
	return div_round_up(RESTING_NS, l->period_ns) * l->period_ns;
}

static void fire(void *arg)
{
	struct vlapic *l = arg;
	uint64_t now_ns = vlapic_now_ns();
	bool is_due;
	uint32_t lvt;

	spin_lock(&l->timer_lock);
	lvt = l->regs[REG_LVT_TIMER].val;
	is_due = l->armed && now_ns >= l->deadline_ns;
	if (is_due && l->period_ns) {
		/* Ticks missed while nobody could take them are one tick. */
		uint64_t late_ns = now_ns - l->deadline_ns;

		l->start_ns = l->deadline_ns + late_ns / l->period_ns * l->period_ns;
		arm_locked(l, l->start_ns + pace_ns(l, lvt));
	} else if (is_due) {
		l->armed = false;
		l->tsc_deadline = 0;
	} else if (l->armed) {
		timer_set(&l->timer, l->deadline_ns);
	}
	spin_unlock(&l->timer_lock);

	if (is_due && !(lvt & LVT_MASKED) && (lvt & 0xff) >= VECTOR_FIRST)
		vlapic_post(l->v, (uint8_t)lvt, false);
}

void vlapic_timer_init(struct vlapic *l)
{
	spin_init(&l->timer_lock, LOCK_vlapic);
	timer_init(&l->timer, fire, l);
}

void vlapic_timer_stop(struct vlapic *l)
{
	spin_lock(&l->timer_lock);
	disarm_locked(l);
	spin_unlock(&l->timer_lock);
}

void vlapic_timer_set_initial(struct vlapic *l, uint32_t initial)
{
	spin_lock(&l->timer_lock);
	if (mode_of(l) != LVT_TIMER_TSC) {
		l->regs[REG_TIMER_INITIAL].val = initial;
		start_locked(l);
	}
	spin_unlock(&l->timer_lock);
}

void vlapic_timer_set_mode(struct vlapic *l, uint32_t lvt)
{
	uint32_t old_mode;

	if ((lvt & LVT_TIMER_MODE) == LVT_TIMER_MODE)
		lvt &= ~LVT_TIMER_MODE; /* both bits: reserved */
	spin_lock(&l->timer_lock);
	old_mode = mode_of(l);
	l->regs[REG_LVT_TIMER].val = lvt;
	if (old_mode != mode_of(l)) {
		bool is_tsc = old_mode == LVT_TIMER_TSC || mode_of(l) == LVT_TIMER_TSC;

		if (is_tsc)
			l->regs[REG_TIMER_INITIAL].val = 0;
		if (is_tsc || l->armed)
			start_locked(l);
	}
	spin_unlock(&l->timer_lock);
}

void vlapic_timer_set_divide(struct vlapic *l, uint32_t divide)
{
	spin_lock(&l->timer_lock);
	l->regs[REG_TIMER_DIVIDE].val = divide;
	if (l->armed && mode_of(l) != LVT_TIMER_TSC)
		start_locked(l);
	spin_unlock(&l->timer_lock);
}

void vlapic_timer_set_deadline(struct vlapic *l, uint64_t guest_tsc)
{
	spin_lock(&l->timer_lock);
	if (mode_of(l) == LVT_TIMER_TSC) {
		disarm_locked(l);
		if (guest_tsc) {
			l->tsc_deadline = guest_tsc;
			arm_locked(l, vlapic_tsc_to_ns(l->v, guest_tsc));
		}
	}
	spin_unlock(&l->timer_lock);
}

uint32_t vlapic_timer_current(struct vlapic *l)
{
	uint64_t count = 0, now_ns = vlapic_now_ns(), left_ns;

	spin_lock(&l->timer_lock);
	left_ns = l->deadline_ns - now_ns;
	if (l->period_ns) /* there may be more than one to the deadline */
		left_ns = (left_ns - 1) % l->period_ns + 1;
	if (l->armed && mode_of(l) != LVT_TIMER_TSC && now_ns < l->deadline_ns)
		count = min(div_round_up(left_ns, tick_ns(l)), (uint64_t)l->regs[REG_TIMER_INITIAL].val);
	spin_unlock(&l->timer_lock);
	return (uint32_t)count;
}
