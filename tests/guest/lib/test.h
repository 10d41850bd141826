/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests: how one registers itself, checks and reports. A test is a folder with a main.c whose top
 * comment is its documentation. Outcomes: success; skip (not applicable here); error (the test is
 * broken); failure (the hypervisor is).
 */
#pragma once

#include "lib/asm.h"
#include "lib/hypercall.h"
#include "lib/mem.h"
#include "lib/string.h"

enum test_where {
	IN_DOM0 = 1,   /* runs in the Dom0 payload itself */
	IN_DOMU = 2,   /* runs in a fresh domain that the Dom0 payload creates */
	ROLE = 4,      /* never by itself: what a test's helper domain does */
	XAPIC = 8,     /* keep the local APIC in xAPIC mode */
	BENCH = 16,    /* a measurement, run only when asked for */
	NO_UPCALL = 32, /* leave it to the test how events come */
};

struct test {
	const char *name;
	unsigned int where;
	unsigned int vcpus;
	void (*run)(void);
};

#define TEST(name_, where_, vcpus_)                                                             \
	static void test_##name_(void);                                                         \
	static const struct test entry_##name_                                                  \
		__attribute__((used, section(".tests"), aligned(8))) = {                        \
			#name_, (where_), (vcpus_), test_##name_ };                             \
	static void test_##name_(void)

void test_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void test_failure(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void test_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void test_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* End the running test from anywhere on CPU 0; what was reported so far counts, or a failure. */
void test_abort(void) __attribute__((noreturn));
/* Whether the running test has reported a failure or an error so far. */
bool test_has_failed(void);

/* Check and go on. The message names the expression; CHECK_EQ also the two values. */
#define CHECK(cond)                                                                  \
	({                                                                           \
		bool ok_ = (cond);                                                   \
		if (!ok_)                                                            \
			test_failure("%s:%d: %s", __FILE_NAME__, __LINE__, #cond);   \
		ok_;                                                                 \
	})
#define CHECK_EQ(got, want)                                                                    \
	({                                                                                     \
		long got_ = (long)(got), want_ = (long)(want);                                 \
		if (got_ != want_)                                                             \
			test_failure("%s:%d: %s = %ld (0x%lx), want %ld (0x%lx)", __FILE_NAME__, \
				     __LINE__, #got, got_, got_, want_, want_);                \
		got_ == want_;                                                                 \
	})
/* Where Helium refuses with another error than Xen on purpose: exactly this one here, any there. */
#define CHECK_REFUSED(got, want)                                                               \
	({                                                                                     \
		long got_ = (long)(got), want_ = (long)(want);                                 \
		bool ok_ = is_helium() ? got_ == want_ : got_ < 0;                             \
		if (!ok_)                                                                      \
			test_failure("%s:%d: %s = %ld, want the refusal %ld", __FILE_NAME__,   \
				     __LINE__, #got, got_, want_);                             \
		ok_;                                                                           \
	})
/* The same, but without it the rest of the test makes no sense. */
#define REQUIRE(cond)	       do { if (!CHECK(cond)) test_abort(); } while (0)
#define REQUIRE_EQ(got, want) do { if (!CHECK_EQ(got, want)) test_abort(); } while (0)

/* The value of "key=" on the payload's command line as a number, or fallback. */
uint64_t option_number(const char *key, uint64_t fallback);
/* Whether the command line says key=value. */
bool option_is(const char *key, const char *value);
bool is_dom0(void);
/* Whether the hypervisor is Helium; what differs from Xen on purpose is checked only there. */
bool is_helium(void);

/* Lines on the console, as they are; used by the report and the benches. */
void console_init(void);
void console_write(const char *text, size_t len);
