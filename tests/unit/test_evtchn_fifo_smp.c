/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FIFO events under real threads: two vCPUs of one guest take and handle events; another domain sends;
 * a fourth thread, the guest's own, sends, masks, unmasks, moves ports between vCPUs and changes
 * priorities. A sender writes a number first, a handler reads it after it has cleared PENDING: when all
 * is quiet, the last number of each port must have been read. Spin locks are real here.
 */
#define sched_yield posix_sched_yield /* the hypervisor has one of its own */
#include <pthread.h>
#undef sched_yield
#include <sys/syscall.h>
#include <unistd.h>
#include "fifo_guest.h"

#define PORTS	 12
#define HANDLED	 400000	  /* the senders go on until so many were, */
#define ROUNDS	 200000000 /* or something is wrong */

static uint32_t ours[PORTS], theirs[PORTS];
static uint64_t written[PORTS], nr_handled, nr_moved;
static uint64_t read_by_guest[PORTS];
static bool senders_done;
static uint64_t seed;

void guest_upcall(struct vcpu *v)
{
}

static void yield(void)
{
	syscall(SYS_sched_yield);
}

void spin_lock(spinlock_t *l)
{
	uint16_t ticket = __atomic_fetch_add(&l->tail, 1, __ATOMIC_SEQ_CST);

	while (load_acquire(&l->head) != ticket)
		yield();
}

void spin_unlock(spinlock_t *l)
{
	store_release(&l->head, (uint16_t)(l->head + 1));
}

void spin_lock_pair(spinlock_t *a, spinlock_t *b)
{
	spin_lock(a < b ? a : b);
	if (a != b)
		spin_lock(a < b ? b : a);
}

void spin_unlock_pair(spinlock_t *a, spinlock_t *b)
{
	spin_unlock(a);
	if (a != b)
		spin_unlock(b);
}

static uint32_t below(uint64_t *rng, uint32_t n)
{
	*rng = *rng * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*rng >> 33) % n;
}

/* The number goes up, then the event: whoever handles it reads this number or a later one. */
static void send(unsigned int i, bool from_peer)
{
	(void)atomic_add_return(&written[i], 1);
	if (from_peer)
		assert_int_equal(evtchn_send(&doms[1], theirs[i]), 0);
	else /* the other end is ours, too: a port to ourselves */
		assert_int_equal(evtchn_send(&doms[0], theirs[i]), 0);
}

static bool is_peers(unsigned int i)
{
	return i % 2;
}

/* Gives way now and then: there may be fewer CPUs than threads. */
static bool go_on(unsigned int n)
{
	if (n % 64 == 0)
		yield();
	return READ_ONCE(nr_handled) < HANDLED && n < ROUNDS;
}

static void *peer(void *arg)
{
	uint64_t rng = seed ^ 1;

	for (unsigned int n = 0; go_on(n); n++)
		send(below(&rng, PORTS / 2) * 2 + 1, true);
	return NULL;
}

static void *owner(void *arg)
{
	uint64_t rng = seed ^ 2;

	for (unsigned int n = 0; go_on(n); n++) {
		unsigned int i = below(&rng, PORTS);

		switch (below(&rng, 5)) {
		case 0:
			atomic_or(guest_word(ours[i]), FIFO_BIT(MASKED));
			break;
		case 1:
			assert_int_equal(evtchn_bind_vcpu(&doms[0], ours[i], below(&rng, 2)), 0);
			break;
		case 2:
			assert_int_equal(evtchn_fifo_set_priority(&doms[0], ours[i],
								  below(&rng, 2)), 0);
			break;
		case 3:
			if (!is_peers(i))
				send(i, false);
			break;
		}
		fifo_guest_unmask(ours[below(&rng, PORTS)]);
	}
	for (unsigned int i = 0; i < PORTS; i++)
		fifo_guest_unmask(ours[i]);
	return NULL;
}

static unsigned int index_of(uint32_t port)
{
	unsigned int i = 0;

	while (i < PORTS && ours[i] != port)
		i++;
	assert_true(i < PORTS);
	return i;
}

static bool take_one(unsigned int vcpu)
{
	unsigned int queue, i;
	uint32_t port = fifo_guest_take(vcpu, &queue);
	uint64_t seen, last;

	if (!port)
		return false;
	i = index_of(port);
	if (!fifo_guest_handle(port))
		return true;
	(void)atomic_add_return(&nr_handled, 1);
	if (vcpu)
		(void)atomic_add_return(&nr_moved, 1);
	seen = __atomic_load_n(&written[i], __ATOMIC_SEQ_CST);
	last = READ_ONCE(read_by_guest[i]);
	while (last < seen && !atomic_cmpxchg(&read_by_guest[i], &last, seen))
		;
	return true;
}

static void *consumer(void *arg)
{
	unsigned int vcpu = (unsigned int)(uintptr_t)arg;
	bool last_look;

	do {
		last_look = load_acquire(&senders_done);
		while (take_one(vcpu))
			;
		yield();
	} while (!last_look);
	return NULL;
}

static void open_ports(void)
{
	for (unsigned int i = 0; i < PORTS; i++) {
		unsigned int peer = is_peers(i) ? 1 : 0;

		assert_int_equal(evtchn_alloc_unbound(&doms[0], doms[peer].id, &ours[i]), 0);
		assert_int_equal(evtchn_bind_interdomain(&doms[peer], &doms[0], ours[i], &theirs[i]),
				 0);
	}
}

static void no_event_is_lost(void **state)
{
	pthread_t senders[2], consumers[NR_VCPUS];

	seed = unit_seed();
	guest_setup();
	fifo_guest_setup();
	doms[0].limits.max_evtchn_port = NR_WORDS - 1;
	for (unsigned int d = 0; d < 2; d++)
		assert_int_equal(evtchn_create(&doms[d]), 0);
	fifo_guest_start();
	open_ports();
	for (uintptr_t v = 0; v < NR_VCPUS; v++)
		assert_int_equal(pthread_create(&consumers[v], NULL, consumer, (void *)v), 0);
	assert_int_equal(pthread_create(&senders[0], NULL, peer, NULL), 0);
	assert_int_equal(pthread_create(&senders[1], NULL, owner, NULL), 0);
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(senders[i], NULL);
	store_release(&senders_done, true);
	for (unsigned int v = 0; v < NR_VCPUS; v++)
		pthread_join(consumers[v], NULL);
	for (unsigned int i = 0; i < PORTS; i++) {
		assert_int_equal(read_by_guest[i], written[i]);
		assert_int_equal(*guest_word(ours[i]), 0);
	}
	assert_true(nr_handled >= HANDLED && nr_moved > HANDLED / 10);
	for (unsigned int v = 0; v < NR_VCPUS; v++)
		assert_int_equal(doms[0].evtchn->fifo->queues[v].nr_lost, 0);
	evtchn_check(&doms[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(no_event_is_lost) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
