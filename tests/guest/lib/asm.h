/* SPDX-License-Identifier: GPL-2.0-only */
/* One-instruction wrappers and a few basic macros for the payload. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/layout.h"

#define ARRAY_SIZE(a)	 (sizeof(a) / sizeof((a)[0]))
#define PAGE_SIZE	 4096UL
#define PAGE_SHIFT	 12
#define page_aligned	 __attribute__((aligned(4096)))
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()	 __asm__ volatile("" ::: "memory")
#define NSEC_PER_MSEC	 1000000UL
#define NSEC_PER_SEC	 1000000000UL

static inline void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t r[4])
{
	__asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "0"(leaf), "2"(subleaf));
}

static inline bool is_intel(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	return r[1] == 0x756e6547; /* "Genu" */
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" :: "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) :: "memory");
	return (uint64_t)hi << 32 | lo;
}

#define DEFINE_PORT(name, type, suffix)                                             \
	static inline type in##name(uint16_t port)                                  \
	{                                                                           \
		type value;                                                         \
		__asm__ volatile("in" #suffix " %1, %0" : "=a"(value) : "Nd"(port)); \
		return value;                                                       \
	}                                                                           \
	static inline void out##name(uint16_t port, type value)                     \
	{                                                                           \
		__asm__ volatile("out" #suffix " %0, %1" ::"a"(value), "Nd"(port)); \
	}
DEFINE_PORT(b, uint8_t, b)
DEFINE_PORT(w, uint16_t, w)
DEFINE_PORT(l, uint32_t, l)

#define DEFINE_CR(n)                                                        \
	static inline uint64_t read_cr##n(void)                             \
	{                                                                   \
		uint64_t value;                                             \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(value)::"memory"); \
		return value;                                               \
	}                                                                   \
	static inline void write_cr##n(uint64_t value)                      \
	{                                                                   \
		__asm__ volatile("mov %0, %%cr" #n ::"r"(value) : "memory"); \
	}
DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)

static inline void invlpg(const volatile void *va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

static inline void irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

/* Enable interrupts and halt as one step: no wake-up is lost between the two. */
static inline void irq_enable_and_halt(void)
{
	__asm__ volatile("sti; hlt; cli" ::: "memory");
}

static inline void pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}

static inline bool test_bit(unsigned int bit, const volatile void *map)
{
	return ((const volatile uint64_t *)map)[bit / 64] >> (bit % 64) & 1;
}

static inline bool test_and_set_bit(unsigned int bit, volatile void *map)
{
	volatile uint64_t *word = (volatile uint64_t *)map + bit / 64;

	return __atomic_fetch_or(word, 1ULL << (bit % 64), __ATOMIC_SEQ_CST) >> (bit % 64) & 1;
}

static inline bool test_and_clear_bit(unsigned int bit, volatile void *map)
{
	volatile uint64_t *word = (volatile uint64_t *)map + bit / 64;

	return __atomic_fetch_and(word, ~(1ULL << (bit % 64)), __ATOMIC_SEQ_CST) >> (bit % 64) & 1;
}

/* Which vCPU this is: 0 for the boot CPU, n for the one that smp_start(n) started. */
extern char boot_stacks[NR_CPUS][STACK_SIZE];
static inline unsigned int this_cpu(void)
{
	return ((uintptr_t)__builtin_frame_address(0) - (uintptr_t)boot_stacks) / STACK_SIZE;
}
