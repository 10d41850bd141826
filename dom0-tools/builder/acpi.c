/* SPDX-License-Identifier: GPL-2.0-only */
/* A PVH guest's ACPI tables; see acpi.h. Layouts: ACPI 6.2, chapter 5. */
#include "dom0-tools/builder/acpi.h"

#include <stdbool.h>
#include <string.h>

#define PACKED			__attribute__((packed))
#define OEM_ID			"HELIUM"
#define OEM_TABLE_ID		"HELIUM  "
#define LAPIC_GPA		0xfee00000U
#define XAPIC_IDS		255		/* larger ids need x2APIC entries */

#define FADT_WBINVD		(1U << 0)
#define FADT_NO_POWER_BUTTON	(1U << 4)
#define FADT_NO_SLEEP_BUTTON	(1U << 5)
#define FADT_PHYSICAL_APIC	(1U << 19)
#define FADT_HW_REDUCED		(1U << 20)
#define FADT_BOOT_NO_VGA	(1U << 2)
#define FADT_BOOT_NO_RTC	(1U << 5)

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} PACKED;

struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;	/* of the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} PACKED;

struct acpi_xsdt {
	struct acpi_header h;
	uint64_t entry[2];
} PACKED;

/* Revision 5. What hardware-reduced ACPI does not use is left zero, in one piece. */
struct acpi_fadt {
	struct acpi_header h;
	uint32_t facs, dsdt;
	uint8_t unused1[65];
	uint16_t boot_arch;
	uint8_t reserved;
	uint32_t flags;
	uint8_t reset_register[12], reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor_version;
	uint64_t x_facs, x_dsdt;
	uint8_t unused2[120];
} PACKED;

struct acpi_madt {
	struct acpi_header h;
	uint32_t lapic_address, flags;
} PACKED;

struct madt_lapic {
	uint8_t type, length, processor_uid, apic_id;
	uint32_t flags;
} PACKED;

struct madt_x2apic {
	uint8_t type, length;
	uint16_t reserved;
	uint32_t apic_id, flags, processor_uid;
} PACKED;

_Static_assert(sizeof(struct acpi_rsdp) == 36, "RSDP");
_Static_assert(sizeof(struct acpi_fadt) == 268, "FADT revision 5");
_Static_assert(offsetof(struct acpi_fadt, boot_arch) == 109, "FADT");
_Static_assert(offsetof(struct acpi_fadt, x_dsdt) == 140, "FADT");

struct out {
	uint8_t *buf;
	size_t size, used;
	uint64_t gpa;
	bool full;
};

static void set_checksum(void *table, size_t size, uint8_t *checksum)
{
	const uint8_t *p = table;
	uint8_t sum = 0;

	*checksum = 0;
	while (size--)
		sum += *p++;
	*checksum = -sum;
}

/* Room for a piece, zeroed; NULL once the buffer is full. */
static void *out_add(struct out *o, size_t size)
{
	void *p = o->buf + o->used;

	if (o->full || size > o->size - o->used) {
		o->full = true;
		return NULL;
	}
	o->used += size;
	memset(p, 0, size);
	return p;
}

static struct acpi_header *table_begin(struct out *o, const char *signature, uint8_t revision,
				       size_t size)
{
	struct acpi_header *h;

	o->used = (o->used + 15) & ~15UL;
	if (o->used > o->size)
		o->full = true;
	h = out_add(o, size);
	if (!h)
		return NULL;
	memcpy(h->signature, signature, sizeof(h->signature));
	memcpy(h->oem_id, OEM_ID, sizeof(h->oem_id));
	memcpy(h->oem_table_id, OEM_TABLE_ID, sizeof(h->oem_table_id));
	memcpy(h->creator_id, "HL  ", sizeof(h->creator_id));
	h->revision = revision;
	h->oem_revision = h->creator_revision = 1;
	return h;
}

/* Everything added since table_begin belongs to the table. Returns its address in the guest. */
static uint64_t table_end(struct out *o, struct acpi_header *h)
{
	if (!h || o->full)
		return 0;
	h->length = o->buf + o->used - (uint8_t *)h;
	set_checksum(h, h->length, &h->checksum);
	return o->gpa + ((uint8_t *)h - o->buf);
}

static uint64_t add_madt(struct out *o, unsigned int vcpus)
{
	struct acpi_madt *m = (void *)table_begin(o, "APIC", 3, sizeof(*m));

	if (m)
		m->lapic_address = LAPIC_GPA;
	for (unsigned int v = 0; v < vcpus; v++) {
		unsigned int id = 2 * v;

		if (id < XAPIC_IDS) {
			struct madt_lapic *e = out_add(o, sizeof(*e));

			if (e)
				*e = (struct madt_lapic){ .type = 0,
							  .length = sizeof(*e),
							  .processor_uid = v,
							  .apic_id = id,
							  .flags = 1 };
		} else {
			struct madt_x2apic *e = out_add(o, sizeof(*e));

			if (e)
				*e = (struct madt_x2apic){ .type = 9,
							   .length = sizeof(*e),
							   .processor_uid = v,
							   .apic_id = id,
							   .flags = 1 };
		}
	}
	return table_end(o, m ? &m->h : NULL);
}

static uint64_t add_fadt(struct out *o, uint64_t dsdt)
{
	struct acpi_fadt *f = (void *)table_begin(o, "FACP", 5, sizeof(*f));

	if (!f)
		return 0;
	f->dsdt = dsdt;
	f->x_dsdt = dsdt;
	f->boot_arch = FADT_BOOT_NO_VGA | FADT_BOOT_NO_RTC;
	f->flags = FADT_WBINVD | FADT_NO_POWER_BUTTON | FADT_NO_SLEEP_BUTTON | FADT_PHYSICAL_APIC |
		   FADT_HW_REDUCED;
	f->minor_version = 1;
	return table_end(o, &f->h);
}

size_t acpi_build(uint8_t *buf, size_t size, uint64_t gpa, unsigned int vcpus, uint64_t *rsdp_gpa)
{
	struct out o = { .buf = buf, .size = size, .gpa = gpa };
	struct acpi_rsdp *r = out_add(&o, sizeof(*r));
	struct acpi_xsdt *x;
	uint64_t dsdt, entries[2], xsdt;

	dsdt = table_end(&o, table_begin(&o, "DSDT", 2, sizeof(struct acpi_header)));
	entries[0] = add_fadt(&o, dsdt);
	entries[1] = add_madt(&o, vcpus);
	x = (void *)table_begin(&o, "XSDT", 1, sizeof(*x));
	if (x)
		memcpy(x->entry, entries, sizeof(entries));
	xsdt = table_end(&o, x ? &x->h : NULL);
	if (o.full)
		return 0;
	memcpy(r->signature, "RSD PTR ", sizeof(r->signature));
	memcpy(r->oem_id, OEM_ID, sizeof(r->oem_id));
	r->revision = 2;
	r->length = sizeof(*r);
	r->xsdt = xsdt;
	set_checksum(r, 20, &r->checksum);
	set_checksum(r, sizeof(*r), &r->extended_checksum);
	*rsdp_gpa = gpa;
	return o.used;
}
