/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's command line: values, tolerance of what GRUB adds, and nonsense of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "init/cmdline.h"
#include "init/dom0_load.h"

static char reported[4096];
static unsigned int nr_reported;

static void report(const char *option, const char *why)
{
	size_t at = strlen(reported);

	assert_true(strlen(why) > 0);
	snprintf(reported + at, sizeof(reported) - at, "%s|", option);
	nr_reported++;
}

static struct options parse(const char *line)
{
	struct options o;

	reported[0] = '\0';
	nr_reported = 0;
	cmdline_parse(&o, line, report);
	return o;
}

static void test_defaults(void **state)
{
	struct options o = parse("");

	assert_int_equal(o.console, CONSOLE_COM1 | CONSOLE_VGA);
	assert_string_equal(o.com1, "115200,8n1");
	assert_int_equal(o.loglvl, LOG_INFO);
	assert_int_equal(o.guest_loglvl, LOG_WARN);
	assert_false(o.dom0_mem.set);
	assert_false(o.noreboot);
	assert_true(o.spec_rsb == SPEC_AUTO && o.spec_ibpb == SPEC_AUTO);
	cmdline_parse(&o, NULL, report);
}

static void test_usual_line(void **state)
{
	struct options o = parse("placeholder console=com1,vga com1=57600,8n1,0x3e8,5 loglvl=all "
				 "guest_loglvl=none/error dom0_mem=1024M,max:2G dom0_max_vcpus=2-4 "
				 "maxcpus=3 noreboot dom0=pvh no-real-mode edd=off");

	assert_string_equal(reported, "");
	assert_int_equal(o.console, CONSOLE_COM1 | CONSOLE_VGA);
	assert_string_equal(o.com1, "57600,8n1,0x3e8,5");
	assert_int_equal(o.loglvl, LOG_DEBUG);
	assert_int_equal(o.guest_loglvl, LOG_ERR);
	assert_true(o.dom0_mem.set && o.dom0_mem_max.set && !o.dom0_mem_min.set);
	assert_int_equal(mem_amount_bytes(&o.dom0_mem, GIB(4)), MIB(1024));
	assert_int_equal(mem_amount_bytes(&o.dom0_mem_max, GIB(4)), GIB(2));
	assert_int_equal(o.dom0_vcpus_min, 2);
	assert_int_equal(o.dom0_vcpus_max, 4);
	assert_int_equal(o.maxcpus, 3);
	assert_true(o.noreboot);
}

static void check_amount(const char *line, uint64_t total, uint64_t expect)
{
	struct options o = parse(line);

	assert_string_equal(reported, "");
	assert_int_equal(mem_amount_bytes(&o.dom0_mem, total), expect);
}

static void test_amounts(void **state)
{
	check_amount("dom0_mem=65536", GIB(4), MIB(64)); /* KiB without a letter */
	check_amount("dom0_mem=0x100M", GIB(4), MIB(256));
	check_amount("dom0_mem=1g", GIB(4), GIB(1));
	check_amount("dom0_mem=4096b", GIB(4), 4096);
	check_amount("dom0_mem=8T", GIB(4), GIB(8192));
	check_amount("dom0_mem=-512M", GIB(4), GIB(4) - MIB(512));
	check_amount("dom0_mem=-8G", GIB(4), 0);
	check_amount("dom0_mem=25%", GIB(4), GIB(4) / 100 * 25);
	check_amount("dom0_mem=900%", GIB(4), GIB(4) / 100 * 100);
	check_amount("dom0_mem=256M+10%", GIB(4), MIB(256) + GIB(4) / 100 * 10);
	check_amount("dom0_mem=-256M+50%", GIB(4), GIB(4) / 100 * 50 - MIB(256));
}

static void test_bad_values_leave_defaults(void **state)
{
	static const char *const lines[] = {
		"dom0_mem=", "dom0_mem", "dom0_mem=M", "dom0_mem=1X", "dom0_mem=1G,max:",
		"dom0_mem=1G,2Q", "dom0_mem=99999999999999999999", "dom0_mem=9999999999T",
		"dom0_mem=-5%", "dom0_mem=1G+", "dom0_mem=1G+5", "dom0_max_vcpus=0",
		"dom0_max_vcpus=4-2", "dom0_max_vcpus=-", "dom0_max_vcpus=x", "maxcpus=1x",
		"maxcpus=4294967296", "maxcpus=", "noreboot=maybe", "loglvl=loud", "loglvl=info/x",
		"console=tty0", "dom0=pv", "no-maxcpus=3",
		"com1=0123456789012345678901234567890123456789", "nonsense", "=", "=x", "no-",
	};
	struct options defaults = parse("");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		struct options o = parse(lines[i]);

		if (nr_reported != 1)
			fail_msg("'%s': %u reports", lines[i], nr_reported);
		if (memcmp(&o, &defaults, sizeof(o)))
			fail_msg("'%s' changed something", lines[i]);
	}
}

static void test_switches(void **state)
{
	struct options o;

	assert_true(parse("noreboot=1").noreboot);
	assert_false(parse("noreboot noreboot=off").noreboot);
	assert_false(parse("dom0_vcpus_pin no-dom0_vcpus_pin").dom0_pin);
	assert_int_equal(parse("spec-ctrl=0").spec_rsb, SPEC_NO);
	assert_int_equal(parse("no-spec-ctrl").spec_ibpb, SPEC_NO);
	assert_int_equal(parse("spec-ctrl=no spec-ctrl=on").spec_rsb, SPEC_AUTO);
	o = parse("spec-ctrl=no spec-ctrl=no-rsb,ibpb");
	assert_true(o.spec_rsb == SPEC_NO && o.spec_ibpb == SPEC_YES);
	o = parse("spec-ctrl=rsb,nonsense");
	assert_true(o.spec_rsb == SPEC_AUTO && o.spec_ibpb == SPEC_AUTO && nr_reported == 1);
	assert_true(parse("efi=no-rs").no_efi && !parse("efi=no-rs efi=rs").no_efi);
	assert_true(parse("vmx=no-vid").no_vid && !parse("vmx=vid").no_vid && !parse("").no_vid && nr_reported == 0);
	assert_true(!parse("vmx=no-rs").no_vid && nr_reported == 1);
	assert_true(!parse("efi=no-attr").no_efi && nr_reported == 1);
	assert_int_equal(parse("console=none").console, 0);
	assert_int_equal(parse("dom0_max_vcpus=3").dom0_vcpus_max, 3);
	assert_int_equal(parse("dom0_max_vcpus=3").dom0_vcpus_min, 3);
	assert_int_equal(parse("dom0_max_vcpus=3-").dom0_vcpus_max, UINT32_MAX);
	assert_int_equal(parse("dom0_max_vcpus=-3").dom0_vcpus_min, 1);
}

static void test_iommu(void **state)
{
	static const struct {
		const char *line;
		enum iommu_choice choice;
		bool no_intremap;
		unsigned int reports;
	} cases[] = {
		{ "", IOMMU_ON, false, 0 },
		{ "iommu=on", IOMMU_ON, false, 0 },
		{ "iommu=no", IOMMU_OFF, false, 0 },
		{ "no-iommu", IOMMU_OFF, false, 0 },
		{ "iommu=required", IOMMU_REQUIRED, false, 0 },
		{ "iommu=1,force", IOMMU_REQUIRED, false, 0 },
		{ "iommu=off iommu=yes", IOMMU_ON, false, 0 },
		{ "iommu=no-intremap", IOMMU_ON, true, 0 },
		{ "iommu=required,intremap=off", IOMMU_REQUIRED, true, 0 },
		{ "iommu=no-intremap,intremap", IOMMU_ON, false, 0 },
		{ "iommu=verbose,required,dom0-strict", IOMMU_REQUIRED, false, 1 },
		{ "iommu=requiredx", IOMMU_ON, false, 1 },
		{ "iommu", IOMMU_ON, false, 1 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct options o = parse(cases[i].line);

		if (o.iommu != cases[i].choice || o.no_intremap != cases[i].no_intremap ||
		    nr_reported != cases[i].reports)
			fail_msg("'%s': %u, %u, %u reports", cases[i].line, o.iommu, o.no_intremap, nr_reported);
	}
}

static void test_ignored_are_named_grub_words_are_not(void **state)
{
	parse("build/helium noreboot");
	assert_string_equal(reported, "");
	parse("noreboot build/helium");
	assert_string_equal(reported, "build/helium|");
	parse("  iommu=verbose sched=credit2\twatchdog\n placeholder edd=off ");
	assert_string_equal(reported, "iommu=verbose|sched=credit2|watchdog|");
}

static void test_end_of_options(void **state)
{
	assert_false(parse("-- noreboot").noreboot);
}

static void test_long_word_is_cut_in_report(void **state)
{
	char line[300];

	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	parse(line);
	assert_int_equal(nr_reported, 1);
	assert_int_equal(strlen(reported), 48);
}

/* Any bytes at all: no overflow, texts stay terminated, values stay in their ranges. */
static void test_random(void **state)
{
	static const char *const bits[] = { "dom0_mem", "max:", "min:", "=", ",", "-", "+", "%", "1", "9999",
		"G", "M", " ", "console", "com1", "vga", "loglvl", "all", "/", "dom0_max_vcpus",
		"maxcpus", "no-", "noreboot", "0x", "ff", "spec-ctrl", "\xff", "--", "\t" };
	const char *env = getenv("UNIT_SEED");
	unsigned int seed = env ? (unsigned int)atoi(env) : (unsigned int)time(NULL);
	unsigned int i, j;

	print_message("UNIT_SEED=%u\n", seed);
	srand(seed);
	for (i = 0; i < 20000; i++) {
		char line[512] = "";
		struct options o;

		for (j = rand() % 24; j > 0; j--)
			strcat(line, bits[rand() % ARRAY_SIZE(bits)]);
		o = parse(line);
		assert_true(strnlen(o.com1, sizeof(o.com1)) < sizeof(o.com1));
		assert_in_range(o.loglvl + 1, 0, LOG_DEBUG + 1);
		assert_true(o.dom0_vcpus_min <= o.dom0_vcpus_max);
		mem_amount_bytes(&o.dom0_mem, (uint64_t)rand() << 20);
	}
}

static void count_help(const char *name, const char *syntax, const char *help, void *arg)
{
	assert_true(strlen(name) && strlen(help));
	++*(unsigned int *)arg;
}

static void test_every_option_has_help(void **state)
{
	unsigned int n = 0;

	cmdline_for_each_option(count_help, &n);
	assert_in_range(n, 20, 200);
}

static void check_dom0(const char *module, const char *expect)
{
	char buf[200];

	assert_int_equal(dom0_cmdline(buf, sizeof(buf), module, true), strlen(expect));
	assert_string_equal(buf, expect);
}

/* With an IOMMU. */
static void check_dom0_directly(const char *module, const char *expect)
{
	char buf[200];

	assert_int_equal(dom0_cmdline(buf, sizeof(buf), module, false), strlen(expect));
	assert_string_equal(buf, expect);
}

static void test_dom0_cmdline(void **state)
{
	check_dom0("placeholder root=/dev/sda1 ro", "root=/dev/sda1 ro swiotlb=force");
	check_dom0("/boot/vmlinuz-6.1 root=/dev/sda1", "root=/dev/sda1 swiotlb=force");
	check_dom0("  vmlinuz console=hvc0", "console=hvc0 swiotlb=force");
	check_dom0("root=/dev/sda1 ro", "root=/dev/sda1 ro swiotlb=force");
	check_dom0("ro quiet", "ro quiet swiotlb=force");
	check_dom0("ro swiotlb=65536,force", "ro swiotlb=65536,force");
	check_dom0("ro myswiotlb=1", "ro myswiotlb=1 swiotlb=force");
	check_dom0("", "swiotlb=force");
	check_dom0("placeholder", "swiotlb=force");
	check_dom0_directly("placeholder", "");
	check_dom0_directly("vmlinuz ro quiet", "ro quiet");
	check_dom0_directly("ro swiotlb=force", "ro swiotlb=force");
}

static void test_dom0_cmdline_does_not_overflow(void **state)
{
	char buf[8] = "1234567";

	assert_int_equal(dom0_cmdline(buf, 4, "quiet", true), strlen("quiet swiotlb=force"));
	assert_string_equal(buf, "qui");
	assert_string_equal(buf + 4, "567");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_usual_line),
		cmocka_unit_test(test_amounts),
		cmocka_unit_test(test_bad_values_leave_defaults),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_iommu),
		cmocka_unit_test(test_ignored_are_named_grub_words_are_not),
		cmocka_unit_test(test_end_of_options),
		cmocka_unit_test(test_long_word_is_cut_in_report),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_every_option_has_help),
		cmocka_unit_test(test_dom0_cmdline),
		cmocka_unit_test(test_dom0_cmdline_does_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
