/* SPDX-License-Identifier: GPL-2.0-only */
/* What vlapic.c, vlapic_ipi.c, vlapic_regs.c and vlapic_timer.c share; see vlapic.h for who writes
 * what. */
#pragma once

#include "dev/vlapic.h"
#include "x86/lapic.h"

#define VLAPIC_VERSION	  0x00050014u /* six LVT entries, no EOI-broadcast suppression */
#define LVT_TIMER_MODE	  0x60000u
#define LVT_TIMER_PERIOD  0x20000u
#define LVT_TIMER_TSC	  0x40000u
#define ESR_SEND_ILLEGAL  0x20u
#define VECTOR_FIRST	  16 /* lower ones are illegal */

struct vlapic {
	struct lapic_reg *regs;	/* the APIC page; own CPU, read by any; TMR: atomic, set before the posted bit */
	uint64_t posted[4];	/* atomic; on its way to IRR */
	bool accepts;		/* APIC_BASE.EN and SVR.enable; own CPU, read by any */
	uint64_t apic_base;	/* likewise */
	uint32_t esr_new;	/* gathered for ESR; own CPU */
	struct vcpu *v;

	spinlock_t timer_lock;	/* the rest, and the timer's registers; level vlapic */
	struct timer timer;
	bool armed;
	uint64_t start_ns;	/* when the initial count began to count */
	uint64_t period_ns;	/* 0: one shot */
	uint64_t deadline_ns;
	uint64_t tsc_deadline;	/* as the guest wrote it; 0 when not armed */
};

static inline bool vlapic_is_x2apic(const struct vlapic *l)
{
	return READ_ONCE(l->apic_base) >> 10 & 1;
}

static inline uint32_t vlapic_id(const struct vlapic *l)
{
	return 2u * l->v->id;
}

/* The word of one of the three maps (IRR, ISR, TMR) in which a vector has its bit. */
static inline uint32_t *vlapic_map_word(const struct vlapic *l, unsigned int map, uint8_t vector)
{
	return &l->regs[map + vector / 32].val;
}

static inline bool vlapic_is_set(const struct vlapic *l, unsigned int map, uint8_t vector)
{
	return READ_ONCE(*vlapic_map_word(l, map, vector)) >> vector % 32 & 1;
}

/* A map's highest bit, 0 when none. */
static inline uint8_t vlapic_highest(const struct vlapic *l, unsigned int map)
{
	for (unsigned int i = 8; i-- > 0;) {
		uint32_t word = l->regs[map + i].val;

		if (word)
			return (uint8_t)(i * 32 + 31 - (unsigned int)__builtin_clz(word));
	}
	return 0;
}

void vlapic_update_accepts(struct vlapic *l); /* APIC_BASE or SVR was written */
void vlapic_update_mode(struct vlapic *l);    /* APIC_BASE was */
void vlapic_raise_error(struct vlapic *l, uint32_t bits);
/* An ICR write took effect: send. */
void vlapic_send_ipi(struct vlapic *l, uint32_t icr, uint32_t dest);

/* Timer. Guest wrote the initial count / LVT timer / divisor / deadline; read of the current count.
 */
void vlapic_timer_init(struct vlapic *l);
void vlapic_timer_stop(struct vlapic *l);
void vlapic_timer_set_initial(struct vlapic *l, uint32_t initial);
void vlapic_timer_set_mode(struct vlapic *l, uint32_t lvt);
void vlapic_timer_set_divide(struct vlapic *l, uint32_t divide);
void vlapic_timer_set_deadline(struct vlapic *l, uint64_t guest_tsc);
uint32_t vlapic_timer_current(struct vlapic *l);

/* Seams: time, and what a guest TSC value means in it (vlapic_time.c; faked by tests). */
uint64_t vlapic_now_ns(void);
uint64_t vlapic_tsc_to_ns(const struct vcpu *v, uint64_t guest_tsc);
