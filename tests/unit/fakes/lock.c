/* SPDX-License-Identifier: GPL-2.0-only */
/* Spin locks of one thread: a lock that is taken twice, or against the ladder, is a bug at once. */
#include "fakes/fakes.h"
#include "lib/bug.h"
#include "lib/spinlock.h"

#define MAX_HELD 8

unsigned int fake_locks_held;
static const spinlock_t *held[MAX_HELD];

static void push(spinlock_t *l)
{
	BUG_ON(fake_locks_held == MAX_HELD);
	BUG_ON(l->head != l->tail);
	held[fake_locks_held++] = l;
	l->tail++;
}

static void check_level(const spinlock_t *l)
{
	BUG_ON(l->level == 0); /* never initialised */
	BUG_ON(fake_locks_held && held[fake_locks_held - 1]->level >= l->level);
}

void spin_lock(spinlock_t *l)
{
	check_level(l);
	push(l);
}

bool spin_trylock(spinlock_t *l)
{
	if (spin_is_locked(l))
		return false;
	push(l);
	return true;
}

void spin_unlock(spinlock_t *l)
{
	unsigned int i;

	BUG_ON(!spin_is_locked(l));
	for (i = 0; i < fake_locks_held && held[i] != l; i++)
		;
	BUG_ON(i == fake_locks_held);
	fake_locks_held--;
	for (; i < fake_locks_held; i++)
		held[i] = held[i + 1];
	l->head++;
}

void (*fake_lock_hook)(void);

void spin_lock_pair(spinlock_t *a, spinlock_t *b)
{
	void (*hook)(void) = fake_lock_hook;

	fake_lock_hook = NULL;
	if (hook)
		hook();
	BUG_ON(a->level != b->level);
	check_level(a);
	push(a < b ? a : b);
	if (a != b)
		push(a < b ? b : a);
}

void spin_unlock_pair(spinlock_t *a, spinlock_t *b)
{
	spin_unlock(a);
	if (a != b)
		spin_unlock(b);
}

bool spin_is_locked(const spinlock_t *l)
{
	return l->head != l->tail;
}
