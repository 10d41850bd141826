/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our declaration of the control ABI against Xen 4.17's: every size, offset and number of
 * abi_layout.def, measured in two translation units because the names are the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "abi_layout.h"

static void test_layout_is_that_of_4_17(void **state)
{
	unsigned int wrong = 0;

	if (!abi_xen_nr) {
		print_message(
			"the installed Xen headers are not 4.17's: nothing to compare with\n");
		skip();
	}
	assert_int_equal(abi_ours_nr, abi_xen_nr);
	for (size_t i = 0; i < abi_ours_nr; i++) {
		const struct abi_fact *ours = &abi_ours[i], *xen = &abi_xen[i];

		if (ours->value == xen->value && ours->size == xen->size)
			continue;
		print_error("%s: ours %lu (size %lu), Xen %lu (size %lu)\n", ours->name,
			    ours->value, ours->size, xen->value, xen->size);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout_is_that_of_4_17),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
