/* SPDX-License-Identifier: GPL-2.0-only */
/* 2-level event delivery through the per-vCPU upcall vector, and pvclock time. */
#include "lib/events.h"
#include "lib/apic.h"
#include "lib/traps.h"

union shared_info_page shared_info_page page_aligned;
static unsigned int counts[NR_PORTS];
static uint8_t last_cpu[NR_PORTS];

long shared_info_init(void)
{
	struct xen_add_to_physmap xatp = { .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
					   .gpfn = gfn_of(&shared_info_page) };
	long rc = memory_op(XENMEM_add_to_physmap, &xatp);

	if (!rc)
		for (unsigned int i = 0; i < 64; i++)
			shared.evtchn_mask[i] = ~0UL;
	return rc;
}

void event_note(evtchn_port_t port)
{
	last_cpu[port] = this_cpu();
	__atomic_add_fetch(&counts[port], 1, __ATOMIC_SEQ_CST);
}

static void deliver(void)
{
	struct vcpu_info *info = &shared.vcpu_info[this_cpu()];
	unsigned long sel, ports;

	apic_eoi();
	WRITE_ONCE(info->evtchn_upcall_pending, 0);
	sel = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
	for (; sel; sel &= sel - 1) {
		unsigned int word = __builtin_ctzl(sel);

		ports = READ_ONCE(shared.evtchn_pending[word]) &
			~READ_ONCE(shared.evtchn_mask[word]);
		for (; ports; ports &= ports - 1) {
			unsigned int port = word * 64 + __builtin_ctzl(ports);

			test_and_clear_bit(port, shared.evtchn_pending);
			event_note(port);
		}
	}
}

long events_init_cpu(void)
{
	struct xen_hvm_evtchn_upcall_vector op = { .vcpu = this_cpu(), .vector = VECTOR_UPCALL };

	if (!this_cpu()) /* for all; a test may put its own in its place */
		irq_set_handler(VECTOR_UPCALL, deliver);
	return hvm_op(HVMOP_set_evtchn_upcall_vector, &op);
}

unsigned int event_count(evtchn_port_t port)
{
	return READ_ONCE(counts[port]);
}

unsigned int event_last_cpu(evtchn_port_t port)
{
	return READ_ONCE(last_cpu[port]);
}

void event_mask(evtchn_port_t port)
{
	test_and_set_bit(port, shared.evtchn_mask);
}

void event_unmask(evtchn_port_t port)
{
	struct evtchn_unmask op = { .port = port };

	event_channel_op(EVTCHNOP_unmask, &op);
}

bool event_is_pending(evtchn_port_t port)
{
	return test_bit(port, shared.evtchn_pending);
}

bool event_take(evtchn_port_t port)
{
	return test_and_clear_bit(port, shared.evtchn_pending);
}

bool event_wait(evtchn_port_t port, unsigned int count, uint64_t timeout_ns)
{
	uint64_t end = now_ns() + timeout_ns;

	irq_enable();
	while (event_count(port) < count && now_ns() < end)
		pause();
	irq_disable();
	return event_count(port) >= count;
}

long evtchn_send(evtchn_port_t port)
{
	struct evtchn_send op = { .port = port };

	return event_channel_op(EVTCHNOP_send, &op);
}

long evtchn_close(evtchn_port_t port)
{
	struct evtchn_close op = { .port = port };

	return event_channel_op(EVTCHNOP_close, &op);
}

long evtchn_alloc_unbound(domid_t dom, domid_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = dom, .remote_dom = remote };
	long rc = event_channel_op(EVTCHNOP_alloc_unbound, &op);

	return rc ? rc : op.port;
}

long evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port)
{
	struct evtchn_bind_interdomain op = { .remote_dom = remote, .remote_port = remote_port };
	long rc = event_channel_op(EVTCHNOP_bind_interdomain, &op);

	return rc ? rc : op.local_port;
}

long evtchn_bind_virq(uint32_t virq, uint32_t vcpu)
{
	struct evtchn_bind_virq op = { .virq = virq, .vcpu = vcpu };
	long rc = event_channel_op(EVTCHNOP_bind_virq, &op);

	return rc ? rc : op.port;
}

long evtchn_bind_ipi(uint32_t vcpu)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };
	long rc = event_channel_op(EVTCHNOP_bind_ipi, &op);

	return rc ? rc : op.port;
}

long evtchn_bind_vcpu(evtchn_port_t port, uint32_t vcpu)
{
	struct evtchn_bind_vcpu op = { .port = port, .vcpu = vcpu };

	return event_channel_op(EVTCHNOP_bind_vcpu, &op);
}

long evtchn_status(domid_t dom, evtchn_port_t port, struct evtchn_status *out)
{
	*out = (struct evtchn_status){ .dom = dom, .port = port };
	return event_channel_op(EVTCHNOP_status, out);
}

uint64_t now_ns(void)
{
	volatile struct vcpu_time_info *t = &shared.vcpu_info[this_cpu()].time;
	uint32_t version;
	uint64_t delta, now;

	do {
		version = t->version & ~1u;
		barrier();
		delta = rdtsc() - t->tsc_timestamp;
		delta = t->tsc_shift < 0 ? delta >> -t->tsc_shift : delta << t->tsc_shift;
		now = t->system_time +
		      (uint64_t)(((unsigned __int128)delta * t->tsc_to_system_mul) >> 32);
		barrier();
	} while (t->version != version);
	return now;
}

uint64_t clock_skew_ns(void)
{
	return shared.vcpu_info[0].time.flags & XEN_PVCLOCK_TSC_STABLE_BIT ? 0 : 20 * NSEC_PER_MSEC;
}

void spin_ns(uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	while (now_ns() < end)
		pause();
}

void sleep_until(uint64_t deadline_ns)
{
	struct sched_poll poll = { .timeout = deadline_ns };

	sched_op(SCHEDOP_poll, &poll);
}
