/* SPDX-License-Identifier: GPL-2.0-only */
/* One mailbox per CPU: an idle CPU spins on it with interrupts enabled, yielding to others. */
#include "lib/smp.h"
#include "lib/apic.h"
#include "lib/events.h"
#include "lib/string.h"
#include "lib/test.h"
#include "lib/traps.h"

extern const char trampoline[], trampoline_end[];
uint32_t ap_stack; /* head.S */
static struct {
	volatile bool up, stop;
	void (*volatile fn)(void *arg);
	void *volatile arg;
} mail[NR_CPUS];

void ap_main(void);

void trampoline_set(const void *code, size_t len)
{
	memcpy((void *)TRAMPOLINE_GPA, code, len);
}

void smp_send_init(unsigned int cpu)
{
	apic_send(apic_id_of_vcpu(cpu), ICR_INIT | ICR_ASSERT);
}

void smp_send_sipi(unsigned int cpu)
{
	apic_send(apic_id_of_vcpu(cpu), ICR_STARTUP | ICR_ASSERT | TRAMPOLINE_GPA >> PAGE_SHIFT);
}

void ap_main(void)
{
	unsigned int cpu = this_cpu();

	traps_init_cpu();
	apic_init_cpu(false);
	events_init_cpu();
	mail[cpu].up = true;
	while (!mail[cpu].stop) {
		irq_enable();
		if (!mail[cpu].fn) {
			sched_op(SCHEDOP_yield, NULL);
			continue;
		}
		mail[cpu].fn(mail[cpu].arg);
		mail[cpu].fn = NULL;
	}
	irq_disable();
	mail[cpu].up = false;
	for (;;)
		__asm__ volatile("cli; hlt");
}

bool smp_start(unsigned int cpu)
{
	uint64_t end = now_ns() + 2 * NSEC_PER_SEC;

	mail[cpu].up = mail[cpu].stop = false;
	mail[cpu].fn = NULL;
	ap_stack = (uintptr_t)boot_stacks[cpu] + STACK_SIZE;
	trampoline_set(trampoline, trampoline_end - trampoline);
	smp_send_init(cpu);
	smp_send_sipi(cpu);
	smp_send_sipi(cpu);
	while (!mail[cpu].up && now_ns() < end)
		sched_op(SCHEDOP_yield, NULL);
	return mail[cpu].up;
}

void smp_call(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	mail[cpu].arg = arg;
	barrier();
	mail[cpu].fn = fn;
}

bool smp_wait(unsigned int cpu, uint64_t timeout_ns)
{
	uint64_t end = now_ns() + timeout_ns;

	while (mail[cpu].fn && now_ns() < end)
		sched_op(SCHEDOP_yield, NULL);
	return !mail[cpu].fn;
}

void smp_stop(unsigned int cpu)
{
	uint64_t end = now_ns() + NSEC_PER_SEC;

	mail[cpu].stop = true;
	while (mail[cpu].up && now_ns() < end)
		sched_op(SCHEDOP_yield, NULL);
	smp_send_init(cpu);
}
