/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * twice: an interrupt is delivered once, at CPL 0 and at CPL 3. What is special is the company: another vCPU does
 * locked additions across two words. For each of them QEMU stops all its CPUs for a moment by a kick that brings
 * no interrupt, and a CPU that then still remembered an injected vector would deliver it again, in the middle of its
 * handler, IF or not (docs/testing.md). Real Xen on QEMU 7.2 fails this test for that reason.
 */
#include "lib/apic.h"
#include "lib/events.h"
#include "lib/smp.h"
#include "lib/test.h"
#include "lib/traps.h"

#define VECTOR	      0x52
#define NR_INTERRUPTS 50
#define KICKS	      20   /* for each interrupt: beyond its handler's end, before the next comes */
#define HANDLER_LOOPS 50000 /* long enough for some of the kicks */
#define BETWEEN_KICKS 5000  /* loops: or vCPU 0 would be stopped for most of the time */

static volatile unsigned int sent, begun, done, nested;
static volatile bool inside, over;

static void spin_for(unsigned int loops)
{
	for (volatile unsigned int i = 0; i < loops; i++)
		barrier();
}

static void on_interrupt(void)
{
	begun++;
	nested += inside;
	inside = true;
	spin_for(HANDLER_LOOPS);
	inside = false;
	apic_eoi();
	done = sent;
}

/* At either CPL: no instruction of it exits, so nothing but an exit for an interrupt makes the CPU forget. */
static void spin(void *from_user)
{
	while (!over)
		barrier();
	if (from_user)
		user_exit(0);
}

/* On vCPU 1. One interrupt at a time, so that each has a delivery of its own; the first that goes amiss is the last. */
static void send_and_kick(void *unused)
{
	static char words[16] __attribute__((aligned(16)));

	while (sent < NR_INTERRUPTS && done == sent && begun == sent) {
		uint64_t end = now_ns() + NSEC_PER_SEC;

		sent++;
		apic_send(apic_id_of_vcpu(0), ICR_FIXED | ICR_ASSERT | VECTOR);
		for (unsigned int i = 0; i < KICKS || (done < sent && now_ns() < end); i++) {
			__asm__ volatile("lock incl %0" : "+m"(*(uint32_t *)(words + 6)));
			spin_for(BETWEEN_KICKS);
		}
	}
	over = true;
}

static void check_once(bool as_user)
{
	sent = begun = done = nested = 0;
	inside = over = false;
	smp_call(1, send_and_kick, NULL);
	irq_enable();
	if (as_user)
		user_run(spin, "");
	else
		spin(NULL);
	irq_disable();
	REQUIRE(smp_wait(1, NSEC_PER_SEC));
	CHECK_EQ(begun, NR_INTERRUPTS);
	CHECK_EQ(nested, 0);
}

TEST(twice, IN_DOM0 | IN_DOMU, 2)
{
	irq_set_handler(VECTOR, on_interrupt);
	REQUIRE(smp_start(1));
	check_once(false);
	check_once(true);
}
