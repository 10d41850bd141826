/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * callback: the older way of event delivery, HVM_PARAM_CALLBACK_IRQ with a vector: while
 * evtchn_upcall_pending is set and interrupts are on, the vector is injected past the local APIC,
 * no EOI. An event raised while interrupts are off comes when they go on; HLT is woken by it.
 */
#include "lib/events.h"
#include "lib/test.h"
#include "lib/traps.h"

#define VECTOR 0x62

static volatile unsigned int calls;
static long port;

static void on_callback(void)
{
	WRITE_ONCE(shared.vcpu_info[0].evtchn_upcall_pending, 0);
	WRITE_ONCE(shared.vcpu_info[0].evtchn_pending_sel, 0);
	event_take(port);
	calls++;
}

TEST(callback, IN_DOMU | NO_UPCALL, 1)
{
	struct vcpu_set_singleshot_timer timer = { 0 };

	irq_set_handler(VECTOR, on_callback);
	REQUIRE_EQ(hvm_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 2UL << 56 | VECTOR), 0);
	irq_enable();
	irq_disable();
	calls = 0;
	port = evtchn_bind_ipi(0);
	REQUIRE(port > 0);
	event_unmask(port);
	CHECK_EQ(evtchn_send(port), 0);
	CHECK_EQ(evtchn_send(port), 0);
	CHECK_EQ(calls, 0);
	irq_enable();
	__asm__ volatile("nop; nop" ::: "memory");
	irq_disable();
	CHECK_EQ(calls, 1);
	irq_enable();
	CHECK_EQ(evtchn_send(port), 0);
	irq_disable();
	CHECK_EQ(calls, 2);
	evtchn_close(port);

	port = evtchn_bind_virq(VIRQ_TIMER, 0);
	REQUIRE(port > 0);
	event_unmask(port);
	timer.timeout_abs_ns = now_ns() + NSEC_PER_MSEC;
	CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer), 0);
	while (calls == 2)
		irq_enable_and_halt();
	CHECK_EQ(calls, 3);
	evtchn_close(port);
}
