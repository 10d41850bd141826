/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grant tables (version 1). A domain's table is shared frames of 512 entries that it writes itself;
 * beside it the hypervisor keeps pins: how often each entry is in use, for which frame. What a
 * domain has mapped from others is in its map track table, one handle each.
 *
 * d->gnttab->lock protects frames, pins and handles of d. No two are held together: a mapping is
 * made in steps (pin in the owner's table, handle in the mapper's), each undone when a later one
 * fails. A handle holds a reference to the granting domain; its p2m entry holds one to the frame.
 */
#pragma once

#include "core/guest_copy.h"
#include <xen/xen.h>
#include <xen/grant_table.h>

#define GNTTAB_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define GNTTAB_MAX_FRAMES 512 /* what createdomain may ask for */
#define GNTTAB_DEFAULT_FRAMES 64
#define MAPTRACK_PER_PAGE 128
#define MAPTRACK_MAX_FRAMES 1024

struct grant_pin {
	uint64_t mfn;	  /* while pinned */
	uint16_t domid;	  /* while pinned: for whom */
	uint16_t nr_read; /* read-only uses */
	uint16_t nr_write;
};

struct maptrack {
	struct domain *rd; /* NULL: free; referenced */
	uint64_t gfn;	   /* where it is mapped; free: next free handle */
	mfn_t mfn;
	uint32_t ref;
	bool readonly;
	bool busy;	   /* being made or unmade by some vCPU */
};

struct gnttab {
	spinlock_t lock;		/* level gnttab */
	uint32_t nr_frames, max_frames;	/* nr_frames grows only; lock */
	struct grant_entry_v1 **shared;	/* [max_frames] our mappings */
	uint64_t *gfn;			/* [max_frames] where the guest has each, ~0 nowhere */
	struct grant_pin **pins;	/* [max_frames] 512 each, made at first use */
	struct maptrack **track;	/* [max_track_pages] made on demand */
	uint32_t nr_track_pages, max_track_pages;
	uint32_t free_handle;		/* head of the free list, ~0 none */
	uint32_t nr_handles;		/* in use */
	uint32_t destroy_handle;	/* next to look at; only the destroyer */
};

/* Domain part. destroy drops what d mapped from others; -ERESTART while there is more. */
int gnttab_create(struct domain *d);
int gnttab_destroy(struct domain *d);
void gnttab_free(struct domain *d);
void gnttab_check(struct domain *d);

/* Frame idx of d's table, made (with all below it) when it is not there yet. -ENOMEM, -EINVAL. */
int gnttab_get_frame(struct domain *d, uint32_t idx, mfn_t *mfn);
/* The guest has frame idx (which exists) at gfn from now on; returns where it was, ~0 nowhere. */
uint64_t gnttab_move_frame(struct domain *d, uint32_t idx, uint64_t gfn);
/* The builder's: entry ref says domid may map gfn read-write. -EBUSY when in use. */
int gnttab_seed(struct domain *d, uint32_t ref, domid_t domid, uint64_t gfn);

/*
 * Use entry ref of rd for domain `user`: GNTST_okay with a referenced frame, to be given back by
 * gnttab_unpin(), then page_put(*mfn); or a GNTST_* error.
 */
int gnttab_pin(struct domain *rd, domid_t user, uint32_t ref, bool readonly, mfn_t *mfn);
void gnttab_unpin(struct domain *rd, uint32_t ref, bool readonly);

/* Handles of the mapping domain. A new one is busy until gnttab_track_ready(). -1: none left. */
int64_t gnttab_track_new(struct domain *d, const struct maptrack *m);
void gnttab_track_ready(struct domain *d, uint32_t handle);
void gnttab_track_free(struct domain *d, uint32_t handle);
/*
 * Take a handle (at gfn; ~0: anywhere) out for unmapping: busy from now on. GNTST_bad_handle: no
 * such, or busy already; GNTST_general_error: it is elsewhere.
 */
int gnttab_track_take(struct domain *d, uint32_t handle, uint64_t gfn, struct maptrack *m);

/* The operations, called by gnttab_op.c; *done of count are finished. 0, -EFAULT or -ERESTART. */
int64_t gnttab_op_map(struct vcpu *v, guest_ptr_t ops, uint32_t count, uint32_t *done);
int64_t gnttab_op_unmap(struct vcpu *v, guest_ptr_t ops, uint32_t count, uint32_t *done);
int64_t gnttab_op_copy(struct vcpu *v, guest_ptr_t ops, uint32_t count, uint32_t *done);
