/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seams of pure code, as host tests see them. Each fakes/x.c stands for one seam and is
 * linked where a test needs it; these are its levers. Headers of the same name in fakes/include/
 * stand before the real ones where a seam is an inline function. All fakes are single threaded.
 *
 *	bug.c	    panic, bug_at		expect_assert_failure() catches both
 *	log.c	    log_at, guest_log_at	the last line is kept
 *	lock.c	    spin_*			checks the ladder and that nobody waits for ever
 *	frames.c    phys_to_virt, frame_map	an arena of RAM, mfn 0 first
 *	kalloc.c    kalloc, page_alloc ...	malloc, counted, fails at will; not mem/kalloc.o
 *	time.c	    now				a variable
 *	percpu.c    this_cpu, per_cpu, cpu_id	pretend to be another CPU
 *	ipi.c	    ipi_kick
 *	lapic.c	    lapic_timer_set
 *	vmcs.c	    vmcs_read, vmcs_write	an array
 *	kick.c	    vcpu_kick, current_vcpu
 *	ports.c	    inb, port_read ...		64 KiB of bytes, and the last write
 *	iommu.c	    iommu			none
 *	guest_page.c guest_page_pin		pages of one guest, pins counted
 *	guest_copy.c copy_*_guest		"guest addresses" are host addresses
 */
#pragma once

#include "lib/types.h"

struct vcpu;

extern char fake_log_last[512];
extern unsigned int fake_log_count;

extern unsigned int fake_locks_held; /* must be 0 whenever a test looks */

/* What somebody else does right before the next spin_lock_pair(). */
extern void (*fake_lock_hook)(void);

/* A zeroed arena of nr frames behind frame_map(); replaces the one before. 0 frees it. */
void fake_frames_init(uint64_t nr);

extern uint64_t fake_kalloc_live;  /* bytes out */
extern int64_t fake_kalloc_budget; /* how many more allocations succeed; -1: all */

extern uint64_t fake_now_ns;

#define FAKE_NR_CPUS 20
void fake_cpus_init(unsigned int nr); /* nr_cpus, fresh per-CPU areas; the caller is CPU 0 */
void fake_cpu_become(unsigned int cpu);

extern uint64_t fake_ipi_kicks;		       /* bit per CPU kicked since the test cleared it */
extern void (*fake_ipi_hook)(unsigned int cpu); /* called from ipi_kick(), if set */

extern uint64_t fake_lapic_deadline_ns[FAKE_NR_CPUS];

extern unsigned int fake_kicks;	   /* calls of vcpu_kick() */
extern struct vcpu *fake_kick_last;

extern uint8_t fake_port_bytes[0x10000 + 3];
extern struct fake_port_access {
	uint16_t port;
	unsigned int size;
	uint32_t val;
} fake_port_last; /* write */
extern unsigned int fake_port_writes;

extern int64_t fake_guest_budget; /* how many more bytes can be copied before -EFAULT; -1: all */

#define FAKE_GUEST_PAGES 8
extern uint8_t *fake_guest_page[FAKE_GUEST_PAGES]; /* by gfn */
extern unsigned int fake_guest_pins;		   /* given out and not back */
void fake_guest_pages_init(void);		   /* zeroed pages, in new places */
