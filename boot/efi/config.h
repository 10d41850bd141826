/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * helium.cfg, in the format of xen.cfg, and helium.efi's own command line: [SECTION]. Pure. Texts
 * are cut up in place and must outlive the results, which point into them.
 *
 *	[global]
 *	default=debian
 *	[debian]
 *	options=dom0_mem=2G console=com1
 *	kernel=vmlinuz root=/dev/sda2 ro
 *	ramdisk=initrd.img
 */
#pragma once

#include <stddef.h>

struct efi_config {
	const char *section; /* in: NULL for the default; out: the one that was read */
	const char *options; /* the hypervisor's command line or "" */
	const char *kernel;  /* file name */
	const char *kernel_args;
	const char *ramdisk; /* file name, "" for none */
};

/* The section that is named, or NULL. A first word that ends in ".efi" is our own name, the shell's habit. */
const char *efi_args_section(char *line);

/* text[size] must be writable: a NUL goes there. NULL, or a sentence that says what is wrong. */
const char *efi_config_parse(struct efi_config *c, char *text, size_t size);
