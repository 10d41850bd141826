/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who gets a lock that somebody waits for. The one who waits is a thread that a signal stops in the middle of
 * its loop, as a host stops a virtual CPU; meanwhile the lock is given back.
 */
#include "unit.h"
#include "lib/spinlock.h"
#include "x86/cpu.h"
#include "x86/features.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define NR_THREADS 4
#define NR_ROUNDS  20000

struct cpu_features cpu_features;
static spinlock_t lock = SPINLOCK_INIT(irq);
static sem_t stopped, go_on;
static atomic_bool is_coming, has_it;
extern char __start_percpu[];
static __thread char percpu_area[4096] __attribute__((aligned(64)));

unsigned int nr_cpus = 1;
uintptr_t percpu_bias_of[NR_CPUS];

uintptr_t percpu_bias(void)
{
	return (uintptr_t)percpu_area - (uintptr_t)__start_percpu;
}

unsigned int cpu_id(void)
{
	return 0;
}

static void set_hosted(bool hosted)
{
	cpu_features.word[F_HYPERVISOR / 32] = hosted ? 1u << F_HYPERVISOR % 32 : 0;
}

static void stop_here(int signal)
{
	sem_post(&stopped);
	sem_wait(&go_on);
}

static void *wait_for_it(void *unused)
{
	is_coming = true;
	spin_lock(&lock);
	has_it = true;
	spin_unlock(&lock);
	return NULL;
}

/* Does the lock go to one who runs, while one who came earlier does not? */
static bool overtakes(bool hosted)
{
	pthread_t waiter;
	bool got_it;

	set_hosted(hosted);
	is_coming = has_it = false;
	spin_lock(&lock);
	assert_int_equal(pthread_create(&waiter, NULL, wait_for_it, NULL), 0);
	while (!is_coming)
		usleep(100);
	usleep(50000); /* by now it waits; a ticket would show */
	assert_int_equal((uint16_t)(lock.tail - lock.head), hosted ? 1 : 2);
	pthread_kill(waiter, SIGUSR1);
	sem_wait(&stopped);
	spin_unlock(&lock);
	got_it = spin_trylock(&lock);
	assert_false(has_it);
	if (got_it)
		spin_unlock(&lock);
	sem_post(&go_on);
	pthread_join(waiter, NULL);
	assert_true(has_it);
	assert_false(spin_is_locked(&lock));
	return got_it;
}

static void test_first_come_first_served(void **state)
{
	assert_false(overtakes(false));
}

static void test_stopped_waiter_stops_nobody(void **state)
{
	assert_true(overtakes(true));
}

static void *count(void *arg)
{
	volatile unsigned int *counter = arg;

	for (unsigned int i = 0; i < NR_ROUNDS; i++) {
		spin_lock(&lock);
		(*counter)++;
		spin_unlock(&lock);
	}
	return NULL;
}

static void count_together(bool hosted)
{
	volatile unsigned int counter = 0;
	pthread_t threads[NR_THREADS];

	set_hosted(hosted);
	for (unsigned int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, (void *)&counter), 0);
	for (unsigned int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counter, NR_THREADS * NR_ROUNDS);
	assert_false(spin_is_locked(&lock));
}

/* Tickets among more threads than CPUs wait for time slices: two must do. */
static void test_one_at_a_time(void **state)
{
	count_together(true);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_come_first_served),
		cmocka_unit_test(test_stopped_waiter_stops_nobody),
		cmocka_unit_test(test_one_at_a_time),
	};

	sem_init(&stopped, 0, 0);
	sem_init(&go_on, 0, 0);
	signal(SIGUSR1, stop_here);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
