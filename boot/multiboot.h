/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two multiboot protocols' parsers: loader memory in, struct boot_info out. Pure; loader memory
 * is reached through boot_map(), which a test replaces. Loader data is not trusted to be well formed.
 */
#pragma once

#include "boot/boot_info.h"
#include "lib/compiler.h"

#define MB1_BOOT_MAGIC 0x2badb002
#define MB2_BOOT_MAGIC 0x36d76289

enum { /* multiboot2 3.6; boot/efi writes such tags itself */
	MB2_TAG_END = 0, MB2_TAG_CMDLINE = 1, MB2_TAG_LOADER = 2, MB2_TAG_MODULE = 3, MB2_TAG_MMAP = 6, MB2_TAG_FRAMEBUFFER = 8,
	MB2_TAG_EFI64 = 12, MB2_TAG_RSDP_OLD = 14, MB2_TAG_RSDP_NEW = 15, MB2_TAG_EFI_MMAP = 17, NR_MB2_TAGS
};

/* 0, or -EINVAL when the information is unusable (no memory map, sizes that make no sense). */
int mb1_parse(struct boot_info *bi, uint64_t info_hpa);
int mb2_parse(struct boot_info *bi, uint64_t info_hpa);

/* Seam: size bytes of physical memory, or NULL where boot cannot reach (4 GiB and above). */
const void *boot_map(uint64_t hpa, uint64_t size);

/* Shared by both, in info.c. */
/* Copy a string of at most max bytes into bi's pool; "" and bi->truncated when it does not fit. */
const char *boot_info_string(struct boot_info *bi, const char *s, size_t max);
void boot_info_add_range(struct boot_info *bi, uint64_t base, uint64_t size, uint32_t type);
/* Memory that UEFI's runtime services need mapped. */
void boot_info_add_runtime(struct boot_info *bi, uint64_t base, uint64_t size, uint32_t efi_type);
void boot_info_add_module(struct boot_info *bi, uint64_t start, uint64_t end, const char *s, size_t max);
/* Sort the ranges and cut overlaps: the more cautious type wins. 0, or -EINVAL without any RAM. */
int boot_info_finish(struct boot_info *bi);
