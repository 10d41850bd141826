/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that the hypervisor and a guest both write: the shared_info page, and per vCPU its
 * vcpu_info, runstate and time areas. The shared_info frame is ours (PAGE_SHARED) as long as the
 * domain exists. An area that the guest registered lies in its own RAM; its frames are pinned until
 * the domain dies, so its mapping may be kept, which is the one exception to "no pointer into guest
 * memory". Nothing read from these pages is trusted.
 */
#pragma once

#include "core/guest_copy.h"
#include <xen/xen.h>
#include <xen/vcpu.h>
#include <xen/hvm/e820.h>

/* One e820 entry as XENMEM_memory_map gives it out (20 bytes). */
struct e820_entry {
	uint64_t addr, size;
	uint32_t type;
} __packed;
#define GUEST_E820_MAX 128

/*
 * Where in shared_info and vcpu_info a kernel of 64 or of 32 bits has its event bits and the wall
 * clock; the ports' pending bits and vcpu_info's time are at the same place for both.
 */
struct shared_layout {
	uint16_t mask;		/* evtchn_mask, from shared_info */
	uint16_t wc, wc_sec_hi;	/* wc_version, and from there wc_sec_hi; these three in 32-bit words */
	uint8_t sel;		/* bit 0 of evtchn_pending_sel, from vcpu_info */
	uint8_t sel_bits;
	uint8_t sel_shift;	/* log2 of the ports of one selector bit */
};
extern const struct shared_layout shared_layout_64, shared_layout_32;

struct guest_info {
	struct shared_info *shared;	/* our mapping of the frame below; set at creation */
	mfn_t shared_mfn;
	const struct shared_layout *layout; /* latched as in Xen: guest_latch_layout(); read by any */
	uint32_t *evtchn_mask;		/* where that layout has it */
	uint64_t shared_gfn;		/* where the guest has it, ~0 nowhere; domain lock */
	uint8_t callback_vector;	/* HVM_PARAM_CALLBACK_IRQ type 2, else 0; read by any */
	uint32_t vm_assist;		/* bits; atomic */
	uint32_t nr_e820;		/* domain lock */
	struct e820_entry *e820;	/* nr_e820 entries; domain lock */
	uint32_t nr_vcpus_wanted;	/* createdomain's; set at creation */
	bool control_busy;		/* a domctl that must be alone is at work; atomic */
	bool was_unpaused;		/* the guest may have run; set once */
	uint32_t tsc_mode, tsc_incarnation; /* as settscinfo gave them; domain lock */
};

static inline void guest_set_layout(struct guest_info *g, const struct shared_layout *l)
{
	WRITE_ONCE(g->evtchn_mask, (uint32_t *)g->shared + l->mask);
	WRITE_ONCE(g->layout, l);
}

/* A piece of pinned guest RAM, at most one page boundary inside. */
struct guest_area {
	uint8_t *part[2];	/* our mapping of each frame's piece */
	uint16_t len[2];	/* len[0] == 0: not registered */
};

struct vcpu_guest {
	spinlock_t lock;		/* level areas */
	struct vcpu_info *vi;		/* never NULL; switched once, by registration; lock */
	bool is_vi_moved;		/* vi is in a pinned page, not in shared_info; lock */
	uint8_t upcall_vector;		/* per-vCPU vector, 0 none; read by any */
	bool is_polling;		/* in SCHEDOP_poll; atomic */
	uint32_t poll_port;		/* 0: several */
	struct guest_area runstate, time; /* lock */
	uint32_t virq_port[NR_VIRQS];	/* 0 not bound; evtchn lock */
	struct vcpu_info early_vi;	/* of a vCPU that has no slot in shared_info yet */
};

/* Domain part: shared_info frame and lists; unpin the areas (preemption not needed); free. */
int guest_info_create(struct domain *d);
int guest_info_destroy(struct domain *d);
void guest_info_free(struct domain *d);
void guest_areas_drop(struct vcpu *v); /* stop its timers, unpin; the vCPU does not run any more */
/*
 * The page at gfn, if it is d's own RAM, referenced and mapped until guest_page_unpin(), which takes any
 * address in it; else NULL. No lock held.
 */
void *guest_page_pin(struct domain *d, uint64_t gfn);
void guest_page_unpin(void *va);
/* Called from vcpu_create_hook / vcpu_free_hook. */
int guest_vcpu_create(struct vcpu *v);
void guest_vcpu_free(struct vcpu *v);

/* The run loop, before entry and when v stops running, for TODO_RUNSTATE and TODO_TIME. */
void guest_areas_update(struct vcpu *v, uint32_t todo);
/* Its domain's other vCPUs may look; it does itself only when it runs again, and then it is updated. */
static inline bool guest_shows_runstate(const struct vcpu *v)
{
	return READ_ONCE(v->guest->runstate.len[0]) && v->d->max_vcpus > 1;
}
/*
 * The run loop, after INIT+SIPI or vcpu_up made v start: raise again what came while it was down.
 */
void guest_vcpu_started(struct vcpu *v);
/* TODO_UPCALL: vector to inject past the vLAPIC while events are pending, or -1. */
static inline int guest_upcall_vector(const struct vcpu *v)
{
	return v->guest->vi->evtchn_upcall_pending && !v->guest->upcall_vector &&
			       v->d->guest->callback_vector
		       ? v->d->guest->callback_vector : -1;
}
/* Does v have an event that ends or prevents a block? */
bool guest_event_pending(struct vcpu *v);
/*
 * v, the current vCPU, does one of the first things that a kernel's Xen drivers do: shared_info has
 * the layout for the code that it runs from now on.
 */
void guest_latch_layout(struct vcpu *v);
/*
 * Let the guest look at every event word of v: something may have been set where it does not look
 * any more. v's area lock is held, or another vCPU may make it miss this.
 */
void guest_look_again(struct vcpu *v);

/* Registration; v of the current domain. -EINVAL, -EBUSY (done already), -EFAULT. */
int guest_register_vcpu_info(struct vcpu *v, uint64_t gfn, uint32_t offset);
int guest_register_runstate(struct vcpu *v, guest_ptr_t area);
int guest_register_time(struct vcpu *v, guest_ptr_t area);
void guest_set_callback(struct domain *d, uint64_t param); /* HVM_PARAM_CALLBACK_IRQ */
int guest_set_upcall_vector(struct vcpu *v, uint8_t vector);

/* Write the wall clock into d's shared_info again (settime, settimeoffset). */
void guest_wallclock_update(struct domain *d);
/* What XENMEM_memory_map answers from now on: nr entries at e, from kalloc(), which d keeps. */
void guest_set_memory_map(struct domain *d, struct e820_entry *e, uint32_t nr);
