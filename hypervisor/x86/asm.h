/* SPDX-License-Identifier: GPL-2.0-only */
/* One-instruction wrappers: ports, interrupts, TSC, TLB, descriptor tables. */
#pragma once

#include "lib/base.h"

#define PORT_ACCESSORS(suffix, type)                                                               \
	static inline void out##suffix(uint16_t port, type val)                                    \
	{                                                                                          \
		__asm__ volatile("out" #suffix " %0, %1" :: "a"(val), "Nd"(port) : "memory");      \
	}                                                                                          \
	static inline type in##suffix(uint16_t port)                                               \
	{                                                                                          \
		type val;                                                                          \
		__asm__ volatile("in" #suffix " %1, %0" : "=a"(val) : "Nd"(port) : "memory");      \
		return val;                                                                        \
	}

/* outb(), inb(), ... */
PORT_ACCESSORS(b, uint8_t)
PORT_ACCESSORS(w, uint16_t)
PORT_ACCESSORS(l, uint32_t)

/* The same by size: 1, 2 or 4 bytes. */
static inline uint32_t port_read(uint16_t port, unsigned int size)
{
	return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
}

static inline void port_write(uint16_t port, unsigned int size, uint32_t val)
{
	size == 1 ? outb(port, val) : size == 2 ? outw(port, val) : outl(port, val);
}

static inline uint32_t mmio_read32(const volatile void *p) { return *(const volatile uint32_t *)p; }
static inline void mmio_write32(volatile void *p, uint32_t v) { *(volatile uint32_t *)p = v; }

/* 1, 2, 4 or 8 bytes of a device's memory. */
static inline uint64_t mmio_read(const volatile void *p, unsigned int size)
{
	return size == 1   ? *(const volatile uint8_t *)p
	       : size == 2 ? *(const volatile uint16_t *)p : size == 4 ? mmio_read32(p)
			   : *(const volatile uint64_t *)p;
}

static inline void mmio_write(volatile void *p, unsigned int size, uint64_t val)
{
	if (size == 1)
		*(volatile uint8_t *)p = val;
	else if (size == 2)
		*(volatile uint16_t *)p = val;
	else if (size == 4)
		mmio_write32(p, val);
	else
		*(volatile uint64_t *)p = val;
}

static inline void cli(void) { __asm__ volatile("cli" ::: "memory"); }
static inline void cpu_relax(void) { __asm__ volatile("pause" ::: "memory"); }
static inline void lfence(void) { __asm__ volatile("lfence" ::: "memory"); }
static inline void wbinvd(void) { __asm__ volatile("wbinvd" ::: "memory"); }

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

/* rdtsc that no earlier load passes: for time shown to others. */
static inline uint64_t rdtsc_ordered(void)
{
	lfence();
	return rdtsc();
}

static inline void invlpg(const void *va)
{
	__asm__ volatile("invlpg (%0)" :: "r"(va) : "memory");
}

/* Host MONITOR/MWAIT is not used: HLT wakes on every interrupt, and QEMU's MWAIT is not complete. */

/* Stop this CPU for good; an NMI only brings it back to the loop. */
static inline void __noreturn cpu_halt_forever(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" ::: "memory");
}
