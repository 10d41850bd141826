/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exits: what each common exit and hypercall costs, in executed instructions, guest's loop
 * included. Only meaningful under QEMU's -icount shift=0, where one instruction is one TSC tick
 * and a world switch is free: this measures path length. Runs as Dom0 and as DomU, local APIC in
 * xAPIC mode, events by the callback vector (no EOI to pay for); event_upcall is the per-vCPU
 * vector with its EOI in x2APIC mode, as Linux does it. Prints "BENCH name@place instructions".
 */
#include "lib/apic.h"
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/fifo.h"
#include "lib/grants.h"
#include "lib/test.h"
#include "lib/traps.h"

#define VECTOR_CALLBACK 0xf2
#define ROUNDS		1000
#define REF		20

static long port;
static uint8_t *page, *copy;
static volatile unsigned int delivered;

static void on_callback(void)
{
	struct vcpu_info *info = &shared.vcpu_info[0];

	WRITE_ONCE(info->evtchn_upcall_pending, 0);
	WRITE_ONCE(info->evtchn_pending_sel, 0);
	event_take(port);
	delivered++;
}

static void op_nothing(void)
{
}

static void op_cpuid(void)
{
	uint32_t r[4];

	cpuid(0x40000000, 0, r);
}

static void op_port_in(void)
{
	inb(0x42);
}

static void op_null_hypercall(void)
{
	xen_version(XENVER_version, NULL);
}

static void op_event_masked(void)
{
	evtchn_send(port);
	event_take(port);
}

static void op_event_self(void)
{
	evtchn_send(port); /* taken by on_callback(), at once */
}

static void op_yield(void)
{
	sched_op(SCHEDOP_yield, NULL);
}

static void op_singleshot(void)
{
	struct vcpu_set_singleshot_timer op = { .timeout_abs_ns = 1UL << 60 };

	vcpu_op(VCPUOP_set_singleshot_timer, 0, &op);
}

static void op_lapic_read(void)
{
	READ_ONCE(*(uint32_t *)(APIC_GPA + APIC_ID));
}

static void op_grant_copy(void)
{
	grant_copy(0, REF, 0, copy, PAGE_SIZE, false);
}

/* The frame is our own, as is the place: what maps another's does the same, and one look-up more. */
static void op_grant_map(void)
{
	grant_handle_t handle;

	grant_map(0, REF, scratch(0, 0), GNTMAP_host_map, &handle);
	grant_unmap(handle, scratch(0, 0));
}

static void op_balloon(void)
{
	xen_pfn_t gfn = gfn_of(copy);
	struct xen_memory_reservation op = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(op.extent_start, &gfn);
	memory_op(XENMEM_decrease_reservation, &op);
	memory_op(XENMEM_populate_physmap, &op);
}

static const struct bench {
	const char *name;
	void (*op)(void);
	bool unmasked; /* deliver events */
	bool dom0_only;
} benches[] = {
	{ "loop_itself", op_nothing, false, false },
	{ "cpuid", op_cpuid, false, false },
	{ "port_in", op_port_in, false, false },
	{ "null_hypercall", op_null_hypercall, false, false },
	{ "event_masked", op_event_masked, false, false },
	{ "event_self", op_event_self, true, false },
	{ "yield", op_yield, false, false },
	{ "singleshot", op_singleshot, false, false },
	{ "lapic_read", op_lapic_read, false, false },
	{ "grant_copy", op_grant_copy, false, true },
	{ "grant_map", op_grant_map, false, true },
	{ "balloon", op_balloon, false, false },
};

static uint64_t timed_loop(const struct bench *b)
{
	uint64_t start;

	if (b->unmasked) {
		event_unmask(port);
		irq_enable();
	}
	b->op(); /* warm up */
	start = rdtsc();
	for (unsigned int i = 0; i < ROUNDS; i++)
		b->op();
	start = rdtsc() - start;
	irq_disable();
	event_mask(port);
	return start;
}

/* For tests/bench/profile: repeat the one that profile=NAME names for ever. */
static void repeat_wanted(const struct bench *b)
{
	if (!option_is("profile", b->name))
		return;
	test_printf("PROFILE %s\n", b->name);
	for (;;)
		timed_loop(b);
}

static void measure(const struct bench *b)
{
	repeat_wanted(b);
	test_printf("BENCH %s@%s %lu\n", b->name, is_dom0() ? "dom0" : "domu",
		    timed_loop(b) / ROUNDS);
}

static void prepare(void)
{
	page = page_alloc();
	copy = page_alloc();
	port = evtchn_bind_ipi(0);
	REQUIRE(port > 0);
	REQUIRE_EQ(grants_init(), 0);
	grant_offer(REF, 0, page, 0);
}

TEST(exits, IN_DOM0 | IN_DOMU | BENCH | XAPIC | NO_UPCALL, 1)
{
	prepare();
	irq_set_handler(VECTOR_CALLBACK, on_callback);
	REQUIRE_EQ(hvm_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 2UL << 56 | VECTOR_CALLBACK),
		   0);
	for (unsigned int i = 0; i < ARRAY_SIZE(benches); i++)
		if (is_dom0() || !benches[i].dom0_only)
			measure(&benches[i]);
	CHECK(delivered >= ROUNDS + 1);
}

static void op_fifo_masked(void)
{
	evtchn_send(port);
	WRITE_ONCE(fifo_words[port], FIFO_BIT(MASKED));
}

static void op_fifo_self(void)
{
	evtchn_send(port); /* taken by on_fifo_callback(), at once */
}

/* No more than what on_callback() does: the whole of FIFO's consumer is the guest's affair. */
static void on_fifo_callback(void)
{
	WRITE_ONCE(shared.vcpu_info[0].evtchn_upcall_pending, 0);
	fifo_ready_forget();
	WRITE_ONCE(fifo_words[port], 0);
	delivered++;
}

/* In a domain of its own, for it changes the ABI. */
TEST(fifo, IN_DOMU | BENCH | XAPIC | NO_UPCALL, 1)
{
	static const struct bench masked = { "fifo_masked", op_fifo_masked, false, false };
	static const struct bench self = { "fifo_self", op_fifo_self, true, false };

	REQUIRE_EQ(fifo_start(1), 0);
	prepare();
	irq_set_handler(VECTOR_CALLBACK, on_fifo_callback);
	REQUIRE_EQ(hvm_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 2UL << 56 | VECTOR_CALLBACK),
		   0);
	measure(&masked);
	fifo_unmask(port);
	measure(&self);
	CHECK(delivered >= ROUNDS + 1);
}

/* In a domain of its own: Xen does not let go of the callback vector once it is set. */
TEST(upcall, IN_DOMU | BENCH, 1)
{
	static const struct bench upcall = { "event_upcall", op_event_self, true, false };

	prepare();
	measure(&upcall);
	CHECK_EQ(event_count(port), ROUNDS + 1);
}
