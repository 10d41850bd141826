/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grants over a real p2m and real frames: mapping, unmapping and copying between three domains,
 * entries that change while in use, batches, what dies when. A random sequence has a model of all
 * mappings. Invariants after every operation: gnttab_check() of all, domain references, each
 * frame's count (one for its owner's p2m and one per mapping), marks in the entries exactly while
 * something is in use.
 */
#include "guest_setup.h"
#include "guest/gnttab.h"
#include "guest/physmap.h"
#include "lib/errno.h"

#define NR_FRAMES  2048
#define NR_PAGES   8	  /* RAM of each domain: gfn 0 .. 7 */
#define MAP_BASE   0x1000 /* where granted pages go */
#define NR_REFS	   8
#define OUT_OF_REF 5000

static uint32_t frame_words[NR_FRAMES];
static mfn_t ram[NR_DOMS][NR_PAGES];

/* One mapping as the test believes it. */
static struct mapping {
	bool used, readonly;
	unsigned int owner;
	uint32_t ref, handle;
	uint64_t mfn;
} map[NR_DOMS][64]; /* by slot: gfn MAP_BASE + slot of the mapping domain */

bool domain_charge_pages(struct domain *d, uint32_t nr)
{
	return true;
}

void domain_uncharge_pages(struct domain *d, uint32_t nr)
{
}

static struct grant_entry_v1 *entry(unsigned int d, uint32_t ref)
{
	return &doms[d].gnttab->shared[0][ref];
}

static void grant(unsigned int d, uint32_t ref, unsigned int to, uint32_t gfn, uint16_t flags)
{
	*entry(d, ref) = (struct grant_entry_v1){ GTF_permit_access | flags, doms[to].id, gfn };
}

static unsigned int uses_of_frame(uint64_t mfn)
{
	unsigned int n = 0;

	for (unsigned int d = 0; d < NR_DOMS; d++)
		for (unsigned int s = 0; s < ARRAY_SIZE(map[d]); s++)
			n += map[d][s].used && map[d][s].mfn == mfn;
	return n;
}

static uint16_t marks_of(unsigned int d, uint32_t ref)
{
	uint16_t marks = 0;

	for (unsigned int m = 0; m < NR_DOMS; m++)
		for (unsigned int s = 0; s < ARRAY_SIZE(map[m]); s++)
			if (map[m][s].used && map[m][s].owner == d && map[m][s].ref == ref)
				marks |= map[m][s].readonly ? GTF_reading
							    : GTF_reading | GTF_writing;
	return marks;
}

static void check_all(void)
{
	uint32_t refs[NR_DOMS] = { 1, 1, 1 }, handles;

	for (unsigned int d = 0; d < NR_DOMS; d++) {
		gnttab_check(&doms[d]);
		handles = 0;
		for (unsigned int s = 0; s < ARRAY_SIZE(map[d]); s++) {
			const struct mapping *m = &map[d][s];
			struct p2m_entry e = p2m_lookup(&doms[d].p2m, GFN(MAP_BASE + s));

			assert_int_equal(e.type, !m->used      ? P2M_NONE
						 : m->readonly ? P2M_GRANT_RO
							       : P2M_GRANT_RW);
			if (!m->used)
				continue;
			assert_int_equal(e.mfn.n, m->mfn);
			handles++;
			refs[m->owner]++;
		}
		assert_int_equal(doms[d].gnttab->nr_handles, handles);
		for (unsigned int p = 0; p < NR_PAGES; p++)
			assert_int_equal(page_count(ram[d][p]), 1 + uses_of_frame(ram[d][p].n));
		for (uint32_t r = 0; r < NR_REFS; r++)
			assert_int_equal(entry(d, r)->flags & (GTF_reading | GTF_writing),
					 marks_of(d, r));
	}
	for (unsigned int d = 0; d < NR_DOMS; d++)
		assert_int_equal(doms[d].refcount, refs[d]);
	assert_int_equal(fake_locks_held, 0);
}

static int setup(void **state)
{
	mfn_t mfn;

	guest_setup();
	memset(map, 0, sizeof(map));
	fake_frames_init(NR_FRAMES);
	frame_init(frame_words, NR_FRAMES);
	frame_give_heap(MFN(0), NR_FRAMES);
	fake_cpus_init(2);
	for (unsigned int d = 0; d < NR_DOMS; d++) {
		if (p2m_init(&doms[d].p2m, &p2m_format_npt, doms[d].id, true) ||
		    gnttab_create(&doms[d]) || gnttab_get_frame(&doms[d], 0, &mfn))
			return 1;
		for (unsigned int p = 0; p < NR_PAGES; p++) {
			ram[d][p] = frame_alloc_domain(doms[d].id, 0, PAGE_RAM);
			if (p2m_map(&doms[d].p2m, GFN(p), ram[d][p], 0, P2M_RAM))
				return 1;
		}
		for (uint32_t r = 0; r < NR_REFS; r++)
			grant(d, r, (d + 1) % NR_DOMS, r, r & 1 ? GTF_readonly : 0);
	}
	check_all();
	return 0;
}

static void put_entry(struct p2m *p, struct p2m_entry e)
{
	physmap_put(container_of(p, struct domain, p2m), e);
}

static int teardown(void **state)
{
	frame_freed_hook = NULL;
	for (unsigned int d = 0; d < NR_DOMS; d++) {
		doms[d].state = DOM_DYING;
		while (gnttab_destroy(&doms[d]) == -ERESTART)
			;
		while (p2m_destroy(&doms[d].p2m, 100, put_entry) == -ERESTART)
			;
		memset(map[d], 0, sizeof(map[d]));
	}
	for (unsigned int d = 0; d < NR_DOMS; d++) {
		gnttab_free(&doms[d]);
		p2m_free(&doms[d].p2m);
	}
	if (frame_nr_free() != NR_FRAMES) {
		print_message("%llu frames free of %u\n", (unsigned long long)frame_nr_free(),
			      NR_FRAMES);
		return 1;
	}
	fake_frames_init(0);
	return 0;
}

/* Map ref of domain `owner` at d's slot; the status. */
static int16_t do_map(unsigned int d, unsigned int slot, unsigned int owner, uint32_t ref,
		      uint32_t flags)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = (uint64_t)(MAP_BASE + slot) << PAGE_SHIFT,
		.flags = flags | GNTMAP_host_map,
		.ref = ref,
		.dom = doms[owner].id,
	};
	uint32_t done;

	assert_int_equal(gnttab_op_map(&vcpus[d][0], GUEST_PTR((uintptr_t)&op), 1, &done), 0);
	assert_int_equal(done, 1);
	if (op.status == GNTST_okay)
		map[d][slot] = (struct mapping){
			true,	   flags & GNTMAP_readonly,	  owner, ref,
			op.handle, op.dev_bus_addr >> PAGE_SHIFT,
		};
	return op.status;
}

static int16_t do_unmap(unsigned int d, unsigned int slot, uint32_t handle)
{
	struct gnttab_unmap_grant_ref op = {
		.host_addr = (uint64_t)(MAP_BASE + slot) << PAGE_SHIFT, .handle = handle,
	};
	uint32_t done;

	assert_int_equal(gnttab_op_unmap(&vcpus[d][0], GUEST_PTR((uintptr_t)&op), 1, &done), 0);
	if (op.status == GNTST_okay)
		map[d][slot].used = false;
	return op.status;
}

static void maps_and_unmaps(void **state)
{
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_okay);
	check_all();
	assert_int_equal(do_map(1, 1, 0, 2, GNTMAP_readonly), GNTST_okay);
	check_all();
	assert_int_equal(do_unmap(1, 1, map[1][0].handle),
			 GNTST_general_error); /* that one is elsewhere */
	assert_int_equal(do_unmap(1, 0, map[1][0].handle), GNTST_okay);
	check_all(); /* still read by the other: GTF_writing alone is gone */
	assert_int_equal(do_unmap(1, 0, map[1][0].handle), GNTST_bad_handle);
	assert_int_equal(do_unmap(1, 1, map[1][1].handle), GNTST_okay);
	check_all();
	assert_int_equal(do_unmap(1, 1, ~0u), GNTST_bad_handle);
}

static void refuses_what_was_not_granted(void **state)
{
	assert_int_equal(do_map(2, 0, 0, 2, 0), GNTST_general_error); /* for another domain */
	assert_int_equal(do_map(1, 0, 0, 3, 0), GNTST_general_error); /* read-only */
	assert_int_equal(do_map(1, 0, 0, OUT_OF_REF, 0), GNTST_bad_gntref);
	assert_int_equal(do_map(1, 0, 0, ~0u, 0), GNTST_bad_gntref);
	assert_int_equal(do_map(1, 0, 0, 2, GNTMAP_device_map), GNTST_no_device_space);
	assert_int_equal(do_map(1, 0, 0, 2, GNTMAP_contains_pte), GNTST_bad_gntref);
	grant(0, 2, 1, 77, 0); /* a hole */
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_bad_page);
	grant(0, 2, 1, ~0u, 0);
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_bad_page);
	entry(0, 2)->flags = 0;
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_general_error);
	check_all();
}

/* What is mapped from somebody cannot be granted on. */
static void granted_pages_are_not_passed_on(void **state)
{
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_okay);
	grant(1, 4, 2, MAP_BASE, 0);
	assert_int_equal(do_map(2, 0, 1, 4, 0), GNTST_bad_page);
	grant(1, 4, 2, 4, 0);
	check_all();
}

static void a_target_in_use_is_refused(void **state)
{
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_okay);
	assert_int_equal(do_map(1, 0, 0, 4, 0), GNTST_bad_virt_addr);
	map[1][0].mfn = ram[0][2].n;
	map[1][0].ref = 2;
	check_all();
}

/* The entry says something else by now; the frame in use stays the same. */
static void a_changed_entry_does_not_matter(void **state)
{
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_okay);
	entry(0, 2)->frame = 5;
	assert_int_equal(do_map(1, 1, 0, 2, 0), GNTST_okay);
	assert_int_equal(map[1][1].mfn, ram[0][2].n);
	check_all();
}

/* First read, then also write: only if the entry still leads to the same frame. */
static void an_upgrade_looks_again(void **state)
{
	assert_int_equal(do_map(1, 0, 0, 2, GNTMAP_readonly), GNTST_okay);
	entry(0, 2)->frame = 5;
	assert_int_equal(do_map(1, 1, 0, 2, 0), GNTST_general_error);
	check_all();
	entry(0, 2)->frame = 2;
	assert_int_equal(do_map(1, 1, 0, 2, 0), GNTST_okay);
	check_all();
}

static void handles_run_out_and_come_back(void **state)
{
	unsigned int n;
	struct maptrack m = { .rd = &doms[0] };

	for (n = 0; gnttab_track_new(&doms[1], &m) >= 0; n++)
		;
	assert_int_equal(n, 2 * MAPTRACK_PER_PAGE);
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_no_space);
	for (uint32_t h = 0; h < n; h++)
		gnttab_track_free(&doms[1], h);
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_okay);
	check_all();
}

static void the_table_grows_to_its_limit(void **state)
{
	mfn_t mfn;

	assert_int_equal(gnttab_get_frame(&doms[0], 2, &mfn), 0);
	assert_int_equal(doms[0].gnttab->nr_frames, 3);
	assert_int_equal(gnttab_get_frame(&doms[0], 3, &mfn), -EINVAL);
	assert_int_equal(gnttab_get_frame(&doms[0], ~0u, &mfn), -EINVAL);
	check_all();
}

static void seeds_reserved_entries_only(void **state)
{
	assert_int_equal(gnttab_seed(&doms[0], 0, 2, 3), 0);
	assert_int_equal(do_map(1, 0, 0, 0, 0), GNTST_okay);
	assert_int_equal(map[1][0].mfn, ram[0][3].n);
	assert_int_equal(gnttab_seed(&doms[0], 0, 2, 4), -EBUSY);
	assert_int_equal(gnttab_seed(&doms[0], 8, 2, 4), -EINVAL);
	assert_int_equal(gnttab_seed(&doms[0], 1, 2, 1ULL << 32), -EINVAL);
	check_all();
}

/* A batch that is longer than one run, with a bad one in it and a fault at its end. */
static void batches_stop_and_go_on(void **state)
{
	static struct gnttab_unmap_grant_ref ops[100];
	uint32_t done, at = 0;
	int64_t rc;

	for (unsigned int i = 0; i < 60; i++)
		assert_int_equal(do_map(1, i, 0, 2, 0), GNTST_okay);
	check_all();
	for (unsigned int i = 0; i < 100; i++)
		ops[i] = (struct gnttab_unmap_grant_ref){
			.host_addr = (uint64_t)(MAP_BASE + i) << PAGE_SHIFT,
			.handle = i < 60 ? map[1][i].handle : 9999,
		};
	while ((rc = gnttab_op_unmap(&vcpus[1][0], GUEST_PTR((uintptr_t)&ops[at]), 100 - at,
				     &done)) == -ERESTART)
		at += done;
	assert_int_equal(rc, 0);
	assert_int_equal(at + done, 100);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(ops[i].status, i < 60 ? GNTST_okay : GNTST_bad_handle);
	memset(map, 0, sizeof(map));
	check_all();
	assert_int_equal(gnttab_op_unmap(&vcpus[1][0], GUEST_PTR(8), 1, &done), -EFAULT);
	assert_int_equal(gnttab_op_map(&vcpus[1][0], GUEST_PTR(8), 1, &done), -EFAULT);
	assert_int_equal(gnttab_op_copy(&vcpus[1][0], GUEST_PTR(8), 1, &done), -EFAULT);
	check_all();
}

/* Every flush of a TLB raises tlb_gen: how many did a whole call cost? */
static uint64_t flushes(unsigned int d)
{
	static uint64_t last;
	uint64_t nr = doms[d].p2m.tlb_gen - last;

	last += nr;
	return nr;
}

#define BATCH 60

static void map_batch(struct gnttab_map_grant_ref *ops)
{
	uint32_t done;

	for (unsigned int i = 0; i < BATCH; i++)
		ops[i] = (struct gnttab_map_grant_ref){
			.host_addr = (uint64_t)(MAP_BASE + i) << PAGE_SHIFT,
			.flags = GNTMAP_host_map, .ref = 2, .dom = doms[0].id,
		};
	assert_int_equal(gnttab_op_map(&vcpus[1][0], GUEST_PTR((uintptr_t)ops), BATCH, &done), 0);
	for (unsigned int i = 0; i < BATCH; i++)
		assert_int_equal(ops[i].status, GNTST_okay);
}

static void unmap_batch(const struct gnttab_map_grant_ref *maps)
{
	struct gnttab_unmap_grant_ref ops[BATCH];
	uint32_t done;

	for (unsigned int i = 0; i < BATCH; i++)
		ops[i] = (struct gnttab_unmap_grant_ref){ .host_addr = maps[i].host_addr,
							  .handle = maps[i].handle };
	assert_int_equal(gnttab_op_unmap(&vcpus[1][0], GUEST_PTR((uintptr_t)ops), BATCH, &done), 0);
	for (unsigned int i = 0; i < BATCH; i++)
		assert_int_equal(ops[i].status, GNTST_okay);
}

static void batches_flush_once(void **state)
{
	struct gnttab_map_grant_ref ops[BATCH];

	flushes(1);
	map_batch(ops);
	assert_int_equal(flushes(1), 0); /* there was nothing */
	unmap_batch(ops);
	assert_int_equal(flushes(1), 1);
	assert_int_equal(p2m_map_range(&doms[1].p2m, GFN(MAP_BASE), MFN(1 << 20), BATCH, P2M_MMIO),
			 0);
	map_batch(ops);
	assert_int_equal(flushes(1), 1); /* in place of device pages */
	unmap_batch(ops);
	assert_int_equal(flushes(1), 1);
	check_all();
}

static int16_t do_copy(unsigned int d, struct gnttab_copy op)
{
	uint32_t done;

	assert_int_equal(gnttab_op_copy(&vcpus[d][0], GUEST_PTR((uintptr_t)&op), 1, &done), 0);
	return op.status;
}

static void copies(void **state)
{
	struct gnttab_copy op = {
		.source = { .u.ref = 3, .domid = 1, .offset = 16 },
		.dest = { .u.gmfn = 6, .domid = DOMID_SELF, .offset = 100 },
		.len = 5, .flags = GNTCOPY_source_gref,
	};

	memcpy((char *)frame_map(ram[0][3]) + 16, "hello", 5);
	assert_int_equal(do_copy(1, op), GNTST_okay);
	assert_memory_equal((char *)frame_map(ram[1][6]) + 100, "hello", 5);
	check_all();
	op.len = 4097;
	assert_int_equal(do_copy(1, op), GNTST_bad_copy_arg);
	op.len = 4000;
	assert_int_equal(do_copy(1, op), GNTST_bad_copy_arg);
	op.len = 5;
	op.dest.offset = 0xffff;
	assert_int_equal(do_copy(1, op), GNTST_bad_copy_arg);
	op.dest.offset = 0;
	op.dest.domid = 3;
	assert_int_equal(do_copy(1, op), GNTST_permission_denied);
	op.dest.domid = 2;
	op.dest.u.gmfn = 500;
	assert_int_equal(do_copy(1, op), GNTST_bad_page);
	op.dest.u.gmfn = ~0ULL;
	assert_int_equal(do_copy(1, op), GNTST_bad_page);
	op.dest = (struct gnttab_copy_ptr){ .u.ref = 3, .domid = 1 };
	op.flags |= GNTCOPY_dest_gref;
	assert_int_equal(do_copy(1, op), GNTST_general_error); /* read-only */
	op.dest.u.ref = 2;
	assert_int_equal(do_copy(1, op), GNTST_okay);
	assert_memory_equal(frame_map(ram[0][2]), "hello", 5);
	op.dest.domid = 99;
	assert_int_equal(do_copy(1, op), GNTST_bad_domain);
	check_all();
}

static void dying_owners_grant_nothing_new(void **state)
{
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_okay);
	doms[0].state = DOM_DYING;
	assert_int_equal(do_map(1, 1, 0, 2, 0), GNTST_bad_domain);
	while (p2m_destroy(&doms[0].p2m, 100, put_entry) == -ERESTART)
		;
	assert_int_equal(page_owner(ram[0][2]), 1); /* kept until the mapper lets go */
	assert_int_equal(do_unmap(1, 0, map[1][0].handle), GNTST_okay);
	assert_int_not_equal(page_type(ram[0][2]), PAGE_RAM);
	assert_int_equal(doms[0].refcount, 1);
}

/* The mapper's p2m is gone before its handles are: no reference is dropped twice. */
static void dying_mappers_let_go_in_any_order(void **state)
{
	for (unsigned int i = 0; i < 40; i++)
		assert_int_equal(do_map(1, i, 0, 2, i & 1 ? GNTMAP_readonly : 0), GNTST_okay);
	doms[1].state = DOM_DYING;
	while (p2m_destroy(&doms[1].p2m, 7, put_entry) == -ERESTART)
		;
	while (gnttab_destroy(&doms[1]) == -ERESTART)
		;
	assert_int_equal(page_count(ram[0][2]), 1);
	assert_int_equal(entry(0, 2)->flags, GTF_permit_access);
	assert_int_equal(doms[0].refcount, 1);
}

/* The owner itself needs references to its page for each hypercall that touches it. */
static void a_mapper_cannot_use_up_all_references(void **state)
{
	unsigned int n;
	mfn_t mfn;

	for (n = 0; gnttab_pin(&doms[0], doms[1].id, 2, true, &mfn) == GNTST_okay; n++)
		;
	assert_true(n >= 1000 && n < PAGE_COUNT_MAX / 2);
	assert_int_equal(gnttab_pin(&doms[0], doms[1].id, 2, false, &mfn), GNTST_general_error);
	assert_true(p2m_get_page(&doms[0].p2m, GFN(2), true, &mfn, NULL));
	page_put(mfn);
	while (n--) {
		gnttab_unpin(&doms[0], 2, true);
		page_put(mfn);
	}
	check_all();
}

static bool was_pinned;

static void look_at_pin(domid_t owner, enum page_type type)
{
	const struct grant_pin *pin = &doms[0].gnttab->pins[0][2];

	was_pinned = pin->nr_read || pin->nr_write;
}

/*
 * The owner gave up the page while it was mapped, so the mapper's reference is the last. When the frame is
 * free, it may be the owner's again at once, for something else: a pin must not lead to it then.
 */
static void no_pin_outlives_its_frame(void **state)
{
	struct gnttab_copy copy = {
		.source = { .u.ref = 2, .domid = doms[0].id, .offset = 0 },
		.dest = { .u.gmfn = 1, .domid = DOMID_SELF },
		.len = 8, .flags = GNTCOPY_source_gref,
	};
	uint32_t done;

	frame_freed_hook = look_at_pin;
	assert_int_equal(do_map(1, 0, 0, 2, 0), GNTST_okay);
	assert_int_equal(physmap_remove(&doms[0], GFN(2)), 0);
	was_pinned = true;
	assert_int_equal(do_unmap(1, 0, map[1][0].handle), GNTST_okay);
	assert_false(was_pinned);
	frame_freed_hook = NULL;
	assert_int_equal(gnttab_op_copy(&vcpus[1][0], GUEST_PTR((uintptr_t)&copy), 1, &done), 0);
	assert_int_equal(copy.status, GNTST_bad_page); /* nothing is there any more */
}

static void random_map(unsigned int d, unsigned int slot)
{
	unsigned int owner = (unsigned int)unit_below(NR_DOMS);
	uint32_t ref = (uint32_t)unit_below(NR_REFS), flags = unit_below(2) ? GNTMAP_readonly : 0;
	struct mapping before = map[d][slot];
	bool granted = d == (owner + 1) % NR_DOMS && (flags || !(ref & 1));
	int16_t status = do_map(d, slot, owner, ref, flags);

	if (!granted)
		assert_int_not_equal(status, GNTST_okay);
	else
		assert_int_equal(status, before.used ? GNTST_bad_virt_addr : GNTST_okay);
	if (status)
		map[d][slot] = before;
}

static void random_sequences(void **state)
{
	unit_seed();
	for (unsigned int i = 0; i < 5000; i++) {
		unsigned int d = (unsigned int)unit_below(NR_DOMS),
			     slot = (unsigned int)unit_below(16);
		struct gnttab_copy op = {
			.source = { .u.ref = (uint32_t)unit_below(NR_REFS),
				    .domid = doms[(d + 2) % NR_DOMS].id },
			.dest = { .u.gmfn = unit_below(NR_PAGES), .domid = DOMID_SELF },
			.len = (uint16_t)unit_below(4096),
			.flags = GNTCOPY_source_gref,
		};
		bool used;

		switch (unit_below(4)) {
		case 0:
		case 1:
			random_map(d, slot);
			break;
		case 2:
			used = map[d][slot].used;
			assert_int_equal(do_unmap(d, slot, map[d][slot].handle) == GNTST_okay,
					 used);
			break;
		case 3:
			assert_int_equal(do_copy(d, op), GNTST_okay);
			break;
		}
		check_all();
	}
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(maps_and_unmaps),
		T(refuses_what_was_not_granted),
		T(granted_pages_are_not_passed_on),
		T(a_target_in_use_is_refused),
		T(a_changed_entry_does_not_matter),
		T(an_upgrade_looks_again),
		T(handles_run_out_and_come_back),
		T(the_table_grows_to_its_limit),
		T(seeds_reserved_entries_only),
		T(batches_stop_and_go_on),
		T(batches_flush_once),
		T(copies),
		T(dying_owners_grant_nothing_new),
		T(dying_mappers_let_go_in_any_order),
		T(a_mapper_cannot_use_up_all_references),
		T(no_pin_outlives_its_frame),
		T(random_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
