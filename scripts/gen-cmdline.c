/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints docs/cmdline.md from the hypervisor's option table. usage: gen-cmdline > docs/cmdline.md */
#include <stdio.h>

#include "init/cmdline.h"

static void print_option(const char *name, const char *syntax, const char *help, void *arg)
{
	printf("| `%s%s", name, syntax ? "=" : "");
	for (; syntax && *syntax; syntax++)
		printf(*syntax == '|' ? "\\|" : "%c", *syntax);
	printf("` | %s |\n", help);
}

int main(void)
{
	printf("# The hypervisor's command line\n\n"
	       "Made by `make docs` from the table in `hypervisor/init/cmdline.c`.\n\n"
	       "Options are words on the line that loads the hypervisor (GRUB: `multiboot2 "
	       "/helium.gz ...`). Names and syntax are Xen's. A switch `NAME` is also written "
	       "`NAME=yes`, and turned off by `NAME=no` or `no-NAME`. What is not understood is "
	       "named on the console and ignored; what GRUB adds by itself (`placeholder`, "
	       "`no-real-mode`, `edd=off`) is ignored silently, and so is everything behind `--`."
	       "\n\n| option | meaning |\n|---|---|\n");
	cmdline_for_each_option(print_option, NULL);
	printf("\nRows that only state a fact (\"there is one scheduler\") are options of Xen's that "
	       "are accepted and have no effect.\n");
	return 0;
}
