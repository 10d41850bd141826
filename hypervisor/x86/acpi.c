/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ACPI's static tables, read once. The walk goes RSDP, then XSDT or RSDT, then each table it lists;
 * a table counts only when its length and checksum are right, so the parsers below may trust the
 * header's length but nothing else. Physical memory is reached through acpi_map(). Pure.
 */
#include "x86/acpi.h"

#define MAX_TABLE_BYTES	MIB(16)
#define RSDP_V1_SIZE	20
#define RSDP_V2_SIZE	36

struct acpi_info acpi;

static uint64_t get(const void *p, unsigned int size)
{
	uint64_t val = 0;

	memcpy(&val, p, size);
	return val;
}

static bool rsdp_ok(const struct acpi_rsdp *r, size_t size)
{
	if (size < RSDP_V1_SIZE || memcmp(r->signature, "RSD PTR ", 8) || acpi_sum(r, RSDP_V1_SIZE))
		return false;
	return r->revision < 2 || size < RSDP_V2_SIZE || !acpi_sum(r, RSDP_V2_SIZE);
}

static const struct acpi_rsdp *rsdp_scan_range(uint64_t hpa, size_t size)
{
	const char *mem = acpi_map(hpa, size);

	for (size_t at = 0; mem && at + RSDP_V2_SIZE <= size; at += 16)
		if (rsdp_ok((const struct acpi_rsdp *)(mem + at), RSDP_V2_SIZE))
			return (const struct acpi_rsdp *)(mem + at);
	return NULL;
}

/* The first KiB of the extended BIOS data area, then the BIOS ROM. */
static const struct acpi_rsdp *rsdp_scan(void)
{
	const void *bda = acpi_map(0x40e, 2);
	uint64_t ebda = bda ? get(bda, 2) << 4 : 0;
	const struct acpi_rsdp *r = NULL;

	if (ebda >= 0x400 && ebda < 0xa0000)
		r = rsdp_scan_range(ebda, 1024);
	return r ? r : rsdp_scan_range(0xe0000, 0x20000);
}

/* A whole table with right length and checksum, or NULL with a message. */
static const struct acpi_header *map_table(uint64_t hpa)
{
	const struct acpi_header *h = hpa ? acpi_map(hpa, sizeof(*h)) : NULL;
	uint32_t length;

	if (!h)
		return NULL;
	length = h->length;
	if (length < sizeof(*h) || length > MAX_TABLE_BYTES) {
		log_warn("ACPI: table %.4s at %#lx has length %u and is ignored\n", h->signature, hpa, length);
		return NULL;
	}
	h = acpi_map(hpa, length);
	if (h && acpi_sum(h, length)) {
		log_warn("ACPI: table %.4s at %#lx has a bad checksum and is ignored\n", h->signature, hpa);
		return NULL;
	}
	return h;
}

static const struct acpi_header *add_table(uint64_t hpa)
{
	const struct acpi_header *h = map_table(hpa);
	struct acpi_table *t;

	if (!h)
		return NULL;
	if (acpi.nr_tables == ACPI_MAX_TABLES) {
		log_warn("ACPI: more than %u tables, %.4s is ignored\n", ACPI_MAX_TABLES, h->signature);
		return NULL;
	}
	t = &acpi.tables[acpi.nr_tables++];
	memcpy(t->signature, h->signature, 4);
	t->length = h->length;
	t->hpa = hpa;
	return h;
}

static int read_root(const struct acpi_rsdp *r, size_t size)
{
	bool wide = r->revision >= 2 && size >= RSDP_V2_SIZE && r->xsdt;
	const struct acpi_header *root = map_table(wide ? r->xsdt : r->rsdt);
	unsigned int entry;

	if (!root && wide) {
		wide = false;
		root = map_table(r->rsdt);
	}
	if (!root || memcmp(root->signature, wide ? "XSDT" : "RSDT", 4))
		return -ENODEV;
	entry = wide ? 8 : 4;
	for (size_t at = sizeof(*root); at + entry <= root->length; at += entry)
		add_table(get((const char *)root + at, entry));
	return 0;
}

const struct acpi_table *acpi_find(const char *signature, unsigned int index)
{
	for (unsigned int i = 0; i < acpi.nr_tables; i++)
		if (!memcmp(acpi.tables[i].signature, signature, 4) && index-- == 0)
			return &acpi.tables[i];
	return NULL;
}

static const struct acpi_header *map_found(const char *signature)
{
	const struct acpi_table *t = acpi_find(signature, 0);

	return t ? acpi_map(t->hpa, t->length) : NULL;
}

static void add_cpu(uint32_t apic_id, uint32_t flags)
{
	if (!(flags & 1)) /* not there, or only for hotplug */
		return;
	for (unsigned int i = 0; i < acpi.nr_cpus; i++)
		if (acpi.apic_ids[i] == apic_id)
			return;
	if (acpi.nr_cpus == NR_CPUS)
		acpi.nr_cpus_ignored++;
	else
		acpi.apic_ids[acpi.nr_cpus++] = apic_id;
}

static void madt_lapic(const uint8_t *e)
{
	add_cpu(e[3], get(e + 4, 4));
}

static void madt_x2apic(const uint8_t *e)
{
	add_cpu(get(e + 4, 4), get(e + 8, 4));
}

static void madt_ioapic(const uint8_t *e)
{
	if (acpi.nr_ioapics < ACPI_MAX_IOAPICS)
		memcpy(&acpi.ioapics[acpi.nr_ioapics++], e, sizeof(acpi.ioapics[0]));
}

static void madt_override(const uint8_t *e)
{
	if (e[2] == 0 && acpi.nr_overrides < ACPI_MAX_OVERRIDES)
		memcpy(&acpi.overrides[acpi.nr_overrides++], e, sizeof(acpi.overrides[0]));
}

static void madt_lapic_address(const uint8_t *e)
{
	acpi.lapic_hpa = get(e + 4, 8);
}

static const struct {
	uint8_t min_length;
	void (*parse)(const uint8_t *entry); /* whose first bytes are its type and length */
} madt_types[] = {
	[0] = { 8, madt_lapic },
	[1] = { sizeof(struct acpi_ioapic), madt_ioapic },
	[2] = { sizeof(struct acpi_override), madt_override },
	[5] = { 12, madt_lapic_address },
	[9] = { 16, madt_x2apic },
};

static int parse_madt(void)
{
	const struct acpi_header *h = map_found("APIC");
	const uint8_t *e;

	if (!h || h->length < sizeof(*h) + 8)
		return -ENODEV;
	acpi.lapic_hpa = get(h + 1, 4);
	for (size_t at = sizeof(*h) + 8; at + 2 <= h->length; at += e[1]) {
		e = (const uint8_t *)h + at;
		if (e[1] < 2 || at + e[1] > h->length) {
			log_warn("ACPI: the MADT is damaged at byte %zu\n", at);
			break;
		}
		if (e[0] < ARRAY_SIZE(madt_types) && madt_types[e[0]].parse && e[1] >= madt_types[e[0]].min_length)
			madt_types[e[0]].parse(e);
	}
	if (acpi.nr_cpus_ignored)
		log_warn("ACPI: %u CPUs beyond the first %u are not used\n", acpi.nr_cpus_ignored, NR_CPUS);
	return acpi.nr_cpus ? 0 : -ENODEV;
}

/* A register as the old 32-bit port at `port`, replaced by the generic address at `gas` if filled. */
static struct acpi_gas fadt_register(const struct acpi_header *h, size_t port, size_t gas)
{
	const char *t = (const char *)h;
	struct acpi_gas r = { .space = 1 };

	if (port + 4 <= h->length)
		r.address = get(t + port, 4);
	if (gas + sizeof(r) <= h->length && get(t + gas + 4, 8))
		memcpy(&r, t + gas, sizeof(r));
	return r;
}

/* One small integer of AML: ZeroOp, OneOp, or BytePrefix and a byte. Returns bytes used, 0 if none. */
static unsigned int aml_byte(const uint8_t *p, const uint8_t *end, uint8_t *val)
{
	if (p < end && *p <= 1) {
		*val = *p;
		return 1;
	}
	if (p + 1 < end && *p == 0x0a) {
		*val = p[1];
		return 2;
	}
	return 0;
}

/* NameOp "_S5_" PackageOp PkgLength NumElements SLP_TYPa SLP_TYPb, with or without a leading '\'. */
static bool parse_s5(const uint8_t *name, const uint8_t *end)
{
	const uint8_t *p = name + 4;
	unsigned int n;

	if (!(name[-1] == 0x08 || (name[-1] == '\\' && name[-2] == 0x08)) || p + 4 > end || *p != 0x12)
		return false;
	p += 3 + (p[1] >> 6); /* the length's first byte says how many more it has */
	n = aml_byte(p, end, &acpi.s5_typ_a);
	if (!n)
		return false;
	if (!aml_byte(p + n, end, &acpi.s5_typ_b))
		acpi.s5_typ_b = 0;
	return true;
}

static void scan_for_s5(const struct acpi_header *h)
{
	const uint8_t *p = (const uint8_t *)(h + 1) + 2; /* parse_s5 looks two bytes back */
	const uint8_t *end = (const uint8_t *)h + h->length;

	for (; p + 4 < end && !acpi.have_s5; p++)
		if (!memcmp(p, "_S5_", 4))
			acpi.have_s5 = parse_s5(p, end);
}

static void parse_fadt(void)
{
	const struct acpi_header *h = map_found("FACP"), *dsdt;
	const char *t = (const char *)h;

	if (!h || h->length < 116)
		return;
	acpi.smi_cmd = get(t + 48, 4);
	acpi.acpi_enable = t[52];
	acpi.pm1a_cnt = fadt_register(h, 64, 172);
	acpi.pm1b_cnt = fadt_register(h, 68, 184);
	acpi.pm_timer = fadt_register(h, 76, 208);
	if (h->length >= 129 && (get(t + 112, 4) >> 10 & 1)) {
		acpi.have_reset = true;
		memcpy(&acpi.reset_reg, t + 116, sizeof(acpi.reset_reg));
		acpi.reset_value = t[128];
	}
	dsdt = add_table(h->length >= 148 && get(t + 140, 8) ? get(t + 140, 8) : get(t + 40, 4));
	if (dsdt)
		scan_for_s5(dsdt);
}

/* Some firmware, SeaBIOS among them, keeps the sleep states in an SSDT. */
static void parse_ssdts(void)
{
	const struct acpi_table *t;

	for (unsigned int i = 0; !acpi.have_s5 && (t = acpi_find("SSDT", i)); i++)
		scan_for_s5(acpi_map(t->hpa, t->length));
}

static void parse_mcfg(void)
{
	const struct acpi_header *h = map_found("MCFG");
	const char *e;

	if (!h)
		return;
	for (e = (const char *)h + 44; e + 16 <= (const char *)h + h->length && acpi.nr_mcfg < ACPI_MAX_MCFG; e += 16) {
		struct acpi_mcfg m = { get(e, 8), get(e + 8, 2), e[10], e[11] };

		if (m.bus_first <= m.bus_last && m.base)
			acpi.mcfg[acpi.nr_mcfg++] = m;
	}
}

static void parse_hpet(void)
{
	const struct acpi_header *h = map_found("HPET");

	if (h && h->length >= 56 && ((const uint8_t *)h)[40] == 0)
		acpi.hpet_hpa = get((const char *)h + 44, 8);
}

int acpi_init(const void *rsdp, size_t rsdp_size)
{
	const struct acpi_rsdp *r = rsdp;
	int rc;

	memset(&acpi, 0, sizeof(acpi));
	if (!r || !rsdp_ok(r, rsdp_size)) {
		r = rsdp_scan();
		rsdp_size = RSDP_V2_SIZE;
	}
	if (!r)
		return -ENODEV;
	memcpy(acpi.oem_id, r->oem_id, sizeof(acpi.oem_id));
	rc = read_root(r, rsdp_size);
	if (rc)
		return rc;
	parse_fadt();
	parse_ssdts();
	parse_mcfg();
	parse_hpet();
	return parse_madt();
}

void acpi_isa_irq(unsigned int irq, uint32_t *gsi, bool *level, bool *low)
{
	*gsi = irq;
	*level = *low = false;
	for (unsigned int i = 0; i < acpi.nr_overrides; i++) {
		const struct acpi_override *o = &acpi.overrides[i];

		if (o->irq == irq) {
			*gsi = o->gsi;
			*low = (o->flags & 3) == 3;
			*level = (o->flags >> 2 & 3) == 3;
		}
	}
}
