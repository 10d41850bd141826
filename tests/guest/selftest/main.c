/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * selftest: the payload's own machinery. When this fails, read no further: faults are caught with
 * their vector and address, CPL 3 code comes back, pvclock time advances, events arrive, the
 * window maps and unmaps, text is formatted.
 */
#include "lib/events.h"
#include "lib/test.h"
#include "lib/traps.h"

static void load_from(void *p)
{
	READ_ONCE(*(char *)p);
}

static void undefined(void *p)
{
	__asm__ volatile("ud2");
}

static void user_twice(void *arg)
{
	uint16_t cs;

	__asm__ volatile("mov %%cs, %0" : "=r"(cs));
	user_exit((uintptr_t)arg * 2 + (cs & 3));
}

TEST(selftest, IN_DOM0 | IN_DOMU, 1)
{
	char text[64], *page = page_alloc();
	uint64_t before = now_ns();
	long port;

	snprintf(text, sizeof(text), "%d|%5u|%-4s|%04x|%lx|%c", -7, 42, "ab", 0xbe, ~0UL, 'z');
	CHECK(!strcmp(text, "-7|   42|ab  |00be|ffffffffffffffff|z"));

	CHECK_EQ(guard(undefined, NULL), X86_UD);
	CHECK_EQ(guard(load_from, UNMAPPED_PTR), X86_PF);
	CHECK_EQ(guard_fault()->address, UNMAPPED_PTR);
	CHECK_EQ(guard(load_from, NONCANONICAL_PTR), X86_GP);
	CHECK_EQ(guard(load_from, page), -1);
	CHECK_EQ(guard(load_from, window_end_of_page(page, 1)), -1);
	CHECK_EQ(guard(load_from, window_end_of_page(page, 0)), X86_PF);
	CHECK_EQ(user_run(user_twice, (void *)21), 45);

	CHECK(now_ns() > before);
	port = evtchn_bind_ipi(0);
	REQUIRE(port > 0);
	event_unmask(port);
	CHECK_EQ(evtchn_send(port), 0);
	CHECK(event_wait(port, 1, NSEC_PER_SEC));
	CHECK_EQ(evtchn_close(port), 0);
}
