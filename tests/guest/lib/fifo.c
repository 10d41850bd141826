/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's half of FIFO event channels: the upcall empties the queues, highest priority first. */
#include "lib/fifo.h"
#include "lib/apic.h"
#include "lib/string.h"
#include "lib/traps.h"

#define CONTROL_SIZE 128

event_word_t fifo_words[FIFO_PORTS] page_aligned;
struct fifo_log fifo_log[NR_CPUS];
static uint8_t controls[NR_CPUS * CONTROL_SIZE] page_aligned;
static uint32_t heads[NR_CPUS][EVTCHN_FIFO_MAX_QUEUES];
static unsigned int nr_pages;

static struct evtchn_fifo_control_block *control_of(unsigned int cpu)
{
	return (void *)(controls + cpu * CONTROL_SIZE);
}

long fifo_init_control(uint32_t vcpu)
{
	uint64_t at = (uintptr_t)control_of(vcpu);
	struct evtchn_init_control op = { .control_gfn = at >> PAGE_SHIFT, .offset = at % PAGE_SIZE,
					  .vcpu = vcpu };
	long rc = event_channel_op(EVTCHNOP_init_control, &op);

	return rc ? rc : op.link_bits == EVTCHN_FIFO_LINK_BITS ? 0 : -XEN_EILSEQ;
}

long fifo_expand_array(void)
{
	event_word_t *page = fifo_words + nr_pages * FIFO_PER_PAGE;
	struct evtchn_expand_array op = { .array_gfn = gfn_of(page) };
	long rc;

	for (unsigned int i = 0; i < FIFO_PER_PAGE; i++)
		page[i] = FIFO_BIT(MASKED);
	rc = event_channel_op(EVTCHNOP_expand_array, &op);
	nr_pages += !rc;
	return rc;
}

void fifo_ready_forget(void)
{
	WRITE_ONCE(control_of(this_cpu())->ready, 0);
}

static uint32_t take(struct evtchn_fifo_control_block *c, uint32_t *head, unsigned int q, uint32_t *ready)
{
	uint32_t port = *head ? *head : READ_ONCE(c->head[q]), w;

	port %= FIFO_PORTS; /* tests make a mess of the words */
	w = __atomic_fetch_and(&fifo_words[port],
			       ~(FIFO_BIT(LINKED) | EVTCHN_FIFO_LINK_MASK), __ATOMIC_SEQ_CST);
	*head = w & EVTCHN_FIFO_LINK_MASK;
	if (!*head)
		*ready &= ~(1u << q);
	return port;
}

static void handle(uint32_t port, unsigned int q)
{
	struct fifo_log *log = &fifo_log[this_cpu()];
	uint32_t w = READ_ONCE(fifo_words[port]);

	if ((w & (FIFO_BIT(PENDING) | FIFO_BIT(MASKED))) != FIFO_BIT(PENDING))
		return;
	__atomic_fetch_and(&fifo_words[port], ~FIFO_BIT(PENDING), __ATOMIC_SEQ_CST);
	if (log->nr < FIFO_LOG) {
		log->port[log->nr] = port;
		log->priority[log->nr++] = q;
	}
	event_note(port);
}

void fifo_deliver(void)
{
	struct evtchn_fifo_control_block *c = control_of(this_cpu());
	uint32_t *head = heads[this_cpu()], ready, q;

	WRITE_ONCE(shared.vcpu_info[this_cpu()].evtchn_upcall_pending, 0);
	ready = __atomic_exchange_n(&c->ready, 0, __ATOMIC_SEQ_CST);
	while (ready) {
		q = __builtin_ctz(ready);
		handle(take(c, &head[q], q, &ready), q);
		ready |= __atomic_exchange_n(&c->ready, 0, __ATOMIC_SEQ_CST);
	}
}

static void on_upcall(void)
{
	apic_eoi();
	fifo_deliver();
}

void fifo_handle_upcalls(void)
{
	irq_set_handler(VECTOR_UPCALL, on_upcall);
}

long fifo_start(unsigned int nr_vcpus)
{
	long rc = 0;

	fifo_handle_upcalls();
	for (unsigned int v = 0; !rc && v < nr_vcpus; v++)
		rc = fifo_init_control(v);
	while (!rc && nr_pages < FIFO_PAGES)
		rc = fifo_expand_array();
	return rc;
}

void fifo_forget(void)
{
	memset(heads, 0, sizeof(heads));
	memset(controls, 0, sizeof(controls));
	nr_pages = 0;
}

long fifo_set_priority(evtchn_port_t port, uint32_t priority)
{
	struct evtchn_set_priority op = { .port = port, .priority = priority };

	return event_channel_op(EVTCHNOP_set_priority, &op);
}

void fifo_mask(evtchn_port_t port)
{
	__atomic_fetch_or(&fifo_words[port], FIFO_BIT(MASKED), __ATOMIC_SEQ_CST);
}

void fifo_unmask(evtchn_port_t port)
{
	uint32_t w = READ_ONCE(fifo_words[port]);

	while (w & FIFO_BIT(MASKED)) {
		if (w & FIFO_BIT(PENDING)) {
			event_unmask(port);
			return;
		}
		w &= ~FIFO_BIT(BUSY); /* the hypervisor is at it: wait */
		if (__atomic_compare_exchange_n(&fifo_words[port], &w, w & ~FIFO_BIT(MASKED), false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return;
	}
}

bool fifo_is_pending(evtchn_port_t port)
{
	return READ_ONCE(fifo_words[port]) & FIFO_BIT(PENDING);
}
