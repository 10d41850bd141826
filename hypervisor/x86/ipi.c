/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kicks and calls. A kick is an interrupt with nothing behind it: whoever sends it has changed
 * something that the target reads before it enters a guest or sleeps. A call waits in the target's
 * ring until its interrupt window.
 */
#include "lib/errno.h"
#include "lib/spinlock.h"
#include "x86/cpu.h"
#include "x86/ipi.h"
#include "x86/irq.h"
#include "x86/lapic.h"

#define QUEUE_SIZE 32

struct ipi_request {
	void (*fn)(void *arg);
	void *arg;
};

struct ipi_queue {
	spinlock_t lock;
	uint8_t first, nr;
	struct ipi_request ring[QUEUE_SIZE];
};
static DEFINE_PERCPU(struct ipi_queue, queue) = { .lock = SPINLOCK_INIT(ipi) };

static bool take(struct ipi_queue *q, struct ipi_request *r)
{
	bool any;

	spin_lock(&q->lock);
	any = q->nr > 0;
	if (any) {
		*r = q->ring[q->first];
		q->first = (q->first + 1) % QUEUE_SIZE;
		q->nr--;
	}
	spin_unlock(&q->lock);
	return any;
}

static void call_interrupt(void *unused)
{
	struct ipi_request r;

	while (take(&this_cpu(queue), &r))
		r.fn(r.arg);
}

void ipi_init(void)
{
	irq_set_handler(VEC_KICK, NULL, NULL);
	irq_set_handler(VEC_CALL, call_interrupt, NULL);
}

void ipi_kick(unsigned int cpu)
{
	lapic_icr_write(per_cpu(cpu_ident, cpu).apic_id, ICR_FIXED | ICR_ASSERT | VEC_KICK);
}

int ipi_call(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct ipi_queue *q = &per_cpu(queue, cpu);
	int rc = -EBUSY;

	spin_lock(&q->lock);
	if (q->nr < QUEUE_SIZE) {
		q->ring[(q->first + q->nr++) % QUEUE_SIZE] = (struct ipi_request){ fn, arg };
		rc = 0;
	}
	spin_unlock(&q->lock);
	if (rc == 0)
		lapic_icr_write(per_cpu(cpu_ident, cpu).apic_id, ICR_FIXED | ICR_ASSERT | VEC_CALL);
	return rc;
}
