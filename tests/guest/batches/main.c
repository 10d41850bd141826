/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batches: long lists in one hypercall. The hypervisor may stop at a bound and go on by repeating
 * the instruction, but each entry is done exactly once, the results are right, and an event that
 * is pending meanwhile is delivered. Grant copies, balloon extents, multicalls, status of each.
 */
#include "lib/events.h"
#include "lib/grants.h"
#include "lib/test.h"

#define NR 1500
#define REF 20

static struct gnttab_copy copies[NR];
static xen_pfn_t gfns[NR];
static multicall_entry_t calls[NR];

/* Each copy adds nothing but order: entry i writes i at its place; one in ten is bad. */
static void check_copies(void)
{
	uint32_t *source = pages_alloc(1), *dest = pages_alloc(2);
	unsigned int wrong = 0;

	grant_offer(REF, 0, source, 0);
	for (unsigned int i = 0; i < 1024; i++)
		source[i] = i + 1;
	for (unsigned int i = 0; i < NR; i++) {
		copies[i] =
			(struct gnttab_copy){.len = 4, .flags = GNTCOPY_source_gref, .status = 99};
		copies[i].source.u.ref = i % 10 == 9 ? REF + 1 : REF;
		copies[i].source.offset = i % 1024 * 4;
		copies[i].dest.u.gmfn = gfn_of(dest) + i / 1024;
		copies[i].dest.domid = DOMID_SELF;
		copies[i].dest.offset = i % 1024 * 4;
	}
	CHECK_EQ(grant_table_op(GNTTABOP_copy, copies, NR), 0);
	for (unsigned int i = 0; i < NR; i++) {
		bool bad = i % 10 == 9;

		wrong += (copies[i].status != 0) != bad || copies[i].status == 99;
		wrong += dest[i] != (bad ? 0 : i % 1024 + 1);
	}
	CHECK_EQ(wrong, 0);
	CHECK(grant_revoke(REF));
}

static long reservation(unsigned int cmd, unsigned int nr)
{
	struct xen_memory_reservation op = { .nr_extents = nr, .domid = DOMID_SELF };

	set_xen_guest_handle(op.extent_start, gfns);
	return memory_op(cmd, &op);
}

static void check_extents(void)
{
	long done;

	for (unsigned int i = 0; i < NR; i++)
		gfns[i] = 0x40000 + 3 * i;
	CHECK_EQ(reservation(XENMEM_populate_physmap, NR), NR);
	done = reservation(XENMEM_populate_physmap, NR);
	CHECK_EQ(done, is_helium() ? 0 : NR); /* there already: refused; Xen replaces them */
	CHECK_EQ(reservation(XENMEM_decrease_reservation, NR), NR);
	CHECK_EQ(reservation(XENMEM_decrease_reservation, NR), 0);
	gfns[1000] = ~0UL;
	CHECK_EQ(reservation(XENMEM_populate_physmap, NR), 1000);
	CHECK_EQ(reservation(XENMEM_decrease_reservation, NR), 1000);
}

static void check_multicall(void)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < NR; i++)
		calls[i] = (multicall_entry_t){ .op = i & 1 ? 63 : __HYPERVISOR_xen_version,
						.result = 0x55, .args = { XENVER_pagesize } };
	CHECK_EQ(HC(__HYPERVISOR_multicall, calls, NR), 0);
	for (unsigned int i = 0; i < NR; i++)
		wrong += calls[i].result != (i & 1 ? -XEN_ENOSYS : PAGE_SIZE);
	CHECK_EQ(wrong, 0);
}

/* A multicall of memory operations that each may be continued: how libxenctrl populates guests. */
static void check_nested_continuation(void)
{
	struct xen_memory_reservation *ops = page_alloc();

	for (unsigned int i = 0; i < NR; i++)
		gfns[i] = 0x40000 + i;
	for (unsigned int i = 0; i < 4; i++) {
		ops[i] = (struct xen_memory_reservation){ .nr_extents = 350, .domid = DOMID_SELF };
		set_xen_guest_handle(ops[i].extent_start, gfns + 350 * i);
		calls[i] =
			(multicall_entry_t){.op = __HYPERVISOR_memory_op,
					    .args = {XENMEM_populate_physmap, (uintptr_t)&ops[i]}};
	}
	CHECK_EQ(HC(__HYPERVISOR_multicall, calls, 4), 0);
	for (unsigned int i = 0; i < 4; i++) {
		CHECK_EQ(calls[i].result, 350);
		CHECK_EQ(calls[i].op, __HYPERVISOR_memory_op);
		calls[i].args[0] = XENMEM_decrease_reservation;
	}
	CHECK_EQ(HC(__HYPERVISOR_multicall, calls, 4), 0);
	for (unsigned int i = 0; i < 4; i++)
		CHECK_EQ(calls[i].result, 350);
}

TEST(batches, IN_DOMU, 1)
{
	REQUIRE_EQ(grants_init(), 0);
	check_extents();
	check_multicall();
	check_nested_continuation();
}

TEST(batches_copy, IN_DOM0, 1)
{
	REQUIRE_EQ(grants_init(), 0);
	check_copies();
}
