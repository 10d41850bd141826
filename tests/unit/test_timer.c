/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers: order, moving between CPUs, the hardware's deadline, and a random sequence against a
 * plain array.
 */
#include <pthread.h>
#include <unistd.h>
#include "unit.h"
#include "core/timer.h"
#include "fakes/fakes.h"
#include "lib/compiler.h"
#include "x86/cpu.h"
#include "x86/lapic.h"

#define NR_TIMERS 100

static struct timer timers[NR_TIMERS];
static unsigned int order[NR_TIMERS * 4], nr_fired;
static uint64_t again_ns;

static void fired(void *arg)
{
	order[nr_fired++ % ARRAY_SIZE(order)] = (unsigned int)(uintptr_t)arg;
}

static void sets_itself(void *arg)
{
	fired(NULL);
	timer_set(arg, fake_now_ns + again_ns);
}

static int setup(void **state)
{
	fake_cpus_init(3);
	fake_now_ns = 0;
	nr_fired = 0;
	for (unsigned int c = 0; c < 3; c++) {
		fake_cpu_become(c);
		timer_cpu_init();
	}
	for (unsigned int i = 0; i < NR_TIMERS; i++)
		timer_init(&timers[i], fired, (void *)(uintptr_t)i);
	fake_cpu_become(0);
	return 0;
}

static void fire_in_order_of_deadline(void **state)
{
	timer_set(&timers[1], 300);
	timer_set(&timers[2], 100);
	timer_set(&timers[3], 200);
	assert_int_equal(fake_lapic_deadline_ns[0], 100);
	fake_now_ns = 99;
	timer_run();
	assert_int_equal(nr_fired, 0);
	fake_now_ns = 250;
	timer_run();
	assert_int_equal(nr_fired, 2);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[1], 3);
	assert_int_equal(fake_lapic_deadline_ns[0], 300);
	assert_false(timer_is_set(&timers[2]));
	timer_stop(&timers[1]);
	timer_stop(&timers[1]);
	fake_now_ns = 1000;
	timer_run();
	assert_int_equal(nr_fired, 2);
}

static void setting_moves_to_the_callers_cpu(void **state)
{
	timer_set(&timers[0], 50);
	fake_cpu_become(1);
	timer_set(&timers[0], 60);
	assert_int_equal(fake_lapic_deadline_ns[1], 60);
	fake_now_ns = 100;
	fake_cpu_become(0);
	timer_run();
	assert_int_equal(nr_fired, 0);
	fake_cpu_become(1);
	timer_run();
	assert_int_equal(nr_fired, 1);
}

static void a_hasty_timer_does_not_keep_the_cpu(void **state)
{
	struct timer hasty;

	timer_init(&hasty, sets_itself, &hasty);
	again_ns = 0;
	timer_set(&hasty, 0);
	fake_now_ns = 10;
	timer_run();
	assert_true(nr_fired < 100);
	assert_true(fake_lapic_deadline_ns[0] <= 10); /* it comes again at once */
	again_ns = 500;
	timer_run();
	assert_int_equal(fake_lapic_deadline_ns[0], 510);
	timer_stop(&hasty);
}

static volatile bool is_stopped;

static void *stop_it(void *t)
{
	timer_stop_sync(t);
	is_stopped = true;
	return NULL;
}

static pthread_t stopper;

/* At work when its owner goes away on another CPU. */
static void slow(void *arg)
{
	assert_int_equal(pthread_create(&stopper, NULL, stop_it, arg), 0);
	usleep(50000);
	assert_false(is_stopped);
}

static void stopping_can_wait_for_the_callback(void **state)
{
	static struct timer t;

	is_stopped = false;
	timer_init(&t, slow, &t);
	timer_set(&t, 1);
	fake_now_ns = 1;
	timer_run();
	assert_int_equal(pthread_join(stopper, NULL), 0);
	assert_true(is_stopped);
	assert_false(timer_is_set(&t));
	assert_true(timer_check(0));
}

static void random_sequence(void **state)
{
	uint64_t deadline[NR_TIMERS] = { 0 }; /* 0: not set */
	unsigned int home[NR_TIMERS] = { 0 };

	unit_seed();
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int i = (unsigned int)unit_below(NR_TIMERS),
			     c = (unsigned int)unit_below(3), n = 0;

		fake_cpu_become(c);
		switch (unit_below(4)) {
		case 0:
			timer_stop(&timers[i]);
			deadline[i] = 0;
			break;
		case 1:
			fake_now_ns += unit_below(200);
			nr_fired = 0;
			timer_run();
			for (unsigned int k = 0; k < nr_fired; k++) {
				assert_true(deadline[order[k]] &&
					    deadline[order[k]] <= fake_now_ns);
				assert_true(!k || deadline[order[k - 1]] <= deadline[order[k]]);
				assert_int_equal(home[order[k]], c);
			}
			for (unsigned int k = 0; k < nr_fired; k++)
				deadline[order[k]] = 0;
			for (unsigned int k = 0; k < NR_TIMERS; k++)
				n += deadline[k] && home[k] == c && deadline[k] <= fake_now_ns;
			assert_true(n == 0 || nr_fired == 32);
			break;
		default:
			deadline[i] = fake_now_ns + 1 + unit_below(unit_below(2) ? 50 : 5000);
			home[i] = c;
			timer_set(&timers[i], deadline[i]);
		}
		for (c = 0; c < 3; c++)
			assert_true(timer_check(c));
		for (i = 0; i < NR_TIMERS; i++) {
			assert_int_equal(timer_is_set(&timers[i]), deadline[i] != 0);
			assert_true(!deadline[i] || fake_lapic_deadline_ns[home[i]] <= deadline[i]);
		}
	}
	assert_int_equal(fake_locks_held, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fire_in_order_of_deadline, setup),
		cmocka_unit_test_setup(setting_moves_to_the_callers_cpu, setup),
		cmocka_unit_test_setup(a_hasty_timer_does_not_keep_the_cpu, setup),
		cmocka_unit_test_setup(stopping_can_wait_for_the_callback, setup),
		cmocka_unit_test_setup(random_sequence, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
