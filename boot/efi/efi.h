/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the UEFI application: what main.c, source.c and handoff.c share. Functions that return
 * EFI_STATUS have said on the console what went wrong.
 */
#pragma once

#include <efi.h>
#include <efilib.h>

#define LOW_END 0xffffffffULL /* multiboot2 has 32-bit addresses */

struct blob { /* size bytes in pages below 4 GiB, with room for one more */
	UINT8 *at;
	UINTN size;
};

/* Print name and why, with what the firmware says of it; returns status. */
EFI_STATUS fail(EFI_STATUS status, const char *name, const char *why);

/* Pages that pages_free_all() gives back. The address is in and out as AllocatePages() has it. */
EFI_STATUS pages_take(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN size, EFI_PHYSICAL_ADDRESS *at);
void pages_free_all(void);

void source_init(EFI_LOADED_IMAGE *self);
/*
 * Get a piece: the image's section of that name if there is one, else the file, by its path from our
 * folder or, after a backslash, from the volume's root. With neither (file "") *b stays as it is. With
 * Secure Boot on files are refused.
 */
EFI_STATUS source_get(struct blob *b, const char *section, const char *file);

struct handoff {
	const char *options;	       /* the hypervisor's command line */
	struct blob kernel, ramdisk;   /* ramdisk.at NULL: none */
	const char *kernel_args;
};

/* Leave boot services and start the hypervisor. Returns only on failure. */
EFI_STATUS handoff_start(EFI_HANDLE image, const struct handoff *h);
