/* SPDX-License-Identifier: GPL-2.0-only */
/* Compiler attributes and the few macros that every floor uses. */
#pragma once

#include "lib/types.h"

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define __must_check	__attribute__((warn_unused_result))
#define __packed	__attribute__((packed))
#define __aligned(n)	__attribute__((aligned(n)))
#define __cold		__attribute__((cold))
#define __inlined	inline __attribute__((always_inline))
#define __outlined	__attribute__((noinline))
#define __noreturn	__attribute__((noreturn))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define __section(s)	__attribute__((section(s)))
/* For sparse: functions that return with a lock more or less; and where it cannot see that. */
#ifdef __CHECKER__
#define __acquires(l)	__attribute__((context(l, 0, 1)))
#define __releases(l)	__attribute__((context(l, 1, 0)))
#define __acquire(l)	__context__(l, 1)
#define __release(l)	__context__(l, -1)
#else
#define __acquires(l)
#define __releases(l)
#define __acquire(l)	((void)0)
#define __release(l)	((void)0)
#endif
/* Used during boot only; freed with init/. Constants of such functions stay. */
#define __init		__section(".init.text") __cold

#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()	 __asm__ volatile("" ::: "memory")

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))

#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define round_up(x, a)	 (((x) + (__typeof__(x))(a) - 1) & ~((__typeof__(x))(a) - 1))
#define round_down(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define div_round_up(x, d) (((x) + (d) - 1) / (d))

#define PAGE_SHIFT	12
#define PAGE_SIZE	4096UL
#define PAGE_MASK	(~(PAGE_SIZE - 1))

#define KIB(n)		((uint64_t)(n) << 10)
#define MIB(n)		((uint64_t)(n) << 20)
#define GIB(n)		((uint64_t)(n) << 30)

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL
#define NSEC_PER_USEC	1000ULL

/*
 * Clamp an index that a guest chose, after the bounds check, so that a mispredicted check cannot
 * read past the array (Spectre v1). Returns index when index < size, else 0, without a branch.
 */
static inline size_t index_nospec(size_t index, size_t size)
{
#ifdef __x86_64__
	size_t mask;

	__asm__ volatile("cmp %1, %2; sbb %0, %0" : "=r"(mask) : "g"(size), "r"(index) : "cc");
	return index & mask;
#else
	return index < size ? index : 0;
#endif
}
