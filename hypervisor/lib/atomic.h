/* SPDX-License-Identifier: GPL-2.0-only */
/* Atomics on plain integers; sequentially consistent unless the name says otherwise. */
#pragma once

#include "lib/compiler.h"

#define atomic_inc(p)		((void)__atomic_add_fetch(p, 1, __ATOMIC_SEQ_CST))
#define atomic_dec(p)		((void)__atomic_sub_fetch(p, 1, __ATOMIC_SEQ_CST))
#define atomic_add_return(p, n)	__atomic_add_fetch(p, n, __ATOMIC_SEQ_CST)
#define atomic_sub_return(p, n)	__atomic_sub_fetch(p, n, __ATOMIC_SEQ_CST)
#define atomic_xchg(p, v)	__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
/* Store new if *p equals *expected; else load *p into *expected. Returns whether it stored. */
#define atomic_or(p, bits)	__atomic_fetch_or(p, bits, __ATOMIC_SEQ_CST) /* what was there before */
#define atomic_and(p, bits)	__atomic_fetch_and(p, bits, __ATOMIC_SEQ_CST)
#define atomic_cmpxchg(p, expected, new) \
	__atomic_compare_exchange_n(p, expected, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define load_acquire(p)		__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Bits of a shared bitmap; the bit number must already be bounded by the caller. */
static inline bool atomic_test_and_set_bit(unsigned int bit, volatile void *map)
{
	bool old;

	__asm__ volatile("lock btsl %2, %0; setc %1"
			 : "+m"(*(volatile uint32_t *)map), "=q"(old) : "Ir"(bit) : "memory", "cc");
	return old;
}

static inline bool atomic_test_and_clear_bit(unsigned int bit, volatile void *map)
{
	bool old;

	__asm__ volatile("lock btrl %2, %0; setc %1"
			 : "+m"(*(volatile uint32_t *)map), "=q"(old) : "Ir"(bit) : "memory", "cc");
	return old;
}

static inline void atomic_set_bit(unsigned int bit, volatile void *map)
{
	(void)atomic_test_and_set_bit(bit, map);
}

static inline void atomic_clear_bit(unsigned int bit, volatile void *map)
{
	(void)atomic_test_and_clear_bit(bit, map);
}

static inline bool test_bit(unsigned int bit, const volatile void *map)
{
	return ((const volatile uint32_t *)map)[bit / 32] >> (bit % 32) & 1;
}
