/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * helium.efi: the door without GRUB. A UEFI application that carries the hypervisor and does what a
 * multiboot2 loader does: reads helium.cfg, loads Dom0's kernel and initrd (source.c), leaves boot
 * services and enters the hypervisor with a list of tags (handoff.c). Until then every failure is said
 * on the firmware's console and goes back to the firmware as an error.
 */
#include "boot/efi/config.h"
#include "boot/efi/efi.h"

#define MAX_ARGS 512 /* characters of our own command line */
#define CONFIG	 "helium.cfg"

EFI_STATUS fail(EFI_STATUS status, const char *name, const char *why)
{
	Print(L"helium.efi: %a %a (%r)\n", name, why, status);
	return status;
}

/* Some firmware passes binary data of its own: what is not plain text is no command line. */
static void read_args(char *line, EFI_LOADED_IMAGE *self)
{
	const CHAR16 *options = self->LoadOptions;
	UINTN i, n = self->LoadOptionsSize / sizeof(*options);

	for (i = 0; i < n && i < MAX_ARGS - 1 && options[i]; i++) {
		if (options[i] < ' ' || options[i] > '~') {
			Print(L"helium.efi: load options that are not text are ignored\n");
			i = 0;
			break;
		}
		line[i] = (char)options[i];
	}
	line[i] = '\0';
}

static EFI_STATUS read_config(struct efi_config *c)
{
	struct blob b;
	const char *why;
	EFI_STATUS status = source_get(&b, ".config", CONFIG);

	if (status != EFI_SUCCESS)
		return status;
	why = efi_config_parse(c, (char *)b.at, b.size);
	Print(L"helium.efi: [%a]\n", c->section ? c->section : "");
	return why ? fail(EFI_INVALID_PARAMETER, CONFIG, why) : EFI_SUCCESS;
}

static EFI_STATUS start(EFI_HANDLE image, EFI_LOADED_IMAGE *self)
{
	static char line[MAX_ARGS];
	struct efi_config c = { 0 };
	struct handoff h = { 0 };
	EFI_STATUS status;

	read_args(line, self);
	c.section = efi_args_section(line);
	status = read_config(&c);
	if (status == EFI_SUCCESS)
		status = source_get(&h.kernel, ".kernel", c.kernel);
	if (status == EFI_SUCCESS)
		status = source_get(&h.ramdisk, ".ramdisk", c.ramdisk);
	h.options = c.options;
	h.kernel_args = c.kernel_args;
	return status == EFI_SUCCESS ? handoff_start(image, &h) : status;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *systab); /* gnu-efi calls it */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *systab)
{
	EFI_LOADED_IMAGE *self;
	EFI_STATUS status;

	InitializeLib(image, systab);
	status = BS->HandleProtocol(image, &LoadedImageProtocol, (void **)&self);
	if (status != EFI_SUCCESS)
		return fail(status, "the firmware", "does not describe this image");
	source_init(self);
	status = start(image, self);
	pages_free_all();
	return status;
}
