/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last steps in the firmware's world: the hypervisor's image goes to a place that it can run at,
 * what it has to know becomes a multiboot2 information block, and then boot services end.
 */
#include "boot/efi/efi.h"
#include "boot/multiboot.h"
#include "lib/compiler.h"
#include "lib/string.h"

#define INFO_SIZE    KIB(256) /* strings, and a memory map of thousands of entries */
#define IMAGE_ALIGN  MIB(2)
#define IMAGE_BELOW  MIB(16) /* above is the place of Dom0's kernel */
#define MAX_ATTEMPTS 8
#define RSDP_SIZE    36 /* ACPI 5.2.5.3 */
#define END_SIZE     8
#define LOADER	     "helium.efi"

struct image_head { /* boot/head.S, at the image's beginning; linked physical addresses */
	UINT32 jump[2], base, entry64, end;
};
extern const struct image_head hypervisor __asm__("_binary_helium_bin_start");
extern const char hypervisor_end[] __asm__("_binary_helium_bin_end");

static UINT8 *info; /* INFO_SIZE bytes: total size, 0, tags */
static UINT32 used;

/* A tag's body is a fixed part and then a text or table, either of which may be empty. */
static void add_tag(UINT32 type, const void *fixed, UINTN fixed_size, const void *rest, UINTN rest_size)
{
	UINT32 head[2] = { type, (UINT32)(sizeof(head) + fixed_size + rest_size) };

	if (used + round_up(head[1], 8) > INFO_SIZE)
		return;
	memcpy(info + used, head, sizeof(head));
	memcpy(info + used + sizeof(head), fixed, fixed_size);
	memcpy(info + used + sizeof(head) + fixed_size, rest, rest_size);
	used += round_up(head[1], 8);
}

static void add_module(const struct blob *b, const char *cmdline)
{
	UINT32 range[2] = { (UINT32)(UINTN)b->at, (UINT32)((UINTN)b->at + b->size) };

	if (b->at)
		add_tag(MB2_TAG_MODULE, range, sizeof(range), cmdline, strlen(cmdline) + 1);
}

/* The screen as the firmware left it: 32 bits per pixel, blue or red first (UEFI 12.9). */
static void add_screen(void)
{
	struct boot_framebuffer fb = { .bpp = 32, .type = BOOT_FB_RGB, .colors = { 16, 8, 8, 8, 0, 8 } };
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;

	if (LibLocateProtocol(&GraphicsOutputProtocol, (void **)&gop) != EFI_SUCCESS)
		return;
	mode = gop->Mode->Info;
	if (mode->PixelFormat > PixelBlueGreenRedReserved8BitPerColor)
		return;
	if (mode->PixelFormat == PixelRedGreenBlueReserved8BitPerColor)
		fb.colors[0] = 0, fb.colors[4] = 16;
	fb.base = gop->Mode->FrameBufferBase;
	fb.pitch = mode->PixelsPerScanLine * 4;
	fb.width = mode->HorizontalResolution;
	fb.height = mode->VerticalResolution;
	add_tag(MB2_TAG_FRAMEBUFFER, &fb, sizeof(fb), NULL, 0);
}

/* What the hypervisor cannot find out later: the ACPI root and the UEFI system table. */
static void add_firmware(void)
{
	static EFI_GUID acpi20 = ACPI_20_TABLE_GUID;
	UINT64 systab = (UINTN)ST;
	void *rsdp;

	add_tag(MB2_TAG_EFI64, &systab, sizeof(systab), NULL, 0);
	if (LibGetSystemConfigurationTable(&acpi20, &rsdp) == EFI_SUCCESS)
		add_tag(MB2_TAG_RSDP_NEW, rsdp, RSDP_SIZE, NULL, 0);
}

/* The lowest free place that suits the hypervisor, with its bytes in it. */
static EFI_STATUS place_hypervisor(EFI_PHYSICAL_ADDRESS *at)
{
	UINTN size = hypervisor.end - hypervisor.base;
	EFI_STATUS status = EFI_NOT_FOUND;

	for (*at = IMAGE_ALIGN; *at + size <= IMAGE_BELOW; *at += IMAGE_ALIGN) {
		status = pages_take(AllocateAddress, EfiLoaderCode, size, at);
		if (status == EFI_SUCCESS) {
			memcpy((void *)*at, &hypervisor, hypervisor_end - (char *)&hypervisor);
			return status;
		}
	}
	return fail(status, "the hypervisor", "finds no free memory between 2 and 16 MiB");
}

/*
 * The memory map goes right behind the other tags, because nothing may be allocated any more between
 * asking for it and ExitBootServices(). A changed map is asked for again (UEFI 7.4).
 */
static EFI_STATUS leave_boot_services(EFI_HANDLE image)
{
	UINT32 *tag = (UINT32 *)(info + used);
	EFI_STATUS status = EFI_ABORTED;

	for (unsigned int i = 0; status != EFI_SUCCESS && i < MAX_ATTEMPTS; i++) {
		UINTN size = INFO_SIZE - used - 4 * sizeof(*tag) - END_SIZE, key, entry_size;
		UINT32 version;

		status = BS->GetMemoryMap(&size, (void *)(tag + 4), &key, &entry_size, &version);
		if (status != EFI_SUCCESS)
			return status;
		tag[0] = MB2_TAG_EFI_MMAP;
		tag[1] = (UINT32)(4 * sizeof(*tag) + size);
		tag[2] = (UINT32)entry_size;
		tag[3] = version;
		status = BS->ExitBootServices(image, key);
	}
	used += round_up(tag[1], 8);
	return status;
}

EFI_STATUS handoff_start(EFI_HANDLE image, const struct handoff *h)
{
	void __attribute__((sysv_abi)) (*enter)(UINT64 info_hpa);
	EFI_PHYSICAL_ADDRESS at = LOW_END, place;
	EFI_STATUS status = pages_take(AllocateMaxAddress, EfiLoaderData, INFO_SIZE, &at);

	if (status != EFI_SUCCESS)
		return fail(status, "the hypervisor", "finds no memory for what it has to know");
	status = place_hypervisor(&place);
	if (status != EFI_SUCCESS)
		return status;
	info = (UINT8 *)at;
	used = 8;
	add_tag(MB2_TAG_LOADER, LOADER, sizeof(LOADER), NULL, 0);
	add_tag(MB2_TAG_CMDLINE, NULL, 0, h->options, strlen(h->options) + 1);
	add_module(&h->kernel, h->kernel_args);
	add_module(&h->ramdisk, "");
	add_firmware();
	add_screen();
	status = leave_boot_services(image);
	if (status != EFI_SUCCESS)
		return fail(status, "the firmware", "does not end its boot services");
	add_tag(MB2_TAG_END, NULL, 0, NULL, 0);
	memcpy(info, &used, sizeof(used));
	enter = (void *)(place + hypervisor.entry64 - hypervisor.base);
	enter(at);
	return EFI_ABORTED; /* never comes here */
}
