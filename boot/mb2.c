/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Multiboot2 information (GRUB's "multiboot2", on BIOS and on UEFI): a list of tags, each with type
 * and size, 8-byte aligned, in one block whose total size stands at its head. Unknown tags are
 * skipped; a tag shorter than its type needs is an error, as is one that leaves the block.
 */
#include "boot/multiboot.h"
#include "lib/compiler.h"
#include "lib/errno.h"
#include "lib/string.h"

#define MAX_INFO_BYTES MIB(1)

enum {
	TAG_END = 0, TAG_CMDLINE = 1, TAG_LOADER = 2, TAG_MODULE = 3, TAG_MMAP = 6,
	TAG_EFI64 = 12, TAG_RSDP_OLD = 14, TAG_RSDP_NEW = 15, NR_TAGS
};

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

/* Revision 2's copy is preferred, in whichever order they come. */
static int tag_rsdp(struct boot_info *bi, const struct mb2_tag *t, size_t len)
{
	size_t size = t->type == TAG_RSDP_NEW ? 36 : 20;

	if (bi->rsdp_size > size)
		return 0;
	memcpy(bi->rsdp, t->body, size);
	bi->rsdp_size = size;
	return 0;
}

static const struct {
	size_t min_len; /* of the body */
	int (*parse)(struct boot_info *bi, const struct mb2_tag *t, size_t len);
} tags[NR_TAGS] = {
	[TAG_CMDLINE]	  = { 0, tag_cmdline },
	[TAG_LOADER]	  = { 0, tag_loader },
	[TAG_MODULE]	  = { 8, tag_module },
	[TAG_MMAP]	  = { 8, tag_mmap },
	[TAG_EFI64]	  = { 8, tag_efi64 },
	[TAG_RSDP_OLD]	  = { 20, tag_rsdp },
	[TAG_RSDP_NEW]	  = { 36, tag_rsdp },
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

		if (t->type == TAG_END)
			return boot_info_finish(bi);
		if (t->size < sizeof(*t) || t->size > total - at)
			return -EINVAL;
		if (t->type < NR_TAGS && tags[t->type].parse) {
			if (t->size - sizeof(*t) < tags[t->type].min_len)
				return -EINVAL;
			rc = tags[t->type].parse(bi, t, t->size - sizeof(*t));
		}
		at += round_up(t->size, 8);
	}
	return rc ? rc : -EINVAL;
}
