/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual CPU: why it may or may not run, what waits for it, and how to get its attention.
 *
 * The upper floors hang their per-vCPU state on the forward-declared pointers below; floor 5 never
 * looks inside. `hvm` is first: the entry code finds it at offset 0.
 */
#pragma once

#include "core/guest_path.h"
#include "core/sched.h"
#include "core/timer.h"
#include "hvm/hvm.h"

struct domain;
struct vlapic;
struct mtrr_state;
struct vcpu_guest;

/* Bits of vcpu.wait: reasons not to run. Atomic; each change is followed by sched_update(). */
enum {
	WAIT_BLOCKED = 1u << 0,	/* HLT or SCHEDOP_block/poll: ends with an event */
	WAIT_DOWN    = 1u << 1,	/* never started, or offline by HLT with IF=0 / INIT */
	WAIT_PAUSED  = 1u << 2,	/* its domain's pause count > 0 */
};

/* Bits of vcpu.todo: looked at by the run loop before each entry. Atomic. */
enum {
	TODO_INTR     = 1u << 0, /* the vLAPIC may have something to deliver */
	TODO_NMI      = 1u << 1,
	TODO_INIT     = 1u << 2,
	TODO_SIPI     = 1u << 3,
	TODO_UPCALL   = 1u << 4, /* HVM_PARAM_CALLBACK_IRQ vector style upcall, bypassing the vLAPIC */
	TODO_RUNSTATE = 1u << 5, /* guest's runstate area wants an update */
	TODO_TIME     = 1u << 6, /* guest's time area wants an update */
	TODO_WAKE     = 1u << 7, /* only end a block (poll time-out, port of a poll) */
};

struct vcpu {
	struct hvm_vcpu hvm;
	struct domain *d;		/* set at creation */
	uint16_t id;			/* set at creation */
	uint8_t sipi_vector;
	bool wait_sipi;			/* between INIT (or creation) and SIPI; atomic */
	uint32_t wait;			/* WAIT_*; atomic */
	uint32_t todo;			/* TODO_*; atomic */
	struct sched_vcpu sched;
	struct timer singleshot;	/* VCPUOP_set_singleshot_timer; set up by the guest floor */
	struct timer poll_timer;	/* SCHEDOP_poll's time-out; set up by the guest floor */
	void *fpu;			/* XSAVE area, 64-byte aligned */
	struct vlapic *vlapic;		/* floor 6 */
	struct mtrr_state *mtrr;	/* floor 6 */
	struct vcpu_guest *guest;	/* floor 7: vcpu_info, runstate and time areas, upcall vector, poll */
	struct hvm_mode mode;		/* while it does a hypercall; own CPU only */
	struct guest_path paths[NR_GUEST_PATHS]; /* guest_copy's; own CPU only */
	uint64_t nr_exits[NR_EXIT_KINDS]; /* own CPU only */
};

/* The vCPU this CPU is running or has just left; NULL when idle. */
struct vcpu *current_vcpu(void);
void set_current_vcpu(struct vcpu *v);

static inline bool vcpu_is_runnable(const struct vcpu *v)
{
	return READ_ONCE(v->wait) == 0;
}

/* New vCPU `id` of d, WAIT_DOWN. NULL: no memory. Domain not running. */
struct vcpu *vcpu_create(struct domain *d, unsigned int id);
void vcpu_free(struct vcpu *v);
/* d is about to be freed: a new domain at its address must not pass for it where predictors are flushed. */
void vcpu_forget_domain(const struct domain *d);

/*
 * Make v look at its todo bits: set them, end its block, and if it runs on another CPU, make it exit.
 * Any CPU, any lock below runqueue. Never starts a WAIT_DOWN vCPU.
 */
void vcpu_kick(struct vcpu *v, uint32_t todo);
/* The current vCPU sleeps until vcpu_kick(); does nothing if something came already (todo != 0). */
void vcpu_block(struct vcpu *v);

/* Local APIC messages; the run loop of v carries them out. Any CPU. */
void vcpu_send_init(struct vcpu *v);
void vcpu_send_sipi(struct vcpu *v, uint8_t vector);
void vcpu_send_nmi(struct vcpu *v);

/* VCPUOP_up / down, HLT with IF=0. down: when it was the last one up, the domain shuts down (poweroff). */
void vcpu_up(struct vcpu *v);
void vcpu_down(struct vcpu *v);
bool vcpu_is_up(const struct vcpu *v);

/* Start states: PVH (32-bit flat, EBX = start info), after INIT+SIPI (real mode). v is down or paused. */
void vcpu_set_pvh_start(struct vcpu *v, uint32_t eip, uint32_t start_info_gpa);
void vcpu_set_sipi_start(struct vcpu *v, uint8_t vector);

/* Called by the scheduler around a switch, on the CPU in question. */
void vcpu_load(struct vcpu *v);
void vcpu_save(struct vcpu *v);

/* Registers and mode in words, to the log (hl dmesg). */
void vcpu_dump(struct vcpu *v);
