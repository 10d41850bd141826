/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The payload's start and the runner. In Dom0 it goes through the table of tests, those for a
 * DomU in a fresh domain each; in a DomU it runs the one test that its command line names and
 * powers off. Options: tests=a,b,c (default all; name@dom0 or name@domu for one place), skip=
 * likewise, bench, seed=N.
 */
#include "lib/apic.h"
#include "lib/domu.h"
#include "lib/events.h"
#include "lib/smp.h"
#include "lib/test.h"
#include "lib/traps.h"

#include <xen/arch-x86/hvm/start_info.h>

enum outcome { SUCCESS, SKIP, ERROR, FAILURE };
static const char *const outcome_names[] = { "SUCCESS", "SKIP", "ERROR", "FAILURE" };

extern const struct test tests_start[], tests_end[];
static const struct hvm_start_info *start_info;
static char cmdline[1024];
static volatile enum outcome outcome; /* the worst so far of the running test */
static struct context abort_context;
static bool in_test; /* abort_context is good */

static void power_off(void) __attribute__((noreturn));
static char extraversion[XEN_EXTRAVERSION_LEN];

#define DOMU_TIMEOUT_NS (20 * NSEC_PER_SEC)

bool is_dom0(void)
{
	return start_info->flags & SIF_INITDOMAIN;
}

bool is_helium(void)
{
	return strstr(extraversion, "elium");
}

static const char *option_text(const char *key)
{
	size_t n = strlen(key);

	for (const char *p = cmdline; (p = strstr(p, key)); p += n)
		if ((p == cmdline || p[-1] == ' ') && (p[n] == '=' || p[n] == ' ' || !p[n]))
			return p[n] == '=' ? p + n + 1 : p + n;
	return NULL;
}

uint64_t option_number(const char *key, uint64_t fallback)
{
	const char *text = option_text(key);

	return text ? parse_number(text) : fallback;
}

bool option_is(const char *key, const char *value)
{
	const char *text = option_text(key);
	size_t n = strlen(value);

	return text && !strncmp(text, value, n) && (text[n] == ' ' || !text[n]);
}

void test_printf(const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	console_write(text, n < (int)sizeof(text) ? n : (int)sizeof(text) - 1);
}

static void report(enum outcome o, const char *what, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	test_printf("  %s: %s\n", what, text);
	if (o > outcome)
		outcome = o;
}

#define DEFINE_REPORT(name, worst, what)            \
	void test_##name(const char *fmt, ...)      \
	{                                           \
		va_list ap;                         \
		va_start(ap, fmt);                  \
		report(worst, what, fmt, ap);       \
		va_end(ap);                         \
	}
DEFINE_REPORT(failure, FAILURE, "failure")
DEFINE_REPORT(error, ERROR, "error")
DEFINE_REPORT(skip, SKIP, "skip")

bool test_has_failed(void)
{
	return outcome >= ERROR;
}

void test_abort(void)
{
	if (outcome == SUCCESS)
		outcome = FAILURE;
	while (this_cpu())
		__asm__ volatile("cli; hlt");
	if (!in_test)
		power_off();
	context_resume(&abort_context, 1);
}

static const struct test *test_find(const char *name)
{
	for (const struct test *t = tests_start; t < tests_end; t++) {
		size_t n = strlen(t->name);

		if (!strncmp(name, t->name, n) && (name[n] == ' ' || !name[n]))
			return t;
	}
	return NULL;
}

/* Whether the option lists this test: by name, or by name@place. */
static bool is_listed(const char *option, const struct test *t, const char *place)
{
	const char *list = option_text(option);
	size_t n = strlen(t->name), m = strlen(place);

	for (; list && *list && *list != ' '; list++) {
		if (!strncmp(list, t->name, n)) {
			const char *end = list + n;

			if (*end == '@' && !strncmp(end + 1, place, m))
				end += 1 + m;
			if (*end == ',' || *end == ' ' || !*end)
				return true;
		}
		while (*list && *list != ' ' && *list != ',')
			list++;
		if (*list != ',')
			break;
	}
	return false;
}

static bool is_wanted(const struct test *t, const char *place)
{
	if (!(t->where & BENCH) != !option_text("bench") || is_listed("skip", t, place))
		return false;
	return !option_text("tests") || is_listed("tests", t, place);
}

void domu_run(const char *name, unsigned int vcpus)
{
	struct domu u;
	uint64_t start = now_ns();
	long rc;

	if (domu_create(&u, 1, name, vcpus))
		return;
	rc = domu_unpause(&u);
	if (rc) {
		test_failure("unpause: %ld", rc);
	} else {
		rc = domu_wait(&u, DOMU_TIMEOUT_NS);
		if (u.box->outcome > outcome + 1u)
			outcome = u.box->outcome - 1;
		else if (!u.box->outcome)
			test_failure("the domain ended without an outcome: %ld after %lu ms", rc,
				     (now_ns() - start) / NSEC_PER_MSEC);
	}
	domu_destroy(&u);
}

static void run_one(const struct test *t, const char *place)
{
	uint64_t start = now_ns();

	outcome = SUCCESS;
	pages_reset();
	if (!context_save(&abort_context)) {
		in_test = true;
		if (is_dom0() && !strcmp(place, "domu"))
			domu_run(t->name, t->vcpus);
		else
			t->run();
	}
	in_test = false;
	irq_disable();
	if (is_dom0())
		test_printf("TEST %s@%s %s %lu\n", t->name, place, outcome_names[outcome],
			    (now_ns() - start) / NSEC_PER_MSEC);
}

static void run_all(void)
{
	unsigned int nr = 0;

	test_printf("TESTS-START\n");
	for (const struct test *t = tests_start; t < tests_end; t++) {
		if ((t->where & IN_DOM0) && is_wanted(t, "dom0")) {
			run_one(t, "dom0");
			nr++;
		}
		if ((t->where & IN_DOMU) && is_wanted(t, "domu")) {
			run_one(t, "domu");
			nr++;
		}
	}
	test_printf("TESTS-DONE %u\n", nr);
}

/* QEMU's exit device first (absent elsewhere), then the honest way. */
static void power_off(void)
{
	struct sched_shutdown op = { .reason = SHUTDOWN_poweroff };

	if (is_dom0())
		outb(0xf4, 0);
	sched_op(SCHEDOP_shutdown, &op);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void guest_main(const struct hvm_start_info *info);
void guest_main(const struct hvm_start_info *info)
{
	const char *name;
	const struct test *t = NULL;
	unsigned int where;
	long rc;

	start_info = info;
	if (info->cmdline_paddr)
		snprintf(cmdline, sizeof(cmdline), "%s", (const char *)info->cmdline_paddr);
	hypercall_init();
	traps_init_cpu();
	mem_init();
	console_init();
	xen_version(XENVER_extraversion, extraversion);
	name = option_text("test");
	if (name)
		t = test_find(name);
	rc = shared_info_init();
	if (rc)
		test_printf("shared info: %ld\n", rc);
	where = t ? t->where : option_text("bench") ? XAPIC | NO_UPCALL : 0;
	apic_init_cpu(where & XAPIC);
	rc = where & NO_UPCALL ? 0 : events_init_cpu();
	if (rc)
		test_printf("upcall vector: %ld\n", rc);
	if (t) {
		run_one(t, "domu");
		own_mailbox.outcome = outcome + 1;
		if (!is_dom0() && option_text("standalone"))
			test_printf("TEST %s@domu %s 0\nTESTS-DONE 1\n", t->name,
				    outcome_names[outcome]);
	} else if (is_dom0()) {
		run_all();
	} else {
		test_printf("TESTS-DONE 0: no test of that name: %s\n", cmdline);
	}
	power_off();
}
