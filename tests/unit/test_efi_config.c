/* SPDX-License-Identifier: GPL-2.0-only */
/* helium.cfg and helium.efi's own command line: sections, keys, odd line ends, and nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boot/efi/config.h"
#include "unit.h"

static struct efi_config c;
static char *text; /* exactly as large as promised, so that the sanitizer sees one byte too many */
static size_t text_size;

static const char *parse_bytes(const char *bytes, size_t size, const char *section)
{
	free(text);
	text = malloc(size + 1);
	memcpy(text, bytes, size);
	text_size = size;
	c = (struct efi_config){ .section = section };
	return efi_config_parse(&c, text, size);
}

static const char *parse(const char *s, const char *section)
{
	return parse_bytes(s, strlen(s), section);
}

static void check_kernel(const char *file, const char *args)
{
	assert_string_equal(c.kernel, file);
	assert_string_equal(c.kernel_args, args);
}

static const char usual[] =
	"# a comment\n"
	"[global]\n"
	"default=debian\n"
	"\n"
	"[debian]\n"
	"options=dom0_mem=2G console=com1,vga\n"
	"kernel=vmlinuz-6.1.0-56-amd64 root=/dev/sda2 ro\n"
	"ramdisk=initrd.img-6.1.0-56-amd64\n"
	"[other]\n"
	"kernel=\\EFI\\other\\vmlinuz\n";

static void the_default_section(void **state)
{
	assert_null(parse(usual, NULL));
	assert_string_equal(c.section, "debian");
	assert_string_equal(c.options, "dom0_mem=2G console=com1,vga");
	check_kernel("vmlinuz-6.1.0-56-amd64", "root=/dev/sda2 ro");
	assert_string_equal(c.ramdisk, "initrd.img-6.1.0-56-amd64");
}

static void a_section_by_name(void **state)
{
	assert_null(parse(usual, "other"));
	check_kernel("\\EFI\\other\\vmlinuz", "");
	assert_string_equal(c.options, "");
	assert_string_equal(c.ramdisk, "");
}

static void odd_form(void **state)
{
	assert_null(parse("\r\n  [x] \t\r\n\tkernel =  k  a=b  \r\n ramdisk\t= r\t\r\n;kernel=no\r\nxoptions=no\r\noptionsx=no", "x"));
	check_kernel("k", "a=b");
	assert_string_equal(c.ramdisk, "r");
	assert_string_equal(c.options, "");
	assert_null(parse("[x]\nkernel=first\nkernel=second", "x")); /* no line end at the end */
	check_kernel("first", "");
}

static void what_is_missing_is_said(void **state)
{
	assert_string_equal(parse("", NULL), "has no default= in [global], and no section was named");
	assert_string_equal(parse("[x]\nkernel=k\n", NULL), "has no default= in [global], and no section was named");
	assert_string_equal(parse("[global]\ndefault=y\n[x]\nkernel=k\n", NULL), "has no such section");
	assert_string_equal(c.section, "y");
	assert_string_equal(parse(usual, "debia"), "has no such section");
	assert_string_equal(parse(usual, "debiann"), "has no such section");
	assert_string_equal(parse(usual, ""), "has no such section");
	assert_string_equal(parse("[x]\noptions=a\n[y]\nkernel=k\n", "x"), "has no kernel= in that section");
	assert_string_equal(parse("[x]\nkernel=\n", "x"), "has no kernel= in that section");
	assert_string_equal(parse("[x\nkernel=k\n", "x"), "has no such section");
}

static void is_inside(const char *s)
{
	assert_true(s == c.section || !*s || (s >= text && s <= text + text_size));
	assert_true(strlen(s) <= text_size);
}

static void random_text(void **state)
{
	static const char *const pieces[] = {
		"[", "]", "global", "x", "\n", "\r", " ", "\t", "=", "default", "kernel", "options", "ramdisk", "#", "",
		"[global]\n", "[x]\n", "default=x\n", "kernel=k x\n",
	};
	unsigned int understood = 0;

	unit_seed();
	for (unsigned int round = 0; round < 50000; round++) {
		char bytes[400];
		size_t n = 0;

		for (unsigned int i = unit_below(24); i; i--) {
			const char *p = pieces[unit_below(sizeof(pieces) / sizeof(pieces[0]))];

			memcpy(bytes + n, p, strlen(p) + 1);
			n += strlen(p) + (unit_below(50) == 0); /* sometimes with its NUL */
			if (unit_below(50) == 0)
				bytes[n++] = (char)unit_rand();
		}
		if (parse_bytes(bytes, n, unit_below(2) ? NULL : "x"))
			continue;
		understood++;
		assert_true(*c.kernel);
		is_inside(c.kernel_args);
		is_inside(c.section);
		is_inside(c.kernel);
		is_inside(c.options);
		is_inside(c.ramdisk);
	}
	assert_true(understood > 100);
}

static void check_section(const char *line, const char *want)
{
	char copy[100];
	const char *got;

	strcpy(copy, line);
	got = efi_args_section(copy);
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void arguments(void **state)
{
	check_section("", NULL);
	check_section("  \t ", NULL);
	check_section("debian", "debian"); /* from a boot entry */
	check_section(" FS0:\\EFI\\Helium\\HELIUM.Efi \tdebian ", "debian"); /* from the shell */
	check_section("helium.efi", NULL);
	check_section("a b.efi", "a");
	check_section(".efi", ".efi");
}

static int free_text(void **state)
{
	free(text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_section), cmocka_unit_test(a_section_by_name), cmocka_unit_test(odd_form),
		cmocka_unit_test(what_is_missing_is_said), cmocka_unit_test(random_text), cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, NULL, free_text);
}
