/* SPDX-License-Identifier: GPL-2.0-only */
/* Running other programs for devices: hotplug scripts, the default network, modprobe. */
#pragma once

#include <stddef.h>

/*
 * Run argv[0], a path or a name in PATH, with these variables ("NAME=VALUE", NULL at the end) added
 * to our own, and wait for its end. Returns its exit status, 128 + N after signal N, -ETIMEDOUT
 * when it had to be ended with all its children, or a negative errno. last holds the last line it
 * said, on stdout or stderr, or "".
 */
int program_run(char *const argv[], char *const variables[], int timeout_ms, char *last,
		size_t last_size);
/* The path of a file in our own folder of scripts, or else in Xen's; an absolute name is itself. */
void program_script_path(const char *name, char *path, size_t size);
