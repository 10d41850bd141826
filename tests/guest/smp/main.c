/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * smp: the life of a second vCPU. INIT-SIPI-SIPI starts it in real mode at the given page; a
 * further SIPI while it runs is ignored; HLT with interrupts off takes it down, and INIT-SIPI
 * brings it up again, as Linux's CPU hotplug does. Fixed IPIs and NMIs reach it through the ICR.
 */
#include "lib/apic.h"
#include "lib/events.h"
#include "lib/smp.h"
#include "lib/test.h"
#include "lib/traps.h"

extern const char trampoline_hlt[], trampoline_hlt_end[];

static volatile unsigned int ipis[NR_CPUS], nmis[NR_CPUS];

static void on_ipi(void)
{
	ipis[this_cpu()]++;
	apic_eoi();
}

static void on_nmi(void)
{
	nmis[this_cpu()]++;
}

static bool wait_for(volatile uint32_t *what, uint32_t value)
{
	uint64_t end = now_ns() + NSEC_PER_SEC;

	while (*what != value && now_ns() < end)
		sched_op(SCHEDOP_yield, NULL);
	return *what == value;
}

/* Up and straight down again, several times; each start must run the trampoline exactly once. */
static void check_restart(void)
{
	volatile uint32_t *starts = (void *)(TRAMPOLINE_GPA + TRAMPOLINE_COUNT);

	*starts = 0;
	trampoline_set(trampoline_hlt, trampoline_hlt_end - trampoline_hlt);
	for (unsigned int i = 1; i <= 5; i++) {
		smp_send_init(1);
		smp_send_sipi(1);
		if (!CHECK(wait_for(starts, i)))
			return;
		smp_send_sipi(1); /* not in wait-for-SIPI: ignored */
		spin_ns(NSEC_PER_MSEC);
		CHECK_EQ(*starts, i);
	}
}

static void check_ipis(void)
{
	irq_set_handler(VECTOR_IPI, on_ipi);
	irq_set_handler(X86_NMI, on_nmi);
	apic_send(apic_id_of_vcpu(1), ICR_FIXED | ICR_ASSERT | VECTOR_IPI);
	CHECK(wait_for(&ipis[1], 1));
	apic_send(0, ICR_OTHERS | ICR_FIXED | ICR_ASSERT | VECTOR_IPI);
	CHECK(wait_for(&ipis[1], 2));
	irq_enable();
	apic_send(0, ICR_ALL | ICR_FIXED | ICR_ASSERT | VECTOR_IPI);
	CHECK(wait_for(&ipis[1], 3) && wait_for(&ipis[0], 1));
	apic_send(0, ICR_SELF | ICR_FIXED | ICR_ASSERT | VECTOR_IPI);
	CHECK(wait_for(&ipis[0], 2));
	irq_disable();
	apic_send(apic_id_of_vcpu(1), ICR_NMI | ICR_ASSERT);
	CHECK(wait_for(&nmis[1], 1));
	CHECK_EQ(nmis[0], 0);
	/* To an APIC ID that nobody has: nothing happens. */
	apic_send(apic_id_of_vcpu(3) + 1, ICR_FIXED | ICR_ASSERT | VECTOR_IPI);
	spin_ns(NSEC_PER_MSEC);
	CHECK_EQ(ipis[0], 2);
	CHECK_EQ(ipis[1], 3);
	irq_set_handler(X86_NMI, NULL);
}

static volatile unsigned long shared_counter;

static void count(void *arg)
{
	for (unsigned int i = 0; i < 20000; i++)
		__atomic_add_fetch(&shared_counter, 1, __ATOMIC_SEQ_CST);
}

TEST(smp, IN_DOM0 | IN_DOMU, 2)
{
	struct vcpu_runstate_info *unused = page_alloc();

	CHECK_EQ(vcpu_op(VCPUOP_is_up, 0, unused), 1);
	CHECK_EQ(vcpu_op(VCPUOP_is_up, 1, unused), 0);
	check_restart();
	REQUIRE(smp_start(1));
	CHECK_EQ(vcpu_op(VCPUOP_is_up, 1, unused), 1);
	check_ipis();
	shared_counter = 0;
	smp_call(1, count, NULL);
	count(NULL);
	CHECK(smp_wait(1, 2 * NSEC_PER_SEC));
	CHECK_EQ(shared_counter, 40000);
	smp_stop(1);
	REQUIRE(smp_start(1));
	smp_stop(1);
}
