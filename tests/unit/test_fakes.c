/* SPDX-License-Identifier: GPL-2.0-only */
/* The fakes themselves: that they link together and that each catches what it is there to catch. */
#include "unit.h"
#include "core/guest_copy.h"
#include "fakes/fakes.h"
#include "lib/bug.h"
#include "lib/errno.h"
#include "lib/spinlock.h"
#include "mem/kalloc.h"
#include "x86/cpu.h"
#include "x86/ipi.h"
#include "x86/lapic.h"
#include "x86/time.h"

DEFINE_PERCPU(unsigned int, number) = 7;

static void percpu_copies_are_separate(void **state)
{
	fake_cpus_init(3);
	this_cpu(number) = 1;
	fake_cpu_become(2);
	assert_int_equal(this_cpu(number), 7);
	assert_int_equal(per_cpu(number, 0), 1);
	assert_int_equal(cpu_id(), 2);
	lapic_timer_set(5);
	assert_int_equal(fake_lapic_deadline_ns[2], 5);
	ipi_kick(1);
	assert_int_equal(fake_ipi_kicks, 2);
	fake_cpus_init(0);
}

static void lock_ladder_is_checked(void **state)
{
	spinlock_t low = SPINLOCK_INIT(domain), high = SPINLOCK_INIT(heap);

	spin_lock(&low);
	spin_lock(&high);
	assert_true(spin_is_locked(&high));
	spin_unlock(&low);
	expect_assert_failure(spin_lock(&low));
	spin_unlock(&high);
	assert_int_equal(fake_locks_held, 0);
	expect_assert_failure(spin_unlock(&low));
	expect_assert_failure(panic("no %s", "way"));
}

static void copies_fault_on_demand(void **state)
{
	uint64_t word = 5, copy;

	fake_guest_budget = 8;
	assert_int_equal(copy_from_guest(&copy, GUEST_PTR((uintptr_t)&word), 8), 0);
	assert_int_equal(copy, 5);
	assert_int_equal(copy_from_guest(&copy, GUEST_PTR((uintptr_t)&word), 1), -EFAULT);
	fake_guest_budget = -1;
	assert_int_equal(copy_from_guest(&copy, GUEST_PTR(0), 8), -EFAULT);
}

static void memory_and_time_are_ours(void **state)
{
	void *p;

	fake_frames_init(4);
	assert_ptr_equal((char *)frame_map(MFN(3)) - PAGE_SIZE, frame_map(MFN(2)));
	expect_assert_failure(frame_map(MFN(4)));
	fake_frames_init(0);
	p = kalloc(100);
	assert_int_equal(fake_kalloc_live, 100);
	kfree(p, 100);
	fake_kalloc_budget = 0;
	assert_null(kalloc(1));
	fake_kalloc_budget = -1;
	fake_now_ns = 12;
	assert_int_equal(now(), 12);
	assert_int_equal(tsc_to_now(33), 33);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percpu_copies_are_separate),
		cmocka_unit_test(lock_ladder_is_checked),
		cmocka_unit_test(copies_fault_on_demand),
		cmocka_unit_test(memory_and_time_are_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
