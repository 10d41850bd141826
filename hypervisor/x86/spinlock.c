/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ticket locks: first come, first served, so no CPU starves. Below another hypervisor it is first
 * there, first served: our CPUs are threads of its, and a queue gives the lock to one that does not
 * run just now. Two busy CPUs then pass it to and fro, once per time slice of the host.
 *
 * Debug builds keep the levels each CPU holds on a small stack and stop at the first lock taken out
 * of order (ladder in lib/locks.def).
 */
#include "lib/spinlock.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/features.h"

#define MAX_HELD 12

struct held_locks {
	uint8_t nr;
	uint8_t level[MAX_HELD];
};
static DEFINE_PERCPU(struct held_locks, held);

/* The new level must reach the highest held plus above (1, or 0 for the second of a pair). */
static void held_push(const spinlock_t *l, unsigned int above)
{
	struct held_locks *h = &this_cpu(held);
	unsigned int top = 0;

	for (unsigned int i = 0; i < h->nr; i++)
		top = max(top, (unsigned int)h->level[i]);
	BUG_ON(l->level < top + above);
	BUG_ON(h->nr == MAX_HELD);
	h->level[h->nr++] = l->level;
}

/* Locks need not be released in the order they were taken. */
static void held_pop(const spinlock_t *l)
{
	struct held_locks *h = &this_cpu(held);

	for (unsigned int i = h->nr; i > 0; i--)
		if (h->level[i - 1] == l->level) {
			h->level[i - 1] = h->level[--h->nr];
			return;
		}
	BUG();
}

/*
 * If nobody has it and nobody waits. Both halves at once: the tail alone could come round to our
 * head while we are not running.
 */
static bool take_free(spinlock_t *l)
{
	uint32_t free = READ_ONCE(l->head) * 0x10001u;

	return atomic_cmpxchg(&l->both, &free, free + 0x10000);
}

static __outlined void lock_wait(spinlock_t *l)
{
	uint16_t ticket;

	if (cpu_has(F_HYPERVISOR)) {
		do {
			while (spin_is_locked(l))
				cpu_relax();
		} while (!take_free(l));
		return;
	}
	ticket = __atomic_fetch_add(&l->tail, 1, __ATOMIC_RELAXED);
	while (load_acquire(&l->head) != ticket)
		cpu_relax();
}

static void lock(spinlock_t *l)
{
	if (unlikely(!take_free(l)))
		lock_wait(l);
}

void spin_lock(spinlock_t *l)
{
	if (DEBUG)
		held_push(l, 1);
	lock(l);
}

bool spin_trylock(spinlock_t *l)
{
	if (!take_free(l))
		return false;
	if (DEBUG)
		held_push(l, 0);
	return true;
}

void spin_unlock(spinlock_t *l)
{
	if (DEBUG) {
		BUG_ON(!spin_is_locked(l));
		held_pop(l);
	}
	/* Only the holder writes head, and x86 keeps stores in order: one instruction will do. */
	barrier();
	l->head++;
	barrier();
}

void spin_lock_pair(spinlock_t *a, spinlock_t *b)
{
	spinlock_t *first = a < b ? a : b, *second = a < b ? b : a;

	spin_lock(first);
	if (first == second)
		return;
	if (DEBUG)
		held_push(second, 0);
	lock(second);
}

void spin_unlock_pair(spinlock_t *a, spinlock_t *b)
{
	spin_unlock(a);
	if (a != b)
		spin_unlock(b);
}

bool spin_is_locked(const spinlock_t *l)
{
	return load_acquire(&l->head) != load_acquire(&l->tail);
}
