/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grant entries, pins and handles; see gnttab.h. Entries are shared with a guest that may change
 * them at any moment, so an entry is judged and marked in one compare-and-exchange of its flags and
 * domid, and what was found is kept in the pin for as long as it is in use.
 *
 * Invariants (gnttab_check): free handles and used ones make up the table; a pin in use names a
 * frame.
 */
#include "guest/gnttab.h"
#include "mem/kalloc.h"

#define NO_HANDLE (~0u)
/* Each use is a reference to the page: a mapper must not be able to use up what its owner needs, too. */
#define USES_MAX (PAGE_COUNT_MAX / 8)
#define PINS_SIZE (GNTTAB_PER_FRAME * sizeof(struct grant_pin))
#define TRACK_SIZE (MAPTRACK_PER_PAGE * sizeof(struct maptrack))

/* Of a version 1 entry: the half that is changed as one. */
union grant_word {
	uint32_t raw;
	struct {
		uint16_t flags;
		uint16_t domid;
	};
};

int gnttab_create(struct domain *d)
{
	struct gnttab *t = kalloc(sizeof(*t));

	if (!t)
		return -ENOMEM;
	spin_init(&t->lock, LOCK_gnttab);
	t->max_frames = min(d->limits.max_grant_frames, (uint32_t)GNTTAB_MAX_FRAMES);
	t->max_frames = max(t->max_frames, 1u);
	t->max_track_pages = min(d->limits.max_maptrack_frames, (uint32_t)MAPTRACK_MAX_FRAMES);
	t->free_handle = NO_HANDLE;
	t->shared = kalloc(t->max_frames * sizeof(t->shared[0]));
	t->gfn = kalloc(t->max_frames * sizeof(t->gfn[0]));
	t->pins = kalloc(t->max_frames * sizeof(t->pins[0]));
	t->track = t->max_track_pages ? kalloc(t->max_track_pages * sizeof(t->track[0])) : NULL;
	d->gnttab = t;
	if (!t->shared || !t->gfn || !t->pins || (t->max_track_pages && !t->track)) {
		gnttab_free(d);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < t->max_frames; i++)
		t->gfn[i] = ~0ULL;
	return 0;
}

void gnttab_free(struct domain *d)
{
	struct gnttab *t = d->gnttab;

	if (!t)
		return;
	for (uint32_t i = 0; i < t->nr_frames; i++) {
		mfn_t mfn = frame_of(t->shared[i]);

		kfree(t->pins[i], PINS_SIZE);
		frame_unmap(t->shared[i]);
		page_put(mfn);
	}
	for (uint32_t i = 0; i < t->nr_track_pages; i++)
		kfree(t->track[i], TRACK_SIZE);
	kfree(t->track, t->max_track_pages * sizeof(t->track[0]));
	kfree(t->pins, t->max_frames * sizeof(t->pins[0]));
	kfree(t->gfn, t->max_frames * sizeof(t->gfn[0]));
	kfree(t->shared, t->max_frames * sizeof(t->shared[0]));
	kfree(t, sizeof(*t));
	d->gnttab = NULL;
}

/* Lock held. */
static int add_frame(struct domain *d, struct gnttab *t)
{
	mfn_t mfn = frame_alloc_domain(d->id, 0, PAGE_SHARED);

	if (mfn_eq(mfn, INVALID_MFN))
		return -ENOMEM;
	t->shared[t->nr_frames] = frame_map(mfn);
	store_release(&t->nr_frames, t->nr_frames + 1);
	return 0;
}

int gnttab_get_frame(struct domain *d, uint32_t idx, mfn_t *mfn)
{
	struct gnttab *t = d->gnttab;
	int rc = 0;

	if (idx >= t->max_frames)
		return -EINVAL;
	idx = index_nospec(idx, t->max_frames);
	spin_lock(&t->lock);
	while (!rc && t->nr_frames <= idx)
		rc = add_frame(d, t);
	if (!rc)
		*mfn = frame_of(t->shared[idx]);
	spin_unlock(&t->lock);
	return rc;
}

uint64_t gnttab_move_frame(struct domain *d, uint32_t idx, uint64_t gfn)
{
	struct gnttab *t = d->gnttab;
	uint64_t old;

	spin_lock(&t->lock);
	old = t->gfn[idx];
	t->gfn[idx] = gfn;
	spin_unlock(&t->lock);
	return old;
}

int gnttab_seed(struct domain *d, uint32_t ref, domid_t domid, uint64_t gfn)
{
	struct grant_entry_v1 *e;
	mfn_t mfn;
	int rc;

	if (ref >= GNTTAB_NR_RESERVED_ENTRIES || gfn > UINT32_MAX)
		return -EINVAL;
	rc = gnttab_get_frame(d, 0, &mfn);
	if (rc)
		return rc;
	e = &d->gnttab->shared[0][ref];
	if (READ_ONCE(e->flags) & (GTF_reading | GTF_writing))
		return -EBUSY;
	e->domid = domid;
	e->frame = (uint32_t)gfn;
	store_release(&e->flags, GTF_permit_access);
	return 0;
}

/* Is there such an entry, with pins? *ref comes back clamped. Lock held. */
static int check_ref(struct gnttab *t, uint32_t *ref)
{
	uint32_t frame = *ref / GNTTAB_PER_FRAME;

	if (frame >= t->nr_frames)
		return GNTST_bad_gntref;
	*ref = index_nospec(*ref, t->nr_frames * GNTTAB_PER_FRAME);
	frame = *ref / GNTTAB_PER_FRAME;
	if (unlikely(!t->pins[frame]))
		t->pins[frame] = kalloc(PINS_SIZE);
	return t->pins[frame] ? GNTST_okay : GNTST_general_error;
}

static struct grant_entry_v1 *entry_at(struct gnttab *t, uint32_t ref)
{
	return &t->shared[ref / GNTTAB_PER_FRAME][ref % GNTTAB_PER_FRAME];
}

static struct grant_pin *pin_at(struct gnttab *t, uint32_t ref)
{
	return &t->pins[ref / GNTTAB_PER_FRAME][ref % GNTTAB_PER_FRAME];
}

/* Mark the entry as in use for `user`; the guest may not take it back until the marks are gone. */
static int mark_entry(struct grant_entry_v1 *e, domid_t user, bool readonly)
{
	uint32_t *word = (uint32_t *)e;
	union grant_word old = { .raw = READ_ONCE(*word) }, new;

	do {
		if ((old.flags & GTF_type_mask) != GTF_permit_access || old.domid != user)
			return GNTST_general_error;
		if (!readonly && (old.flags & GTF_readonly))
			return GNTST_general_error;
		new = old;
		new.flags |= readonly ? GTF_reading : GTF_reading | GTF_writing;
	} while (!atomic_cmpxchg(word, &old.raw, new.raw));
	return GNTST_okay;
}

static void clear_marks(struct grant_entry_v1 *e, uint16_t marks)
{
	atomic_and(&e->flags, (uint16_t)~marks);
}

/* The marks that the uses left in the pin no longer need. */
static void drop_marks(struct grant_entry_v1 *e, const struct grant_pin *pin)
{
	if (!pin->nr_write)
		clear_marks(e, pin->nr_read ? GTF_writing : GTF_writing | GTF_reading);
}

/*
 * The frame behind the entry, referenced: RAM that rd itself has mapped. While in use it stays the
 * one that was granted first, whatever the entry says by now. On failure *mfn may be a frame to be
 * put, but not under the lock: its last reference may take a third domain along.
 */
static int get_frame(struct domain *rd, const struct grant_entry_v1 *e,
		     const struct grant_pin *in_use, bool upgrade, bool readonly, mfn_t *mfn)
{
	struct p2m_entry pe;

	if (in_use && !upgrade) {
		if (!page_get(MFN(in_use->mfn), rd->id))
			return GNTST_general_error;
		*mfn = MFN(in_use->mfn);
		return GNTST_okay;
	}
	if (!p2m_get_page(&rd->p2m, GFN(READ_ONCE(e->frame)), !readonly, mfn, &pe) ||
	    pe.type != P2M_RAM)
		return GNTST_bad_page;
	return !in_use || mfn->n == in_use->mfn ? GNTST_okay : GNTST_general_error;
}

static int pin_locked(struct domain *rd, domid_t user, uint32_t ref, bool readonly, mfn_t *mfn)
{
	int rc = check_ref(rd->gnttab, &ref);
	struct grant_entry_v1 *e;
	struct grant_pin *pin;
	bool in_use, upgrade;

	if (rc)
		return rc;
	e = entry_at(rd->gnttab, ref);
	pin = pin_at(rd->gnttab, ref);
	in_use = pin->nr_read || pin->nr_write;
	upgrade = in_use && !readonly && !pin->nr_write;
	if (in_use && pin->domid != user)
		return GNTST_general_error;
	if (pin->nr_read + pin->nr_write == USES_MAX)
		return GNTST_general_error;
	if (!in_use || upgrade) {
		rc = mark_entry(e, user, readonly);
		if (rc)
			return rc;
	}
	rc = get_frame(rd, e, in_use ? pin : NULL, upgrade, readonly, mfn);
	if (rc) {
		drop_marks(e, pin);
		return rc;
	}
	pin->mfn = mfn->n;
	pin->domid = user;
	if (readonly)
		pin->nr_read++;
	else
		pin->nr_write++;
	return GNTST_okay;
}

int gnttab_pin(struct domain *rd, domid_t user, uint32_t ref, bool readonly, mfn_t *mfn)
{
	int rc;

	if (READ_ONCE(rd->state) == DOM_DYING)
		return GNTST_bad_domain;
	*mfn = INVALID_MFN;
	spin_lock(&rd->gnttab->lock);
	rc = pin_locked(rd, user, ref, readonly, mfn);
	spin_unlock(&rd->gnttab->lock);
	if (rc && !mfn_eq(*mfn, INVALID_MFN))
		page_put(*mfn);
	return rc;
}

void gnttab_unpin(struct domain *rd, uint32_t ref, bool readonly)
{
	struct gnttab *t = rd->gnttab;
	struct grant_pin *pin;

	spin_lock(&t->lock);
	ref = index_nospec(ref, t->nr_frames * GNTTAB_PER_FRAME);
	pin = pin_at(t, ref); /* there while it is pinned */
	if (readonly) {
		BUG_ON(!pin->nr_read);
		pin->nr_read--;
	} else {
		BUG_ON(!pin->nr_write);
		pin->nr_write--;
	}
	drop_marks(entry_at(t, ref), pin);
	spin_unlock(&t->lock);
}

static struct maptrack *track_at(struct gnttab *t, uint32_t handle)
{
	if (handle / MAPTRACK_PER_PAGE >= t->nr_track_pages)
		return NULL;
	return &t->track[index_nospec(handle / MAPTRACK_PER_PAGE, t->nr_track_pages)]
			[handle % MAPTRACK_PER_PAGE];
}

/* More handles; the lowest of the new page comes out first. Lock held. */
static bool track_grow(struct gnttab *t)
{
	uint32_t first = t->nr_track_pages * MAPTRACK_PER_PAGE, i;
	struct maptrack *page;

	if (t->nr_track_pages == t->max_track_pages)
		return false;
	page = kalloc(TRACK_SIZE);
	if (!page)
		return false;
	for (i = 0; i < MAPTRACK_PER_PAGE; i++)
		page[i].gfn = i + 1 < MAPTRACK_PER_PAGE ? first + i + 1 : t->free_handle;
	t->track[t->nr_track_pages++] = page;
	t->free_handle = first;
	return true;
}

int64_t gnttab_track_new(struct domain *d, const struct maptrack *m)
{
	struct gnttab *t = d->gnttab;
	struct maptrack *slot;
	int64_t handle = -1;

	spin_lock(&t->lock);
	if (t->free_handle != NO_HANDLE || track_grow(t)) {
		handle = t->free_handle;
		slot = track_at(t, (uint32_t)handle);
		t->free_handle = (uint32_t)slot->gfn;
		*slot = *m;
		slot->busy = true;
		t->nr_handles++;
	}
	spin_unlock(&t->lock);
	return handle;
}

void gnttab_track_ready(struct domain *d, uint32_t handle)
{
	spin_lock(&d->gnttab->lock);
	track_at(d->gnttab, handle)->busy = false;
	spin_unlock(&d->gnttab->lock);
}

void gnttab_track_free(struct domain *d, uint32_t handle)
{
	struct gnttab *t = d->gnttab;
	struct maptrack *slot;

	spin_lock(&t->lock);
	slot = track_at(t, handle);
	BUG_ON(!slot || !slot->rd || !slot->busy);
	*slot = (struct maptrack){ .gfn = t->free_handle };
	t->free_handle = handle;
	t->nr_handles--;
	spin_unlock(&t->lock);
}

int gnttab_track_take(struct domain *d, uint32_t handle, uint64_t gfn, struct maptrack *m)
{
	struct gnttab *t = d->gnttab;
	struct maptrack *slot;
	int rc = GNTST_okay;

	spin_lock(&t->lock);
	slot = track_at(t, handle);
	if (!slot || !slot->rd || slot->busy) {
		rc = GNTST_bad_handle;
	} else if (gfn != ~0ULL && slot->gfn != gfn) {
		rc = GNTST_general_error;
	} else {
		slot->busy = true;
		*m = *slot;
	}
	spin_unlock(&t->lock);
	return rc;
}

void gnttab_check(struct domain *d)
{
	struct gnttab *t = d->gnttab;
	uint32_t i, h, nr_free = 0, used = 0;

	spin_lock(&t->lock);
	for (i = 0; i < t->nr_frames; i++) {
		for (h = 0; t->pins[i] && h < GNTTAB_PER_FRAME; h++) {
			const struct grant_pin *p = &t->pins[i][h];

			BUG_ON((p->nr_read || p->nr_write) && page_owner(MFN(p->mfn)) != d->id);
		}
	}
	for (h = t->free_handle; h != NO_HANDLE; h = (uint32_t)track_at(t, h)->gfn) {
		BUG_ON(!track_at(t, h) || track_at(t, h)->rd);
		BUG_ON(++nr_free > t->nr_track_pages * MAPTRACK_PER_PAGE);
	}
	for (h = 0; h < t->nr_track_pages * MAPTRACK_PER_PAGE; h++)
		used += track_at(t, h)->rd != NULL;
	BUG_ON(used != t->nr_handles || used + nr_free != t->nr_track_pages * MAPTRACK_PER_PAGE);
	spin_unlock(&t->lock);
}
