/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ACPI's DMAR table (VT-d 8): where the units' registers are, and memory that devices go on using. Header and
 * checksum are right, nothing else is believed. Which devices a unit serves is not read: all serve all alike. Pure.
 */
#include "mem/vtd.h"
#include "x86/features.h"

struct structure {
	uint16_t type, length;
} __packed;

struct drhd { /* 8.3: a unit */
	struct structure s;
	uint8_t flags, size; /* of the registers: 2^n pages */
	uint16_t segment;
	uint64_t base;
} __packed;

struct rmrr { /* 8.4: reserved memory */
	struct structure s;
	uint16_t reserved, segment;
	uint64_t base, limit;
} __packed;

static int add_drhd(const void *p)
{
	const struct drhd *d = p;

	if (!d->base || d->base % PAGE_SIZE || d->base >> cpu_features.phys_bits) {
		log_warn("IOMMU: the DMAR has a unit at %#lx, where none can be; none is used\n", d->base);
		return -EINVAL;
	}
	return iommu_add_unit(&(struct iommu_unit){ .hpa = d->base, .size = PAGE_SIZE << (d->size & 15),
						    .segment = d->segment });
}

static int add_rmrr(const void *p)
{
	const struct rmrr *r = p;

	return iommu_add_reserved(r->base, r->limit);
}

static const struct {
	size_t min_length;
	int (*add)(const void *p);
} types[] = {
	[0] = { sizeof(struct drhd), add_drhd },
	[1] = { sizeof(struct rmrr), add_rmrr },
};

int dmar_parse(const struct acpi_header *h, bool *has_interrupts)
{
	const uint8_t *table = (const uint8_t *)h;
	const struct structure *s;
	int rc = 0;

	if (h->length < DMAR_HEADER_SIZE)
		return -ENODEV;
	*has_interrupts = table[DMAR_FLAGS] & DMAR_INTR_REMAP;
	for (size_t at = DMAR_HEADER_SIZE; !rc && at < h->length; at += s->length) {
		s = (const struct structure *)(table + at);
		if (h->length - at < sizeof(*s) || s->length < sizeof(*s) || s->length > h->length - at ||
		    (s->type < ARRAY_SIZE(types) && s->length < types[s->type].min_length)) {
			log_warn("IOMMU: the DMAR is damaged at byte %zu\n", at);
			return -EINVAL;
		}
		if (s->type < ARRAY_SIZE(types))
			rc = types[s->type].add(s);
	}
	return rc || iommu.nr_units ? rc : -ENODEV;
}
