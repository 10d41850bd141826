/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Multiboot1 information (what qemu -kernel gives, and GRUB's "multiboot"). A fixed structure whose
 * flags say which fields count; lists are elsewhere in memory below 4 GiB.
 */
#include "boot/multiboot.h"
#include "lib/base.h"

#define MB1_HAS_CMDLINE	(1u << 2)
#define MB1_HAS_MODULES	(1u << 3)
#define MB1_HAS_MMAP	(1u << 6)
#define MB1_HAS_LOADER	(1u << 9)
#define MAX_STRING	4096
#define MAX_MMAP_BYTES	65536

struct mb1_info {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name;
} __packed;

struct mb1_module {
	uint32_t start, end, string, reserved;
} __packed;

struct mb1_mmap { /* size does not count itself, and may exceed what we know */
	uint32_t size;
	uint64_t base, length;
	uint32_t type;
} __packed;

static const char *map_string(uint32_t hpa)
{
	return hpa ? boot_map(hpa, MAX_STRING) : NULL;
}

static int parse_mmap(struct boot_info *bi, const struct mb1_info *info)
{
	const uint8_t *map = boot_map(info->mmap_addr, info->mmap_length);
	uint32_t at = 0;

	if (!map || info->mmap_length > MAX_MMAP_BYTES)
		return -EINVAL;
	while (info->mmap_length - at >= sizeof(struct mb1_mmap)) {
		struct mb1_mmap e;

		memcpy(&e, map + at, sizeof(e));
		if (e.size < sizeof(e) - sizeof(e.size) || e.size > info->mmap_length - at - sizeof(e.size))
			return -EINVAL;
		boot_info_add_range(bi, e.base, e.length, e.type);
		at += e.size + sizeof(e.size);
	}
	return 0;
}

static int parse_modules(struct boot_info *bi, const struct mb1_info *info)
{
	const struct mb1_module *mods;

	if (info->mods_count > 64)
		return -EINVAL;
	mods = boot_map(info->mods_addr, info->mods_count * sizeof(*mods));
	if (!mods)
		return -EINVAL;
	for (uint32_t i = 0; i < info->mods_count; i++)
		boot_info_add_module(bi, mods[i].start, mods[i].end, map_string(mods[i].string), MAX_STRING);
	return 0;
}

int mb1_parse(struct boot_info *bi, uint64_t info_hpa)
{
	const struct mb1_info *info = boot_map(info_hpa, sizeof(*info));
	int rc;

	if (!info || !(info->flags & MB1_HAS_MMAP))
		return -EINVAL;
	if (info->flags & MB1_HAS_CMDLINE)
		bi->cmdline = boot_info_string(bi, map_string(info->cmdline), MAX_STRING);
	if (info->flags & MB1_HAS_LOADER)
		bi->loader = boot_info_string(bi, map_string(info->loader_name), MAX_STRING);
	rc = parse_mmap(bi, info);
	if (rc == 0 && (info->flags & MB1_HAS_MODULES) && info->mods_count)
		rc = parse_modules(bi, info);
	return rc ? rc : boot_info_finish(bi);
}
