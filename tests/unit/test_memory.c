/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op over a real p2m and real frames: populate and decrease with their restarts, what lies
 * at a gfn, other domains' pages, Dom0's identity rule, and a random sequence against an array of
 * what is where. Invariants after every operation: each domain's charged pages are its p2m's RAM
 * plus what is parked or held elsewhere, and no lock is held.
 */
#include "guest_setup.h"
#include "guest/gnttab.h"
#include "guest/hypercall.h"
#include "guest/physmap.h"
#include "lib/errno.h"
#include "mem/kalloc.h"
#include <sys/mman.h>
#include <xen/memory.h>

#define NR_FRAMES 8192
#define DOM0	  0 /* identity: owns frames FIRST .. FIRST + NR_OWN - 1 */
#define FIRST	  4096
#define NR_OWN	  64

static uint32_t frame_words[NR_FRAMES];

bool domain_charge_pages(struct domain *d, uint32_t nr)
{
	if (nr > d->max_pages - d->tot_pages)
		return false;
	d->tot_pages += nr;
	return true;
}

void domain_uncharge_pages(struct domain *d, uint32_t nr)
{
	assert_true(d->tot_pages >= nr);
	d->tot_pages -= nr;
}

static void freed(domid_t owner, enum page_type type)
{
	if (type == PAGE_RAM)
		domain_uncharge_pages(&doms[owner - 1], 1);
}

void guest_set_memory_map(struct domain *d, struct e820_entry *e, uint32_t nr)
{
	kfree(e, nr * sizeof(*e));
}

static unsigned int nr_latched;

void guest_latch_layout(struct vcpu *v)
{
	nr_latched++;
}

int64_t hypercall_dispatch(struct vcpu *v, uint64_t nr, struct call *call)
{
	return nr == __HYPERVISOR_memory_op ? hypercall_memory_op(v, call) : 0x1234;
}

static void check_all(void)
{
	for (unsigned int d = 1; d < NR_DOMS; d++)
		assert_int_equal(p2m_count_type(&doms[d].p2m, P2M_RAM), doms[d].tot_pages);
	assert_int_equal(fake_locks_held, 0);
}

static int setup(void **state)
{
	guest_setup();
	fake_frames_init(NR_FRAMES);
	frame_init(frame_words, NR_FRAMES);
	frame_give_heap(MFN(0), FIRST);
	frame_give_owner(MFN(FIRST), NR_OWN, 1, PAGE_RAM);
	frame_give_heap(MFN(FIRST + NR_OWN), NR_FRAMES - FIRST - NR_OWN);
	frame_freed_hook = freed;
	fake_cpus_init(2);
	for (unsigned int d = 0; d < NR_DOMS; d++) {
		doms[d].max_pages = 3000;
		if (p2m_init(&doms[d].p2m, &p2m_format_npt, doms[d].id, true) ||
		    gnttab_create(&doms[d]))
			return 1;
		infos[d].shared_mfn = frame_alloc_domain(doms[d].id, 0, PAGE_SHARED);
		infos[d].shared_gfn = ~0ULL;
	}
	doms[DOM0].is_identity = doms[DOM0].is_hwdom = doms[DOM0].is_privileged = true;
	doms[DOM0].tot_pages = NR_OWN;
	return p2m_map_range(&doms[DOM0].p2m, GFN(FIRST), MFN(FIRST), NR_OWN, P2M_RAM);
}

static void put_entry(struct p2m *p, struct p2m_entry e)
{
	physmap_put(container_of(p, struct domain, p2m), e);
}

static int teardown(void **state)
{
	for (unsigned int d = 0; d < NR_DOMS; d++) {
		doms[d].state = DOM_DYING;
		while (p2m_destroy(&doms[d].p2m, 100, put_entry) == -ERESTART)
			;
		gnttab_free(&doms[d]);
		page_put(infos[d].shared_mfn);
	}
	for (unsigned int d = 0; d < NR_DOMS; d++)
		p2m_free(&doms[d].p2m);
	for (uint64_t i = 0; i < NR_OWN; i++) /* those that were parked */
		if (page_owner(MFN(FIRST + i)) == 1 && page_type(MFN(FIRST + i)) == PAGE_RAM)
			page_put(MFN(FIRST + i));
	frame_freed_hook = NULL;
	if (frame_nr_free() != NR_FRAMES)
		return 1;
	fake_frames_init(0);
	return 0;
}

/* One call, restarted until it is done. */
static int64_t memory_op(unsigned int d, unsigned int cmd, void *arg, unsigned int *restarts)
{
	struct call call = { .arg = { cmd, (uintptr_t)arg } };
	int64_t rc;

	for (;;) {
		rc = hypercall_memory_op(&vcpus[d][0], &call);
		check_all();
		if (rc != -ERESTART)
			return rc;
		if (restarts)
			(*restarts)++;
	}
}

static int64_t reserve(unsigned int d, unsigned int cmd, domid_t whose, uint64_t *gfns, uint64_t nr,
		       unsigned int order, unsigned int *restarts)
{
	struct xen_memory_reservation r = { .nr_extents = nr,
					    .extent_order = order,
					    .domid = whose };

	set_xen_guest_handle(r.extent_start, gfns);
	return memory_op(d, cmd, &r, restarts);
}

static enum p2m_type type_at(unsigned int d, uint64_t gfn)
{
	return p2m_lookup(&doms[d].p2m, GFN(gfn)).type;
}

static void populates_and_gives_back(void **state)
{
	uint64_t gfns[1300], large[3] = { 0x1000, 0x1200, 0x1400 };
	unsigned int restarts = 0;

	for (unsigned int i = 0; i < 1300; i++)
		gfns[i] = 3 * i;
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, gfns, 1300, 0, &restarts),
			 1300);
	assert_int_equal(restarts, 2);
	assert_int_equal(doms[1].tot_pages, 1300);
	assert_int_equal(doms[1].p2m.max_gfn, 3 * 1299);
	/*
	 * A hole is in the way of taking, a page in the way of giving: the count says how far it
	 * went.
	 */
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, gfns + 7, 5, 0, NULL), 0);
	gfns[3] = 1;
	assert_int_equal(reserve(1, XENMEM_decrease_reservation, DOMID_SELF, gfns, 1300, 0, NULL),
			 3);
	restarts = 0;
	assert_int_equal(reserve(0, XENMEM_populate_physmap, 2, large, 3, 9, &restarts), 3);
	assert_int_equal(restarts, 2);
	assert_int_equal(reserve(0, XENMEM_decrease_reservation, 2, large + 1, 1, 9, NULL), 1);
	assert_int_equal(type_at(1, 0x1200), P2M_NONE);
	assert_int_equal(type_at(1, 0x1400), P2M_RAM);
	assert_int_equal(doms[1].tot_pages, 1297 + 1024);
}

static void limits_hold(void **state)
{
	uint64_t gfn = 0x1000, beyond = 1ULL << 40;

	doms[1].max_pages = 511;
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &gfn, 1, 9, NULL), 0);
	assert_int_equal(doms[1].tot_pages, 0);
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &gfn, 1, 18, NULL), 0);
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &gfn, 1, 77, NULL), 0);
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &beyond, 1, 0, NULL), 0);
	assert_int_equal(reserve(1, XENMEM_populate_physmap, 3, &gfn, 1, 0, NULL), -EPERM);
	assert_int_equal(reserve(1, XENMEM_populate_physmap, 77, &gfn, 1, 0, NULL), -ESRCH);
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &gfn, ~0ULL, 0, NULL),
			 -EINVAL);
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, (void *)8, 4, 0, NULL), 0);
	gfn = 0x1001;
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &gfn, 1, 9, NULL), 0);
	doms[1].state = DOM_DYING;
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &gfn, 1, 0, NULL), 0);
}

static int64_t place(unsigned int d, unsigned int space, uint64_t idx, uint64_t gfn)
{
	struct xen_add_to_physmap op = {
		.domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gfn
	};

	return memory_op(d, XENMEM_add_to_physmap, &op, NULL);
}

static void shared_frames_move(void **state)
{
	uint64_t gfn = 5;

	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &gfn, 1, 0, NULL), 1);
	assert_int_equal(place(1, XENMAPSPACE_shared_info, 0, 5),
			 0); /* the RAM that was there is freed */
	assert_int_equal(doms[1].tot_pages, 0);
	assert_int_equal(type_at(1, 5), P2M_SHARED);
	assert_int_equal(place(1, XENMAPSPACE_shared_info, 0, 9), 0);
	assert_int_equal(type_at(1, 5), P2M_NONE);
	assert_int_equal(place(1, XENMAPSPACE_shared_info, 0, 9), 0);
	assert_int_equal(page_count(infos[1].shared_mfn), 2);
	assert_int_equal(place(1, XENMAPSPACE_shared_info, 1, 9), -EINVAL);
	assert_int_equal(place(1, XENMAPSPACE_grant_table, 2, 20), 0);
	assert_int_equal(doms[1].gnttab->nr_frames, 3);
	assert_int_equal(place(1, XENMAPSPACE_grant_table, 3, 21), -EINVAL);
	assert_int_equal(place(1, XENMAPSPACE_grant_table, 0, 9), 0); /* over shared_info */
	assert_int_equal(page_count(infos[1].shared_mfn), 1);
	assert_int_equal(place(1, XENMAPSPACE_gmfn_foreign, 0, 9), -ENOSYS);
	assert_int_equal(place(1, XENMAPSPACE_gmfn, 9, 10), -EINVAL); /* not RAM */
	assert_int_equal(place(1, XENMAPSPACE_shared_info, 0, 1ULL << 40), -EINVAL);
}

static void pages_move(void **state)
{
	uint64_t gfns[2] = { 5, 6 };
	mfn_t mfn;

	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, gfns, 2, 0, NULL), 2);
	mfn = p2m_lookup(&doms[1].p2m, GFN(5)).mfn;
	assert_int_equal(place(1, XENMAPSPACE_gmfn, 5, 6), 0);
	assert_int_equal(type_at(1, 5), P2M_NONE);
	assert_int_equal(p2m_lookup(&doms[1].p2m, GFN(6)).mfn.n, mfn.n);
	assert_int_equal(doms[1].tot_pages, 1);
	assert_int_equal(place(0, XENMAPSPACE_gmfn, FIRST, 7), -EINVAL); /* identity */
}

static int map_foreign(unsigned int d, domid_t whose, uint64_t idx, uint64_t gfn)
{
	struct xen_add_to_physmap_batch op = {
		.domid = DOMID_SELF,
		.space = XENMAPSPACE_gmfn_foreign,
		.size = 1,
		.u.foreign_domid = whose,
	};
	int err = 77;
	int64_t rc;

	set_xen_guest_handle(op.idxs, &idx);
	set_xen_guest_handle(op.gpfns, &gfn);
	set_xen_guest_handle(op.errs, &err);
	rc = memory_op(d, XENMEM_add_to_physmap_batch, &op, NULL);
	return rc ? (int)rc : err;
}

static void foreign_pages_outlive_their_owner(void **state)
{
	struct xen_remove_from_physmap remove = { .domid = DOMID_SELF, .gpfn = 0x2000 };
	uint64_t gfn = 5;
	mfn_t mfn;

	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &gfn, 1, 0, NULL), 1);
	mfn = p2m_lookup(&doms[1].p2m, GFN(5)).mfn;
	assert_int_equal(map_foreign(0, 2, 5, 0x2000), 0);
	assert_int_equal(map_foreign(0, 2, 6, 0x2001), -EINVAL);
	assert_int_equal(map_foreign(0, 2, ~0ULL, 0x2001), -EINVAL);
	assert_int_equal(map_foreign(0, 1, FIRST, 0x2001), -EINVAL); /* oneself is not foreign */
	assert_int_equal(map_foreign(0, 77, 5, 0x2001), -ESRCH);
	assert_int_equal(map_foreign(2, 2, 5, 0x2001), -EPERM);
	assert_int_equal(map_foreign(1, 1, FIRST, 0x2001), -EPERM);
	assert_int_equal(map_foreign(0, 2, 5, 0x2000), 0); /* again at the same place */
	assert_int_equal(page_count(mfn), 2);
	assert_int_equal(physmap_remove(&doms[1], GFN(5)), 0);
	assert_int_equal(page_count(mfn), 1);
	assert_int_equal(page_owner(mfn), 2);
	assert_int_equal(doms[1].tot_pages, 1); /* it is still its page */
	assert_int_equal(hypercall_memory_op(&vcpus[0][0],
		&(struct call){ .arg = { XENMEM_remove_from_physmap, (uintptr_t)&remove } }), 0);
	assert_int_equal(doms[1].tot_pages, 0);
	assert_int_equal(hypercall_memory_op(&vcpus[0][0],
		&(struct call){ .arg = { XENMEM_remove_from_physmap, (uintptr_t)&remove } }), -EINVAL);
}

static void identity_pages_come_home(void **state)
{
	uint64_t gfns[2] = { FIRST + 3, FIRST + 4 }, wrong = 3, other = infos[0].shared_mfn.n;

	assert_int_equal(reserve(0, XENMEM_decrease_reservation, DOMID_SELF, gfns, 2, 0, NULL), 2);
	assert_int_equal(type_at(0, FIRST + 3), P2M_NONE);
	assert_int_equal(page_owner(MFN(FIRST + 3)), 1); /* parked, still Dom0's */
	assert_int_equal(reserve(0, XENMEM_populate_physmap, DOMID_SELF, gfns, 2, 0, NULL), 2);
	assert_int_equal(p2m_lookup(&doms[0].p2m, GFN(FIRST + 3)).mfn.n, FIRST + 3);
	assert_int_equal(page_count(MFN(FIRST + 3)), 1);
	assert_int_equal(reserve(0, XENMEM_populate_physmap, DOMID_SELF, gfns, 1, 0, NULL),
			 0); /* is at home */
	assert_int_equal(reserve(0, XENMEM_populate_physmap, DOMID_SELF, &wrong, 1, 0, NULL), 0);
	assert_int_equal(reserve(0, XENMEM_populate_physmap, DOMID_SELF, &other, 1, 0, NULL), 0);
	assert_int_equal(place(0, XENMAPSPACE_shared_info, 0, FIRST + 1), 0);
	assert_int_equal(page_owner(MFN(FIRST + 1)), 1);
	assert_int_equal(place(0, XENMAPSPACE_shared_info, 0, 0x9000), 0);
	gfns[0] = FIRST + 1;
	assert_int_equal(reserve(0, XENMEM_populate_physmap, DOMID_SELF, gfns, 1, 0, NULL), 1);
}

static void grant_frames_of_others(void **state)
{
	uint64_t gfns[2] = { 0x3000, 0x3001 };
	struct xen_mem_acquire_resource op = { .domid = 2, .type = XENMEM_resource_grant_table };

	assert_int_equal(memory_op(0, XENMEM_acquire_resource, &op, NULL), 0);
	assert_int_equal(op.nr_frames, 3);
	op.nr_frames = 2;
	set_xen_guest_handle(op.frame_list, gfns);
	assert_int_equal(memory_op(1, XENMEM_acquire_resource, &op, NULL), -EINVAL);
	assert_int_equal(memory_op(2, XENMEM_acquire_resource, &op, NULL), -EPERM);
	assert_int_equal(memory_op(0, XENMEM_acquire_resource, &op, NULL), 0);
	assert_int_equal(type_at(0, 0x3001), P2M_FOREIGN);
	op.frame = 2;
	assert_int_equal(memory_op(0, XENMEM_acquire_resource, &op, NULL), -EINVAL);
	op.frame = ~0ULL;
	assert_int_equal(memory_op(0, XENMEM_acquire_resource, &op, NULL), -EINVAL);
	op.type = 0;
	assert_int_equal(memory_op(0, XENMEM_acquire_resource, &op, NULL), -EOPNOTSUPP);
}

#define NR_MODEL 1024

static void random_sequences(void **state)
{
	static bool ram[NR_MODEL];
	uint64_t gfn;

	unit_seed();
	memset(ram, 0, sizeof(ram));
	for (unsigned int i = 0; i < 4000; i++) {
		unsigned int order = unit_below(20) ? 0 : 9;
		bool any = false, all = true;

		gfn = unit_below(NR_MODEL) & ~((1ULL << order) - 1);
		for (uint64_t g = gfn; g < gfn + (1ULL << order); g++) {
			any |= ram[g];
			all &= ram[g];
		}
		if (unit_below(2)) {
			assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &gfn, 1,
						 order, NULL),
					 !any);
			for (uint64_t g = gfn; !any && g < gfn + (1ULL << order); g++)
				ram[g] = true;
		} else {
			assert_int_equal(reserve(1, XENMEM_decrease_reservation, DOMID_SELF, &gfn,
						 1, order, NULL),
					 all);
			/* One that stops in the middle has given back what came before. */
			for (uint64_t g = gfn; g < gfn + (1ULL << order) && ram[g]; g++)
				ram[g] = false;
		}
		for (unsigned int g = 0; g < NR_MODEL; g++)
			assert_int_equal(type_at(1, g), ram[g] ? P2M_RAM : P2M_NONE);
	}
}

static int64_t call32(struct vcpu *v, uint32_t nr, uint32_t cmd, const void *arg)
{
	v->hvm.gpr[RAX] = 0xdead00000000 | nr;
	v->hvm.gpr[RBX] = 0xdead00000000 | cmd;
	v->hvm.gpr[RCX] = 0xdead00000000 | (uintptr_t)arg;
	v->hvm.rip = 0x1000;
	hypercall_32(v);
	assert_int_equal(v->hvm.rip, 0x1003);
	assert_int_equal(v->hvm.gpr[RAX] >> 32, 0);
	check_all();
	return (int32_t)v->hvm.gpr[RAX];
}

/* The structs of 32-bit code, each with a word behind it that must stay. */
static void thirty_two_bit_callers(void **state)
{
	uint32_t *low = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct vcpu *v = &vcpus[1][0];
	uint64_t gfn = 5;

	assert_true(low != MAP_FAILED);
	assert_int_equal(reserve(1, XENMEM_populate_physmap, DOMID_SELF, &gfn, 1, 0, NULL), 1);
	nr_latched = 0;
	low[0] = DOMID_SELF;
	low[1] = XENMAPSPACE_shared_info;
	low[2] = 0;
	low[3] = 5;
	low[4] = 0xa5a5a5a5;
	assert_int_equal(call32(v, __HYPERVISOR_memory_op, XENMEM_add_to_physmap, low), 0);
	assert_int_equal(type_at(1, 5), P2M_SHARED);
	assert_int_equal(nr_latched, 1);
	assert_int_equal(low[4], 0xa5a5a5a5);

	infos[1].nr_e820 = 1;
	infos[1].e820 = &(struct e820_entry){ 1, 2, 3 };
	low[0] = 20;
	low[1] = (uint32_t)(uintptr_t)(low + 16);
	low[2] = 0xa5a5a5a5;
	assert_int_equal(call32(v, __HYPERVISOR_memory_op, XENMEM_memory_map, low), 0);
	assert_int_equal(low[0], 1);
	assert_int_equal(low[1], (uintptr_t)(low + 16));
	assert_int_equal(low[2], 0xa5a5a5a5);
	assert_memory_equal(low + 16, infos[1].e820, sizeof(struct e820_entry));
	low[1] = 8;
	assert_int_equal(call32(v, __HYPERVISOR_memory_op, XENMEM_memory_map, low), -EFAULT);
	infos[1].nr_e820 = 0;

	low[0] = DOMID_SELF;
	low[1] = 1;
	low[2] = (uint32_t)(uintptr_t)(low + 16);
	assert_int_equal(call32(v, __HYPERVISOR_memory_op, XENMEM_set_memory_map, low), 0);
	assert_int_equal(call32(v, __HYPERVISOR_memory_op, XENMEM_set_memory_map, NULL), -EFAULT);
	assert_int_equal(call32(v, __HYPERVISOR_memory_op, XENMEM_populate_physmap, low), -ENOSYS);
	assert_int_equal(call32(v, __HYPERVISOR_memory_op, 0, low), -ENOSYS);
	assert_int_equal(call32(v, __HYPERVISOR_sched_op, 0, NULL), 0x1234);
	assert_int_equal(call32(v, __HYPERVISOR_sched_op, 32, NULL), -ENOSYS);
	assert_int_equal(call32(v, __HYPERVISOR_domctl, 0, NULL), -ENOSYS);
	v->mode.cpl = 3;
	assert_int_equal(call32(v, __HYPERVISOR_sched_op, 0, NULL), -EPERM);
	munmap(low, PAGE_SIZE);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(populates_and_gives_back),
		T(limits_hold),
		T(shared_frames_move),
		T(pages_move),
		T(foreign_pages_outlive_their_owner),
		T(identity_pages_come_home),
		T(grant_frames_of_others),
		T(thirty_two_bit_callers),
		T(random_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
