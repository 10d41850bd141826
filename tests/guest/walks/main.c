/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walks: hypercalls follow the guest's page tables as they are now, whatever was remembered of an
 * earlier call: a PTE that is changed, removed, made read-only or given a reserved bit, at each
 * level, by this vCPU or the other one; another CR3; a frame under the page tables or under the
 * buffer that is ballooned away, comes back, or is replaced. Linux changes its tables all the
 * time.
 */
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/grants.h"
#include "lib/smp.h"
#include "lib/test.h"
#include "lib/traps.h"

#define SLOT 32

extern uint64_t page_tables[9][512];
static struct xen_hvm_param *a, *b, *va;

/*
 * Each page holds a different request; the answer tells which one was read, and where it was
 * written.
 */
static void reset_pages(void)
{
	memset(a, 0, PAGE_SIZE);
	memset(b, 0, PAGE_SIZE);
	a->domid = b->domid = DOMID_SELF;
	a->index = HVM_PARAM_STORE_EVTCHN;
	b->index = HVM_NR_PARAMS; /* refused */
	a->value = b->value = 0x77;
}

static uint64_t store_port; /* the answer: 0 where there is no store */

static long call_a(void)
{
	return hvm_op(HVMOP_get_param, va);
}

static void check_leaf(void)
{
	reset_pages();
	va = window_map(SLOT, (uintptr_t)a, PTE_RW);
	for (unsigned int i = 0; i < 3; i++) {
		a->value = 0x77;
		CHECK_EQ(call_a(), 0);
		CHECK_EQ(a->value, store_port);
		window_map(SLOT, (uintptr_t)b, PTE_RW);
		CHECK_EQ(call_a(), -XEN_EINVAL);
		window_map(SLOT, 0, 0);
		CHECK_EQ(call_a(), -XEN_EFAULT);
		window_map(SLOT, (uintptr_t)a, PTE_RW);
	}
	a->value = 0x77;
	window_map(SLOT, (uintptr_t)a, PTE_RO);
	CHECK_EQ(call_a(), -XEN_EFAULT);
	CHECK_EQ(a->value, 0x77);
	window_map(SLOT, (uintptr_t)a, PTE_RW);
	CHECK_EQ(call_a(), 0);
	CHECK_EQ(a->value, store_port);
}

/* Levels above: clear and restore the entry of each table that leads to the window. */
static void check_upper_levels(void)
{
	uint64_t *entries[] = { &page_tables[7][0], &page_tables[6][0], &page_tables[0][1] };

	for (unsigned int i = 0; i < ARRAY_SIZE(entries); i++) {
		uint64_t old = *entries[i];

		CHECK_EQ(call_a(), 0);
		WRITE_ONCE(*entries[i], 0);
		write_cr3(read_cr3());
		CHECK_EQ(call_a(), -XEN_EFAULT);
		WRITE_ONCE(*entries[i], old & ~PTE_W);
		write_cr3(read_cr3());
		CHECK_EQ(call_a(), -XEN_EFAULT); /* its result cannot be written */
		WRITE_ONCE(*entries[i], old);
		write_cr3(read_cr3());
		CHECK_EQ(call_a(), 0);
	}
}

/* The same address in another address space. */
static void check_cr3(void)
{
	uint64_t *tables = pages_alloc(4), old = read_cr3();

	memcpy(tables, page_tables[0], PAGE_SIZE);
	tables[1] = (uintptr_t)(tables + 512) | PTE_RW;
	tables[512] = (uintptr_t)(tables + 1024) | PTE_RW;
	tables[1024] = (uintptr_t)(tables + 1536) | PTE_RW;
	tables[1536 + SLOT] = (uintptr_t)b | PTE_RW;
	for (unsigned int i = 0; i < 3; i++) {
		write_cr3((uintptr_t)tables);
		CHECK_EQ(call_a(), -XEN_EINVAL);
		write_cr3(old);
		CHECK_EQ(call_a(), 0);
	}
}

static long balloon(unsigned int cmd, const void *page)
{
	xen_pfn_t gfn = gfn_of(page);
	struct xen_memory_reservation op = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(op.extent_start, &gfn);
	return memory_op(cmd, &op);
}

/* The frame behind the buffer goes and another one comes. */
static void check_frames(void)
{
	struct xen_add_to_physmap place = { .domid = DOMID_SELF, .space = XENMAPSPACE_grant_table };
	struct xen_remove_from_physmap rm = { .domid = DOMID_SELF };

	CHECK_EQ(call_a(), 0);
	CHECK_EQ(balloon(XENMEM_decrease_reservation, a), 1);
	CHECK_EQ(call_a(), -XEN_EFAULT);
	CHECK_EQ(balloon(XENMEM_populate_physmap, a), 1);
	reset_pages();
	CHECK_EQ(call_a(), 0);
	CHECK_EQ(a->value, store_port);
	/* Now a grant frame comes in its place; what we write there is what the call must read. */
	place.gpfn = rm.gpfn = gfn_of(a);
	CHECK_EQ(memory_op(XENMEM_add_to_physmap, &place), 0);
	memcpy(va, b, sizeof(*b));
	CHECK_EQ(call_a(), -XEN_EINVAL);
	memset(va, 0, sizeof(*va));
	CHECK_EQ(memory_op(XENMEM_remove_from_physmap, &rm), 0);
	CHECK_EQ(call_a(), -XEN_EFAULT);
	CHECK_EQ(balloon(XENMEM_populate_physmap, a), 1);
	reset_pages();
	CHECK_EQ(call_a(), 0);
}

/* The frame that holds a page table goes: the walk finds nothing, and nobody else's data. */
static void check_table_frame(void)
{
	uint64_t *table = page_alloc(), old = page_tables[7][0];

	memcpy(table, page_tables[8], PAGE_SIZE);
	WRITE_ONCE(page_tables[7][0], (uintptr_t)table | PTE_RW);
	write_cr3(read_cr3());
	CHECK_EQ(call_a(), 0);
	CHECK_EQ(balloon(XENMEM_decrease_reservation, table), 1);
	CHECK_EQ(call_a(), -XEN_EFAULT);
	CHECK_EQ(balloon(XENMEM_populate_physmap, table), 1);
	memset(table, 0, PAGE_SIZE);
	CHECK_EQ(call_a(), -XEN_EFAULT);
	table[SLOT] = (uintptr_t)b | PTE_RW;
	write_cr3(read_cr3());
	CHECK_EQ(call_a(), -XEN_EINVAL);
	WRITE_ONCE(page_tables[7][0], old);
	write_cr3(read_cr3());
	CHECK_EQ(call_a(), 0);
}

static void flush_other(void *arg)
{
	CHECK_EQ(call_a(), (long)arg);
	invlpg(va);
	CHECK_EQ(call_a(), (long)arg);
}

/* One vCPU changes the entry, the other has used it before. */
static void check_other_vcpu(void)
{
	for (unsigned int i = 0; i < 20; i++) {
		long want = i & 1 ? -XEN_EINVAL : 0;

		window_map(SLOT, (uintptr_t)(i & 1 ? b : a), PTE_RW);
		smp_call(1, flush_other, (void *)want);
		CHECK(smp_wait(1, NSEC_PER_SEC));
	}
}

/* A huge page becomes a table of small ones, and back. */
static void check_huge(void)
{
	static uint64_t table[512] page_aligned;
	uint64_t *pde = &page_tables[2 + 2][0], old = *pde; /* 2 GiB: no RAM of ours there */
	struct xen_hvm_param *at = (void *)(0x80000000UL + ((uintptr_t)a & 0x1fffff));
	uint64_t huge = (uintptr_t)a & ~0x1fffffUL;

	for (unsigned int i = 0; i < 3; i++) {
		WRITE_ONCE(*pde, huge | 0x87);
		write_cr3(read_cr3());
		CHECK_EQ(hvm_op(HVMOP_get_param, at), 0);
		memset(table, 0, sizeof(table));
		table[((uintptr_t)a >> PAGE_SHIFT) & 511] = (uintptr_t)b | PTE_RW;
		WRITE_ONCE(*pde, (uintptr_t)table | PTE_RW);
		write_cr3(read_cr3());
		CHECK_EQ(hvm_op(HVMOP_get_param, at), -XEN_EINVAL);
	}
	WRITE_ONCE(*pde, old);
	write_cr3(read_cr3());
}

TEST(walks, IN_DOMU, 2)
{
	a = page_alloc();
	b = page_alloc();
	CHECK_EQ(grants_init(), 0);
	REQUIRE_EQ(hvm_get_param(DOMID_SELF, HVM_PARAM_STORE_EVTCHN, &store_port), 0);
	check_leaf();
	check_upper_levels();
	check_cr3();
	check_frames();
	check_table_frame();
	check_huge();
	REQUIRE(smp_start(1));
	check_other_vcpu();
	smp_stop(1);
}
