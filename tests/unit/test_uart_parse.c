/* SPDX-License-Identifier: GPL-2.0-only */
/* The syntax of com1=. */
#include "unit.h"

#include "lib/errno.h"
#include "x86/uart.h"

static struct uart_config cfg;

static int parse(const char *text)
{
	cfg = (struct uart_config){ .port = 0x3f8, .irq = 4, .baud = 9600, .lcr = 3 };
	return uart_parse(text, &cfg);
}

static void good(void **state)
{
	assert_int_equal(parse("115200,8n1"), 0);
	assert_int_equal(cfg.baud, 115200);
	assert_int_equal(cfg.lcr, 3);
	assert_int_equal(cfg.port, 0x3f8);
	assert_int_equal(parse("auto"), 0);
	assert_int_equal(cfg.baud, 0);
	assert_int_equal(parse("38400,7e2,0x2f8,3"), 0);
	assert_int_equal(cfg.lcr, 0x02 | 0x04 | 0x18);
	assert_int_equal(cfg.port, 0x2f8);
	assert_int_equal(cfg.irq, 3);
	assert_int_equal(parse("115200/1843200,8o1"), 0);
	assert_int_equal(cfg.lcr, 0x0b);
	assert_int_equal(parse(",,0x3e8"), 0); /* Xen lets fields be empty */
	assert_int_equal(cfg.baud, 9600);
	assert_int_equal(cfg.port, 0x3e8);
	assert_int_equal(parse(""), 0);
	assert_int_equal(parse("9600,8n1,1016,0"), 0);
	assert_int_equal(cfg.irq, 0);
}

static void bad(void **state)
{
	static const char *const texts[] = {
		"fast", "115201", "0", "7", "99999999999999999999", "115200,9n1", "115200,8x1", "115200,8n3",
		"115200,8n", "115200,8n1,0x10", "115200,8n1,0x10000", "115200,8n1,pci", "115200,8n1,0x3f8,16",
		"115200,8n1,0x3f8,4,", "115200,8n1x", "115200/3,8n1", "0x",
	};

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (parse(texts[i]) != -EINVAL)
			fail_msg("accepted '%s'", texts[i]);
		assert_int_equal(cfg.baud, 9600); /* untouched */
	}
}

static void random_text(void **state)
{
	static const char letters[] = "0158n,ex/auto";
	char text[16];

	unit_seed();
	for (unsigned int round = 0; round < 100000; round++) {
		size_t n = unit_below(15);

		for (size_t i = 0; i < n; i++)
			text[i] = letters[unit_below(sizeof(letters) - 1)];
		text[n] = '\0';
		if (parse(text) == 0) {
			assert_in_range(cfg.irq, 0, 15);
			assert_true(cfg.baud == 0 || 115200 % cfg.baud == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(bad), cmocka_unit_test(random_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
