/* SPDX-License-Identifier: GPL-2.0-only */
/* hl dmesg and debug-keys. */
#include "dom0-tools/cli/cli.h"

#include <stdio.h>
#include <string.h>

int cmd_dmesg(struct cli *cli)
{
	bool clear = cli_has(cli, 'c');
	static char buf[16384];
	uint32_t index = 0;
	int n;

	/* Piece by piece from the oldest on; then to clear, without losing what came since. */
	for (bool more = false;
	     (n = hl_readconsole(cli->hl, buf, sizeof(buf), false, more, &index)) > 0; more = true)
		fwrite(buf, 1, n, stdout);
	if (n >= 0 && clear)
		n = hl_readconsole(cli->hl, buf, sizeof(buf), true, true, &index);
	if (n > 0)
		fwrite(buf, 1, n, stdout);
	return n < 0 ? cli_error("cannot read the hypervisor's log: %s", strerror(-n)) : 0;
}

int cmd_debug_keys(struct cli *cli)
{
	int rc = hl_debug_keys(cli->hl, cli->arg[0]);

	return rc < 0 ? cli_error("cannot send debug keys: %s", strerror(-rc)) : 0;
}
