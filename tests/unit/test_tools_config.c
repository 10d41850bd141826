/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest configurations: the syntax with its errors by line and column, the meaning of each key, the
 * warnings for keys that have none, and random damage to a good file under sanitizers.
 */
#include "unit.h"
#include "dom0-tools/config/config.h"

static char warnings[4096];

static void collect(void *arg, const char *text)
{
	strncat(warnings, text, sizeof(warnings) - strlen(warnings) - 2);
	strcat(warnings, "\n");
}

/* Parse and read; an error's message is left in dg. */
static int read_size(struct guest_config *c, const char *text, size_t size, struct diag *dg)
{
	struct cfg_file f;
	int rc;

	warnings[0] = 0;
	cfg_init(&f, "t.cfg");
	rc = cfg_parse(&f, text, size, dg);
	if (!rc)
		rc = config_read(c, &f, collect, NULL, dg);
	cfg_free(&f);
	return rc;
}

static int read_text(struct guest_config *c, const char *text, struct diag *dg)
{
	return read_size(c, text, strlen(text), dg);
}

#define LEAST "name='g'\nkernel='k'\n"

static const char whole[] =
	"# a guest\n"
	"name = \"web-1\"; type = 'pvh'\n"
	"uuid = \"01234567-89ab-cdef-0123-456789abcdef\"\n"
	"memory = 0x100\n"
	"maxmem = \"512\"\n"
	"vcpus = 2 # two\n"
	"kernel = \"/boot/vm\\x6cinuz\"\n"
	"ramdisk = '/boot/initrd'\n"
	"root = \"/dev/xvda\"\n"
	"extra = \"quiet\"\n"
	"extra += \" ro\"\n"
	"on_poweroff = 'preserve'\non_reboot = 'destroy'\non_crash = 'rename-restart'\n"
	"cpus = [ \"0-3,^2\",\n  \"all\", ]\n"
	"cpu_weight = 512\n"
	"cap = 50\n"
	"max_event_channels = 2000\n"
	"tsc_mode = \"native\"\n"
	"vif = [ '', \"bridge=br0\" ]\n";

static void test_whole(void **state)
{
	struct guest_config c;
	struct diag dg = { "" };
	char uuid[37];

	assert_int_equal(read_text(&c, whole, &dg), 0);
	assert_string_equal(warnings, "");
	assert_string_equal(c.name, "web-1");
	config_format_uuid(c.uuid, uuid);
	assert_string_equal(uuid, "01234567-89ab-cdef-0123-456789abcdef");
	assert_int_equal(c.memory_mib, 256);
	assert_int_equal(c.maxmem_mib, 512);
	assert_int_equal(c.vcpus, 2);
	assert_int_equal(c.maxvcpus, 2);
	assert_string_equal(c.kernel, "/boot/vmlinuz");
	assert_string_equal(c.ramdisk, "/boot/initrd");
	assert_string_equal(c.cmdline, "root=/dev/xvda quiet ro");
	assert_int_equal(c.on_poweroff, ACTION_PRESERVE);
	assert_int_equal(c.on_reboot, ACTION_DESTROY);
	assert_int_equal(c.on_crash, ACTION_RENAME_RESTART);
	assert_int_equal(c.nr_vifs, 2);
	assert_int_equal(c.vif[1].id, 1);
	assert_string_equal(c.vif[1].bridge, "br0");
	assert_int_equal(c.nr_cpus, 2);
	assert_int_equal(c.cpus[0].bits[0], 0x0b);
	assert_int_equal(c.cpus[1].bits[31], 0xff);
	assert_int_equal(c.weight, 512);
	assert_int_equal(c.cap, 50);
	assert_int_equal(c.max_evtchn_port, 2000);
	config_free(&c);
}

/* The example that is installed, and printed in the manual, is one that hl takes without a word. */
static void test_example(void **state)
{
	FILE *in = fopen("dom0-tools/install/example.cfg", "r");
	struct guest_config c;
	struct diag dg = { "" };
	char text[4096];

	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = 0;
	fclose(in);
	assert_int_equal(read_text(&c, text, &dg), 0);
	assert_string_equal(warnings, "");
	assert_string_equal(c.name, "example");
	config_free(&c);
}

static void test_key(void *arg, const char *name, const char *values, const char *help)
{
	assert_true(*name && *values && strlen(help) > 4);
	(*(unsigned int *)arg)++;
}

/* The manual has every key; a key is supported or not, but not both. */
static void test_manual(void **state)
{
	unsigned int nr = 0;

	config_each_key(test_key, &nr);
	assert_int_equal(nr, 24);
	for (const char *const *k = config_unsupported; *k; k++) {
		struct guest_config c;
		struct diag dg = { "" };
		char text[128];

		snprintf(text, sizeof(text), LEAST "%s='x'\n", *k);
		assert_int_equal(read_text(&c, text, &dg), 0);
		assert_non_null(strstr(warnings, "is not supported yet"));
		config_free(&c);
	}
}

static void test_defaults(void **state)
{
	struct guest_config c;
	struct diag dg = { "" };

	assert_int_equal(read_text(&c, LEAST, &dg), 0);
	assert_int_equal(c.memory_mib, 128);
	assert_int_equal(c.maxmem_mib, 128);
	assert_int_equal(c.vcpus, 1);
	assert_int_equal(c.max_evtchn_port, 1023);
	assert_string_equal(c.cmdline, "");
	assert_int_equal(c.on_reboot, ACTION_RESTART);
	assert_int_equal(c.on_crash, ACTION_DESTROY);
	config_free(&c);
}

static void test_firmware(void **state)
{
	struct guest_config c;
	struct diag dg;

	assert_int_equal(read_text(&c, "name='g'\nfirmware='pvgrub64'\ncloud_init='u'", &dg), 0);
	assert_null(c.kernel);
	assert_string_equal(c.firmware, "pvgrub64");
	assert_string_equal(c.cloud_init, "u");
	config_free(&c);
	assert_null(c.firmware);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "kernel='k'", "t.cfg: no name" },
		{ "name='g'", "t.cfg: no kernel" },
		{ LEAST "firmware='pvgrub64'", "t.cfg: kernel and firmware exclude each other" },
		{ "name='g'\nfirmware='pvgrub64'\nramdisk='r'", "t.cfg: ramdisk goes with kernel" },
		{ LEAST "memory 3", "t.cfg:3:8: expected '='" },
		{ LEAST "memory = ", "t.cfg:3:10: expected a value" },
		{ LEAST "memory = much", "t.cfg:3:10: text needs quotes" },
		{ LEAST "memory = 12x", "t.cfg:3:10: not a number" },
		{ LEAST "memory = 3", "t.cfg:3:10: memory: must be 4 to" },
		{ LEAST "memory = -1", "t.cfg:3:10: memory: must be 4 to" },
		{ LEAST "memory = 99999999999999999999", "t.cfg:3:10: not a number" },
		{ LEAST "memory = [4]", "t.cfg:3:10: memory: expected a number" },
		{ LEAST "memory = ''", "t.cfg:3:10: memory: expected a number" },
		{ LEAST "root = [1]", "t.cfg:3:8: root: expected text" },
		{ LEAST "extra = 'a\nb'", "t.cfg:3:9: string without closing quote" },
		{ LEAST "extra = '\\q'", "t.cfg:3:12: unknown \\ sequence" },
		{ LEAST "extra = '\\x00'", "unknown \\ sequence" },
		{ LEAST "cpus = [ 1, \n2", "t.cfg:3:8: list without closing ']'" },
		{ LEAST "cpus = [ 1 2 ]", "t.cfg:3:12: expected ',' or ']'" },
		{ LEAST "cpus = '3-1'", "t.cfg:3:8: cpus: expected CPUs" },
		{ LEAST "cpus = '256'", "cpus: expected CPUs" },
		{ LEAST "cpus = ['0','1']", "cpus lists 2 vCPUs, but the guest has 1" },
		{ LEAST "vcpus = 2 3", "t.cfg:3:11: unexpected text" },
		{ LEAST "= 3", "t.cfg:3:1: expected a key" },
		{ LEAST "type = 'hvm'", "Helium runs PVH guests, not \"hvm\"" },
		{ LEAST "on_crash = 'weep'", "t.cfg:3:12: on_crash: expected \"destroy\"" },
		{ LEAST "uuid = '0'", "uuid: expected" },
		{ LEAST "vif = ''", "t.cfg:3:7: vif: expected a list" },
		{ LEAST "vif = [ 1 ]", "t.cfg:3:9: vif: expected text" },
		{ LEAST "vif = [ '',\n 'bridge=a, mac=x' ]", "t.cfg:4:17: vif: mac=x: expected six pairs" },
		{ LEAST "maxmem = 64", "maxmem (64) is less than memory (128)" },
		{ LEAST "name = '123'", "t.cfg:3:8: name: a name holds" },
		{ LEAST "name = '../x'", "name: a name holds" },
		{ LEAST "a=[[[[[[1]]]]]]", "lists nested too deeply" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct diag dg = { "" };
		struct guest_config c;

		assert_true(read_text(&c, bad[i].text, &dg) < 0);
		if (!strstr(dg.text, bad[i].message))
			fail_msg("'%s' gave '%s', not '%s'", bad[i].text, dg.text, bad[i].message);
	}
}

static void test_warnings(void **state)
{
	struct guest_config c;
	struct diag dg = { "" };

	assert_int_equal(
		read_text(&c,
			  LEAST
			  "\nmemroy = 5\npci = [ 'x' ]\nqwertyuiop = 1\ncmdline='a'\nextra='b'",
			  &dg),
		0);
	assert_non_null(strstr(
		warnings, "t.cfg:4: unknown key 'memroy' is ignored; did you mean 'memory'?\n"));
	assert_non_null(strstr(warnings, "t.cfg:5: 'pci' is not supported yet"));
	assert_non_null(strstr(warnings, "t.cfg:6: unknown key 'qwertyuiop' is ignored\n"));
	assert_non_null(strstr(warnings, "root= and extra= are ignored in favour of cmdline="));
	assert_string_equal(c.cmdline, "a");
	config_free(&c);
}

/* Change, drop or double some bytes of a good file: never a crash, and each error has a message. */
static void test_damage(void **state)
{
	unit_seed();
	for (int run = 0; run < 20000; run++) {
		char text[2 * sizeof(whole)];
		size_t size = sizeof(whole) - 1;
		struct diag dg = { "" };
		struct guest_config c;

		memcpy(text, whole, size);
		for (unsigned int n = unit_below(4) + 1; n; n--) {
			size_t at = unit_below(size), length = unit_below(size - at) / 8;

			switch (unit_below(3)) {
			case 0:
				text[at] = unit_rand();
				break;
			case 1:
				memmove(text + at, text + at + length, size - at - length);
				size -= length;
				break;
			case 2:
				if (size + length > sizeof(text))
					break;
				memmove(text + at + length, text + at, size - at);
				size += length;
				break;
			}
		}
		if (read_size(&c, text, size, &dg)) {
			assert_string_not_equal(dg.text, "");
		} else {
			assert_true(c.memory_mib && c.vcpus && c.name && c.kernel && c.cmdline);
			config_free(&c);
		}
	}
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t kib;	/* 0: none */
	} sizes[] = {
		{ "512", 512 << 10 },	{ "512m", 512 << 10 }, { "512M", 512 << 10 },
		{ "2g", 2 << 20 },	{ "1t", 1 << 30 },     { "4096k", 4096 },
		{ "8192b", 8 },		{ "1023b", 0 },	       { "0", 0 },
		{ "", 0 },		{ "m", 0 },	       { "12q", 0 },
		{ "12mb", 0 },		{ "-1", 0 },	       { " 12", 0 },
		{ "+12", 0 },		{ "1.5g", 0 },	       { "18446744073709551615t", 0 },
		{ "99999999999999999999", 0 },		       { "1024t", 1ULL << 40 },
		{ "1025t", 0 },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t kib;
		bool ok = config_parse_size(sizes[i].text, &kib);

		if (ok != !!sizes[i].kib || (ok && kib != sizes[i].kib))
			fail_msg("'%s' gave %d, %llu KiB", sizes[i].text, ok, (unsigned long long)kib);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_firmware),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
