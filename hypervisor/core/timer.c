/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers, one leftist heap per CPU: a binary tree where no child is due before its parent and the
 * right spine is short. Everything is a merge of two such trees along their right spines: setting
 * merges with a tree of one, removing merges the two children. The links lie in the timers, so
 * setting cannot fail for want of memory, and every operation takes about log2(n) steps.
 *
 *	rank: length of the right spine, 0 for an empty tree; never larger on the right
 *
 * The hardware is never set later than the first deadline. Stopping the first timer leaves it
 * alone: one interrupt too many costs less than a write for each stop. Lock: timer, one per CPU.
 */
#include "core/timer.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/lapic.h"
#include "x86/time.h"

struct timer_heap {
	spinlock_t lock;
	struct timer *root;
	uint64_t hw_ns; /* what the hardware is set to; own CPU */
	struct timer *running; /* whose callback runs now; own CPU, read by any */
};

static DEFINE_PERCPU(struct timer_heap, timers) = {
	.lock = SPINLOCK_INIT(timer), .hw_ns = LAPIC_TIMER_OFF,
};

/* Callbacks per timer_run(): a timer that sets itself into the past must not keep the CPU. */
#define MAX_PER_RUN 32

static unsigned int rank(const struct timer *t)
{
	return t ? t->rank : 0;
}

/* Restore "left at least as long as right" at t; false when nothing changed above it either. */
static bool settle(struct timer *t)
{
	uint8_t old = t->rank;
	struct timer *tmp;

	if (rank(t->left) < rank(t->right)) {
		tmp = t->left;
		t->left = t->right;
		t->right = tmp;
	}
	t->rank = (uint8_t)(rank(t->right) + 1);
	return t->rank != old;
}

/* Walk down both right spines in order of deadline, then settle on the way back up. */
static struct timer *merge(struct timer *a, struct timer *b)
{
	struct timer *root = NULL, *last = NULL, *t, **link = &root;

	while (a && b) {
		if (b->deadline_ns < a->deadline_ns) {
			t = a;
			a = b;
			b = t;
		}
		*link = a;
		a->parent = last;
		last = a;
		link = &a->right;
		a = a->right;
	}
	*link = a ? a : b;
	if (*link)
		(*link)->parent = last;
	for (; last; last = last->parent)
		settle(last);
	return root;
}

static void heap_insert(struct timer_heap *h, struct timer *t)
{
	t->left = t->right = t->parent = NULL;
	t->rank = 1;
	t->is_set = true;
	h->root = merge(h->root, t);
}

static void heap_remove(struct timer_heap *h, struct timer *t)
{
	struct timer *rest = merge(t->left, t->right), *up = t->parent;

	if (rest)
		rest->parent = up;
	if (!up)
		h->root = rest;
	else if (up->left == t)
		up->left = rest;
	else
		up->right = rest;
	while (up && settle(up))
		up = up->parent;
	t->is_set = false;
}

static void set_hardware(struct timer_heap *h)
{
	uint64_t first = h->root ? h->root->deadline_ns : LAPIC_TIMER_OFF;

	if (first < h->hw_ns) {
		h->hw_ns = first;
		lapic_timer_set(first);
	}
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
	*t = (struct timer){ .fn = fn, .arg = arg };
}

/* Lock the heap that t belongs to, and `also` if not NULL; t may move until we have the locks. */
static struct timer_heap *lock_home(struct timer *t, struct timer_heap *also) __acquires(t)
{
	struct timer_heap *h, *second;
	uint16_t c;

	for (;;) {
		c = READ_ONCE(t->cpu);
		h = &per_cpu(timers, c);
		second = also ? also : h;
		spin_lock_pair(&h->lock, &second->lock);
		if (t->cpu == c)
			return h;
		spin_unlock_pair(&h->lock, &second->lock);
	}
}

void timer_set(struct timer *t, uint64_t deadline_ns)
{
	struct timer_heap *mine = &this_cpu(timers), *h = lock_home(t, mine);

	if (t->is_set)
		heap_remove(h, t);
	t->deadline_ns = deadline_ns;
	t->cpu = (uint16_t)cpu_id();
	heap_insert(mine, t);
	set_hardware(mine);
	spin_unlock_pair(&mine->lock, &h->lock);
}

void timer_stop(struct timer *t)
{
	struct timer_heap *h;

	if (!READ_ONCE(t->is_set))
		return;
	h = lock_home(t, NULL);
	if (t->is_set)
		heap_remove(h, t);
	spin_unlock(&h->lock);
}

void timer_stop_sync(struct timer *t)
{
	timer_stop(t);
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		while (load_acquire(&per_cpu(timers, cpu).running) == t)
			cpu_relax();
}

bool timer_is_set(const struct timer *t)
{
	return READ_ONCE(t->is_set);
}

static bool run_first(struct timer_heap *h, uint64_t now_ns)
{
	struct timer *t;
	void (*fn)(void *);
	void *arg;

	spin_lock(&h->lock);
	t = h->root;
	if (!t || t->deadline_ns > now_ns) {
		spin_unlock(&h->lock);
		return false;
	}
	WRITE_ONCE(h->running, t);
	barrier(); /* timer_stop_sync(): it is set, or it runs, or both are over */
	heap_remove(h, t);
	fn = t->fn;
	arg = t->arg;
	spin_unlock(&h->lock);
	fn(arg);
	store_release(&h->running, NULL);
	return true;
}

void timer_run(void)
{
	struct timer_heap *h = &this_cpu(timers);
	uint64_t now_ns = now();
	unsigned int nr = 0;

	/* Whatever the callbacks set goes to the hardware once, below. */
	h->hw_ns = 0;
	while (nr < MAX_PER_RUN && run_first(h, now_ns))
		nr++;
	spin_lock(&h->lock);
	h->hw_ns = LAPIC_TIMER_OFF;
	set_hardware(h);
	spin_unlock(&h->lock);
}

void timer_cpu_init(void)
{
	struct timer_heap *h = &this_cpu(timers);

	h->root = NULL;
	h->hw_ns = LAPIC_TIMER_OFF;
	lapic_timer_set(LAPIC_TIMER_OFF);
}

static bool node_is_sound(const struct timer *t, const struct timer *parent, unsigned int cpu)
{
	if (!t)
		return true;
	return t->is_set && t->cpu == cpu && t->parent == parent && t->rank == rank(t->right) + 1 &&
	       rank(t->left) >= rank(t->right) &&
	       (!parent || t->deadline_ns >= parent->deadline_ns) &&
	       node_is_sound(t->left, t, cpu) && node_is_sound(t->right, t, cpu);
}

bool timer_check(unsigned int cpu)
{
	struct timer_heap *h = &per_cpu(timers, cpu);
	bool sound;

	spin_lock(&h->lock);
	sound = node_is_sound(h->root, NULL, cpu) && (!h->root || h->hw_ns <= h->root->deadline_ns);
	spin_unlock(&h->lock);
	return sound;
}
