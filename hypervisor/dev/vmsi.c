/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of message-signalled interrupts; see vmsi.h. The handler runs without a lock. */
#include "dev/vmsi.h"
#include "x86/irq.h"

/* What an address and data pair says (SDM 3A 11.11). */
static struct apic_msg msi_decode(uint32_t addr, uint32_t data)
{
	return (struct apic_msg){
		.dest = addr >> 12 & 0xff,
		.logical = addr >> 2 & 1,
		.mode = data >> 8 & 7,
		.vector = (uint8_t)data,
	};
}

static void fire(void *arg)
{
	struct msi_line *l = arg;
	uint64_t msg = READ_ONCE(l->guest_msg);
	struct apic_msg m = msi_decode((uint32_t)msg, (uint32_t)(msg >> 32));

	(void)vlapic_deliver(l->d, &m); /* nobody there: lost, as on a real bus */
}

void msi_line_set_guest(struct msi_line *l, uint64_t addr, uint32_t data)
{
	WRITE_ONCE(l->guest_msg, (uint32_t)addr | (uint64_t)data << 32);
}

int msi_line_bind(struct msi_line *l, uint64_t *real_addr, uint32_t *real_data)
{
	struct vcpu *v = domain_vcpu(l->d, (uint32_t)l->guest_msg >> 13 & 0x7f);
	unsigned int cpu = v && v->sched.cpu < nr_cpus ? v->sched.cpu : 0;

	if (l->vector < 0)
		l->vector = irq_alloc_vector(fire, l);
	if (l->vector < 0)
		return l->vector;
	msi_compose(cpu, (unsigned int)l->vector, false, real_addr, real_data);
	return 0;
}

void msi_line_unbind(struct msi_line *l)
{
	if (l->vector >= 0)
		irq_free_vector(l->vector);
	l->vector = -1;
}
