/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Building Dom0's ACPI tables, one behind the other in one buffer: RSDP, XSDT, MADT. The firmware
 * may have an RSDT only; Dom0 always gets an XSDT. DSDT and FACS hang off the FADT and need no entry.
 */
#include "init/dom0_acpi.h"

#define MADT_REVISION	   4
#define MADT_IOAPIC	   1
#define MADT_OVERRIDE	   2
#define MADT_X2APIC	   9
#define MADT_CPU_ENABLED   1
#define LAPIC_ADDRESS	   0xfee00000
#define APIC_ID_OF(vcpu)   ((vcpu) * 2)

struct madt { /* 5.2.12 */
	struct acpi_header header;
	uint32_t lapic_address;
	uint32_t flags; /* bit 0, PCAT_COMPAT, stays clear: Dom0 has no 8259 */
} __packed;

struct madt_x2apic {
	uint8_t type, length;
	uint16_t reserved;
	uint32_t apic_id, flags, uid;
} __packed;

_Static_assert(sizeof(struct acpi_rsdp) == 36 && sizeof(struct madt) == 44, "ACPI layouts");
_Static_assert(sizeof(struct madt_x2apic) == 16 && sizeof(struct acpi_ioapic) == 12 &&
	       sizeof(struct acpi_override) == 10, "MADT entries");

/* A writer that counts on after the buffer is full, so that one check at the end suffices. */
struct writer {
	uint8_t *buf;
	size_t size, at;
};

static void put(struct writer *w, const void *data, size_t size)
{
	if (w->at <= w->size && size <= w->size - w->at)
		memcpy(w->buf + w->at, data, size);
	w->at += size;
}

static void fill_header(struct acpi_header *h, const char *signature, uint8_t revision,
			const struct acpi_info *host)
{
	*h = (struct acpi_header){ .revision = revision, .oem_revision = 1, .creator_revision = 1 };
	memcpy(h->signature, signature, 4);
	memcpy(h->oem_id, host->oem_id, sizeof(h->oem_id));
	memcpy(h->oem_table_id, "HELIUM  ", sizeof(h->oem_table_id));
	memcpy(h->creator_id, "HELI", sizeof(h->creator_id));
}

/* Length and checksum of the table that began at start and ends here. */
static void finish_table(struct writer *w, size_t start)
{
	struct acpi_header *h = (struct acpi_header *)(w->buf + start);

	if (w->at > w->size)
		return;
	h->length = (uint32_t)(w->at - start);
	h->checksum = 0;
	h->checksum = -acpi_sum(h, h->length);
}

static void align16(struct writer *w)
{
	static const uint8_t zeros[16];

	put(w, zeros, -w->at & 15);
}

static void write_madt(struct writer *w, const struct acpi_info *host, unsigned int nr_vcpus)
{
	struct madt madt = { .lapic_address = LAPIC_ADDRESS };
	size_t start = w->at;

	fill_header(&madt.header, "APIC", MADT_REVISION, host);
	put(w, &madt, sizeof(madt));
	for (unsigned int i = 0; i < nr_vcpus; i++) {
		struct madt_x2apic e = { MADT_X2APIC, sizeof(e), 0, APIC_ID_OF(i),
					 MADT_CPU_ENABLED, i };
		put(w, &e, sizeof(e));
	}
	for (unsigned int i = 0; i < host->nr_ioapics; i++) {
		struct acpi_ioapic e = host->ioapics[i];

		e.type = MADT_IOAPIC;
		e.length = sizeof(e);
		put(w, &e, sizeof(e));
	}
	for (unsigned int i = 0; i < host->nr_overrides; i++) {
		struct acpi_override e = host->overrides[i];

		e.type = MADT_OVERRIDE;
		e.length = sizeof(e);
		put(w, &e, sizeof(e));
	}
	finish_table(w, start);
}

bool dom0_acpi_allows(const char *signature)
{
	static const char allowed[][5] = { "FACP", "SSDT", "PSDT", "SBST", "MCFG", "SLIC", "MSDM",
					   "WDAT", "FPDT", "S3PT", "VFCT", "TCPA", "TPM2" };

	for (unsigned int i = 0; i < ARRAY_SIZE(allowed); i++)
		if (!memcmp(signature, allowed[i], 4))
			return true;
	return false;
}

static void write_xsdt(struct writer *w, const struct acpi_info *host, uint64_t madt_hpa)
{
	struct acpi_header h;
	size_t start = w->at;

	fill_header(&h, "XSDT", 1, host);
	put(w, &h, sizeof(h));
	put(w, &madt_hpa, sizeof(madt_hpa));
	for (unsigned int i = 0; i < host->nr_tables; i++)
		if (dom0_acpi_allows(host->tables[i].signature))
			put(w, &host->tables[i].hpa, sizeof(host->tables[i].hpa));
	finish_table(w, start);
}

int dom0_acpi_build(void *buf, size_t size, uint64_t hpa, const struct acpi_info *host,
		    unsigned int nr_vcpus)
{
	struct acpi_rsdp rsdp = { .revision = 2, .length = sizeof(rsdp) };
	struct writer w = { buf, size, sizeof(rsdp) };
	size_t madt_at;

	align16(&w);
	madt_at = w.at;
	write_madt(&w, host, nr_vcpus);
	align16(&w);
	rsdp.xsdt = hpa + w.at;
	write_xsdt(&w, host, hpa + madt_at);
	if (w.at > size)
		return -ENOSPC;
	memcpy(rsdp.signature, "RSD PTR ", sizeof(rsdp.signature));
	memcpy(rsdp.oem_id, host->oem_id, sizeof(rsdp.oem_id));
	rsdp.checksum = -acpi_sum(&rsdp, 20);
	rsdp.extended_checksum = -acpi_sum(&rsdp, sizeof(rsdp));
	memcpy(buf, &rsdp, sizeof(rsdp));
	return (int)w.at;
}
