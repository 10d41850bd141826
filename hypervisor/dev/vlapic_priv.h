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
#define NR_LVT		  6

struct vlapic {
	uint64_t irr[4];	/* atomic */
	uint64_t tmr[4];	/* atomic; set before the IRR bit */
	uint64_t held[4];	/* atomic; posted while the APIC does not accept; see vlapic.c */
	uint64_t isr[4];	/* own CPU */
	uint8_t isr_top;	/* highest bit of isr, 0 when none; own CPU */
	uint8_t tpr_low;	/* bits 3:0 of TPR, which mean nothing; 7:4 are hvm.cr8; own CPU */
	bool accepts;		/* APIC_BASE.EN and SVR.enable; own CPU, read by any */
	uint64_t apic_base;	/* own CPU, read by any; also the next three */
	uint32_t svr, dfr, ldr;	/* ldr as xAPIC has it: bits 31:24 */
	uint32_t esr, esr_new;	/* shown and gathered; own CPU */
	uint32_t icr, icr2;	/* own CPU */
	uint32_t lvt[NR_LVT];	/* REG_LVT_TIMER + i; own CPU, timer's read by its callback */
	struct vcpu *v;

	spinlock_t timer_lock;	/* the rest; level vlapic */
	struct timer timer;
	bool armed;
	uint32_t initial, divide;
	uint64_t start_ns;	/* when initial began to count */
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

static inline uint8_t vlapic_tpr(const struct vlapic *l)
{
	return (uint8_t)(l->v->hvm.cr8 << 4 | l->tpr_low);
}

/* In x2APIC mode the logical ID follows from the ID: cluster in 31:16, one bit of 15:0. */
static inline uint32_t vlapic_x2apic_ldr(const struct vlapic *l)
{
	uint32_t id = vlapic_id(l);

	return id >> 4 << 16 | 1u << (id & 15);
}

/* Highest set bit of 256, -1 when none. */
static inline int bitmap256_highest(const uint64_t map[4])
{
	if (!(READ_ONCE(map[0]) | READ_ONCE(map[1]) | READ_ONCE(map[2]) | READ_ONCE(map[3])))
		return -1;
	for (int i = 3; i >= 0; i--) {
		uint64_t word = READ_ONCE(map[i]);

		if (word)
			return i * 64 + 63 - __builtin_clzll(word);
	}
	return -1;
}

/* Something changed that may let a pending interrupt through: look again before the next entry. */
void vlapic_recheck(struct vlapic *l);
void vlapic_update_accepts(struct vlapic *l);
uint8_t vlapic_ppr(const struct vlapic *l);
void vlapic_set_tpr(struct vlapic *l, uint8_t tpr);
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
