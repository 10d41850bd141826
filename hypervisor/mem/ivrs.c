/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the IVRS: blocks of type, flags, length. IVHD blocks describe a unit and its devices; newer types (11h,
 * 40h) say more of what older ones (10h) said. IVMD blocks are ranges of memory.
 */
#include "mem/iommu.h"
#include "mem/ivrs.h"

#define FIRST_BLOCK  48
#define IVHD_10	     0x10
#define IVHD_11	     0x11 /* with 16 bytes more of features, as is 40h */
#define IVHD_40	     0x40
#define IVMD_FIRST   0x20 /* for all devices, one, or a range: all the same to us */
#define IVMD_LAST    0x22
#define IVMD_UNITY   0x01
#define IVMD_EXCLUDE 0x08

struct ivmd {
	uint8_t type, flags;
	uint16_t length, bdf, aux;
	uint64_t reserved, start, size;
} __packed;

struct device { /* 5.2.2.1: the longest form that says something to us */
	uint8_t type;
	uint16_t bdf;
	uint8_t flags, handle;
	uint16_t special_bdf;
	uint8_t special_variety;
} __packed;

enum { DEV_ALL = 1, DEV_RANGE = 3, DEV_RANGE_END = 4, DEV_ALIAS_RANGE = 67, DEV_EXT_RANGE = 71, DEV_SPECIAL = 72, DEV_ACPI = 240 };
#define SPECIAL_IOAPIC	1
#define ACPI_NAME_BYTES 22 /* of DEV_ACPI; the last says how long the name behind it is */

static size_t device_length(const uint8_t *e, size_t room)
{
	if (e[0] == DEV_ACPI && room >= ACPI_NAME_BYTES)
		return ACPI_NAME_BYTES + e[ACPI_NAME_BYTES - 1];
	return 4u << (e[0] >> 6);
}

static void parse_device(const struct device *e, struct device *range)
{
	if (e->type == DEV_RANGE || e->type == DEV_ALIAS_RANGE || e->type == DEV_EXT_RANGE)
		*range = *e;
	else if (e->type == DEV_RANGE_END)
		ivrs_devices(range->bdf, e->bdf, range->flags, false);
	else if (e->type == DEV_SPECIAL)
		ivrs_devices(e->special_bdf, e->special_bdf, e->flags, e->special_variety == SPECIAL_IOAPIC);
	else /* one device, or all; padding has no flags */
		ivrs_devices(e->bdf, e->type == DEV_ALL ? UINT16_MAX : e->bdf, e->flags, false);
}

static int parse_ivhd(const uint8_t *block, size_t length)
{
	size_t at = sizeof(struct ivhd) + (block[0] == IVHD_10 ? 0 : 16), size;
	struct device range = { 0 };
	int rc;

	if (length < at)
		return -EINVAL;
	rc = ivrs_unit((const struct ivhd *)block);
	for (; !rc && at < length; at += size) {
		struct device e = { 0 };

		size = device_length(block + at, length - at);
		if (size > length - at)
			return -EINVAL;
		memcpy(&e, block + at, min(size, sizeof(e)));
		parse_device(&e, &range);
	}
	return rc;
}

static int parse_ivmd(const struct ivmd *m, size_t length)
{
	if (length < sizeof(*m) || !m->size || m->start + m->size - 1 < m->start)
		return -EINVAL;
	if (!(m->flags & (IVMD_UNITY | IVMD_EXCLUDE)))
		return 0;
	return iommu_add_reserved(m->start, m->start + m->size - 1);
}

int ivrs_parse(const void *table, uint32_t length)
{
	const uint8_t *block;
	uint16_t size;
	int rc = 0;

	for (size_t at = FIRST_BLOCK; !rc && at < length; at += size) {
		block = (const uint8_t *)table + at;
		size = length - at < 4 ? 0 : (uint16_t)(block[2] | block[3] << 8);
		if (size < 4 || size > length - at)
			rc = -EINVAL;
		else if (block[0] == IVHD_10 || block[0] == IVHD_11 || block[0] == IVHD_40)
			rc = parse_ivhd(block, size);
		else if (block[0] >= IVMD_FIRST && block[0] <= IVMD_LAST)
			rc = parse_ivmd((const struct ivmd *)block, size);
		if (rc == -EINVAL)
			log_warn("AMD-Vi: the firmware's IVRS table is damaged at byte %zu\n", at);
	}
	return rc;
}
