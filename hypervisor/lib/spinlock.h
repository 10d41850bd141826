/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spin locks with a ladder. Each lock has a level from locks.def and is taken only while all held
 * locks have lower levels; debug builds check that on every lock, per CPU. The hypervisor runs with
 * interrupts off (see x86/cpu.h), so there is no irq-saving variant. x86 implements, host tests fake.
 */
#pragma once

#include "lib/base.h"

enum lock_level {
#define LOCK(name, level, what) LOCK_##name = level,
#include "lib/locks.def"
#undef LOCK
};

typedef struct spinlock {
	union {
		struct {
			uint16_t head, tail; /* ticket: now serving, next to hand out */
		};
		uint32_t both;
	};
	uint8_t level; /* enum lock_level, set at creation */
} spinlock_t;

#define SPINLOCK_INIT(name) { .level = LOCK_##name }

static inline void spin_init(spinlock_t *l, enum lock_level level)
{
	*l = (spinlock_t){ .level = level };
}

void spin_lock(spinlock_t *l) __acquires(l);
bool spin_trylock(spinlock_t *l);
void spin_unlock(spinlock_t *l) __releases(l);
/* Two locks of one level, lower address first; they may be the same one. */
void spin_lock_pair(spinlock_t *a, spinlock_t *b) __acquires(a);
void spin_unlock_pair(spinlock_t *a, spinlock_t *b) __releases(a);
bool spin_is_locked(const spinlock_t *l);

#define ASSERT_HELD(l) ASSERT(spin_is_locked(l))
