/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Multiboot2 information (GRUB's "multiboot2", on BIOS and on UEFI): a list of tags, each with type
 * and size, 8-byte aligned, in one block whose total size stands at its head. Unknown tags are
 * skipped; a tag shorter than its type needs is an error, as is one that leaves the block.
 */
#include <efi.h>
#include "boot/multiboot.h"
#include "lib/base.h"

#define MAX_INFO_BYTES MIB(1)

struct mb2_tag {
	uint32_t type, size; /* size counts this header, not the padding after the tag */
	uint8_t body[];
};

static int tag_cmdline(struct boot_info *bi, const struct mb2_tag *t, size_t len)
{
	bi->cmdline = boot_info_string(bi, (const char *)t->body, len);
	return 0;
}

static int tag_loader(struct boot_info *bi, const struct mb2_tag *t, size_t len)
{
	bi->loader = boot_info_string(bi, (const char *)t->body, len);
	return 0;
}

static int tag_module(struct boot_info *bi, const struct mb2_tag *t, size_t len)
{
	uint32_t range[2];

	memcpy(range, t->body, sizeof(range));
	boot_info_add_module(bi, range[0], range[1], (const char *)t->body + 8, len - 8);
	return 0;
}

static int tag_mmap(struct boot_info *bi, const struct mb2_tag *t, size_t len)
{
	struct {
		uint64_t base, length;
		uint32_t type, zero;
	} e;
	uint32_t entry_size;

	memcpy(&entry_size, t->body, sizeof(entry_size));
	if (entry_size < sizeof(e))
		return -EINVAL;
	for (size_t at = 8; len - at >= entry_size; at += entry_size) {
		memcpy(&e, t->body + at, sizeof(e));
		boot_info_add_range(bi, e.base, e.length, e.type);
	}
	return 0;
}

static int tag_efi64(struct boot_info *bi, const struct mb2_tag *t, size_t len)
{
	memcpy(&bi->efi_systab, t->body, 8);
	return 0;
}

/* UEFI 7.2, GetMemoryMap(): what each type is to us once boot services are gone. */
static uint32_t efi_mem_type(uint32_t type, uint64_t attributes)
{
	static const uint8_t types[] = {
		[EfiLoaderCode ... EfiBootServicesData] = BOOT_MEM_RAM, [EfiConventionalMemory] = BOOT_MEM_RAM,
		[EfiUnusableMemory] = BOOT_MEM_BAD, [EfiACPIReclaimMemory] = BOOT_MEM_ACPI,
		[EfiACPIMemoryNVS] = BOOT_MEM_NVS,
	};
	uint32_t t = type < ARRAY_SIZE(types) && types[type] ? types[type] : BOOT_MEM_RESERVED;

	return t == BOOT_MEM_RAM && !(attributes & EFI_MEMORY_WB) ? BOOT_MEM_RESERVED : t;
}

static int tag_efi_mmap(struct boot_info *bi, const struct mb2_tag *t, size_t len)
{
	EFI_MEMORY_DESCRIPTOR e;
	uint32_t entry_size;

	memcpy(&entry_size, t->body, sizeof(entry_size));
	if (entry_size < sizeof(e))
		return -EINVAL;
	for (size_t at = 8; len - at >= entry_size; at += entry_size) {
		memcpy(&e, t->body + at, sizeof(e));
		boot_info_add_range(bi, e.PhysicalStart, e.NumberOfPages << PAGE_SHIFT,
				    efi_mem_type(e.Type, e.Attribute));
		if (e.Attribute & EFI_MEMORY_RUNTIME)
			boot_info_add_runtime(bi, e.PhysicalStart, e.NumberOfPages << PAGE_SHIFT, e.Type);
	}
	return 0;
}

static int tag_framebuffer(struct boot_info *bi, const struct mb2_tag *t, size_t len)
{
	memcpy(&bi->fb, t->body, min(len, sizeof(bi->fb)));
	return 0;
}

/* Revision 2's copy is preferred, in whichever order they come. */
static int tag_rsdp(struct boot_info *bi, const struct mb2_tag *t, size_t len)
{
	size_t size = t->type == MB2_TAG_RSDP_NEW ? 36 : 20;

	if (bi->rsdp_size > size)
		return 0;
	memcpy(bi->rsdp, t->body, size);
	bi->rsdp_size = size;
	return 0;
}

static const struct {
	size_t min_len; /* of the body */
	int (*parse)(struct boot_info *bi, const struct mb2_tag *t, size_t len);
} tags[NR_MB2_TAGS] = {
	[MB2_TAG_CMDLINE]  = { 0, tag_cmdline },
	[MB2_TAG_LOADER]   = { 0, tag_loader },
	[MB2_TAG_MODULE]   = { 8, tag_module },
	[MB2_TAG_MMAP]	   = { 8, tag_mmap },
	[MB2_TAG_FRAMEBUFFER] = { offsetof(struct boot_framebuffer, colors), tag_framebuffer },
	[MB2_TAG_EFI64]	   = { 8, tag_efi64 },
	[MB2_TAG_RSDP_OLD] = { 20, tag_rsdp },
	[MB2_TAG_RSDP_NEW] = { 36, tag_rsdp },
	[MB2_TAG_EFI_MMAP] = { 8, tag_efi_mmap },
};

int mb2_parse(struct boot_info *bi, uint64_t info_hpa)
{
	const uint32_t *total_size = boot_map(info_hpa, 8);
	const uint8_t *info;
	uint32_t total, at = 8;
	int rc = 0;

	if (!total_size)
		return -EINVAL;
	total = *total_size;
	info = boot_map(info_hpa, total);
	if (!info || total > MAX_INFO_BYTES)
		return -EINVAL;

	while (rc == 0 && at <= total && total - at >= sizeof(struct mb2_tag)) {
		const struct mb2_tag *t = (const void *)(info + at);

		if (t->type == MB2_TAG_END)
			return boot_info_finish(bi);
		if (t->size < sizeof(*t) || t->size > total - at)
			return -EINVAL;
		if (t->type < NR_MB2_TAGS && tags[t->type].parse) {
			if (t->size - sizeof(*t) < tags[t->type].min_len)
				return -EINVAL;
			rc = tags[t->type].parse(bi, t, t->size - sizeof(*t));
		}
		at += round_up(t->size, 8);
	}
	return rc ? rc : -EINVAL;
}
