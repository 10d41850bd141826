/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's ports, and which are whose. Dom0 reaches most of them directly, by the permission
 * bitmap; those in the table of this file, and those that other devices register, trap. A guest has
 * a debug port, and a timer chip that is just enough not to be waited for.
 */
#include "dev/ports.h"
#include "dev/hwdom_map.h"
#include "dev/io.h"
#include "dev/mmio.h"
#include "dev/msr.h"
#include "dev/vioapic.h"
#include "dev/vlapic.h"
#include "dev/vpci.h"
#include "mem/iommu.h"
#include "mem/kalloc.h"
#include "x86/acpi.h"
#include "x86/asm.h"
#include "x86/uart.h"

#include <xen/sched.h>

#define PORT_PIC1	0x20
#define PORT_PIT	0x40
#define PORT_PIT_CH2	0x42
#define PORT_PIT_GATE	0x61
#define PORT_PIC2	0xa0
#define PORT_RTC_INDEX	0x70
#define PORT_RTC_DATA	0x71
#define PORT_DEBUG	0xe9

struct dev_ports {
	spinlock_t lock;    /* level vioapic, as for all small devices */
	unsigned int len;   /* debug port: of the line so far */
	char line[120];
	uint8_t rtc_index;
};

/* One line at a time from port 0xe9 to the log. */
static void debug_access(struct vcpu *v, void *ctx, uint16_t port, unsigned int size, bool write,
			 uint32_t *val)
{
	struct dev_ports *p = ctx;
	char c = (char)*val;

	if (!write) {
		*val = PORT_DEBUG; /* what says "something is here" on Bochs and QEMU */
		return;
	}
	spin_lock(&p->lock);
	if (c != '\n' && c != '\r')
		p->line[p->len++] = c >= ' ' && c < 127 ? c : '?';
	if ((c == '\n' && p->len) || p->len == sizeof(p->line) - 1) {
		p->line[p->len] = 0;
		guest_info("d%u: %s\n", v->d->id, p->line);
		p->len = 0;
	}
	spin_unlock(&p->lock);
}

/*
 * Linux tries to measure its TSC by timer channel 2 before it believes what the hypervisor says.
 * All ones would look like a slow counter and cost it 200,000 reads; zero, and a gate that is
 * always done, make it give up at once.
 */
static void pit_access(struct vcpu *v, void *ctx, uint16_t port, unsigned int size, bool write,
		       uint32_t *val)
{
	if (!write)
		*val = port == PORT_PIT_CH2 ? 0 : port == PORT_PIT_GATE ? 0x20 : ~0u;
}

/*
 * Dom0's CMOS clock is the machine's, which we read only at boot. But index and data port make one
 * access, and two vCPUs must not mix theirs; NMI masking (bit 7 of the index) is not Dom0's to do.
 */
static void rtc_access(struct vcpu *v, void *ctx, uint16_t port, unsigned int size, bool write,
		       uint32_t *val)
{
	struct dev_ports *p = ctx;

	spin_lock(&p->lock);
	if (size != 1 || (port == PORT_RTC_INDEX && !write)) {
		*val = ~0u; /* the index is write-only in hardware */
	} else if (port == PORT_RTC_INDEX) {
		p->rtc_index = *val & 0x7f;
	} else {
		outb(PORT_RTC_INDEX, p->rtc_index);
		if (write)
			outb(PORT_RTC_DATA, (uint8_t)*val);
		else
			*val = inb(PORT_RTC_DATA);
	}
	spin_unlock(&p->lock);
}

/* Looks like no chip at all. */
static void absent_access(struct vcpu *v, void *ctx, uint16_t port, unsigned int size, bool write,
			  uint32_t *val)
{
	if (!write)
		*val = ~0u;
}

static int add_debug_port(struct domain *d)
{
	d->ports = kalloc(sizeof(*d->ports));
	if (!d->ports)
		return -ENOMEM;
	spin_init(&d->ports->lock, LOCK_vioapic);
	return io_register(d, PORT_DEBUG, 1, debug_access, d->ports);
}

/* Ports of chips that are ours, or that have no place in a machine without an 8259. */
static const struct {
	uint16_t first, nr;
	io_fn fn;
} chips[] = {
	{ PORT_PIT, 4, pit_access },	 { PORT_PIT_GATE, 1, pit_access },
	{ PORT_PIC1, 2, absent_access }, { PORT_PIC2, 2, absent_access },
	{ 0x4d0, 2, absent_access }, /* edge/level control of the 8259 */
};

static int add_chips(struct domain *d)
{
	int rc = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(chips) && rc == 0; i++)
		rc = io_register(d, chips[i].first, chips[i].nr, chips[i].fn, NULL);
	return rc;
}

static int add_rtc(struct domain *d)
{
	return io_register(d, PORT_RTC_INDEX, 2, rtc_access, d->ports);
}

static int add_uart(struct domain *d)
{
	return uart_port() ? io_register(d, uart_port(), 8, absent_access, NULL) : 0;
}

#define PM1_SLP_EN   (1u << 13)
#define PM1_SLP_TYPE(val) ((val) >> 10 & 7)

/*
 * PM1 control: Dom0 powers the machine off here. S5 is an end of Dom0 like any other and goes the
 * same way; other sleep states would stop the CPUs under us and are refused.
 */
static void pm1_cnt_access(struct vcpu *v, void *ctx, uint16_t port, unsigned int size, bool write,
			   uint32_t *val)
{
	uint32_t word = *val;

	if (!write) {
		*val = port_read(port, size);
		return;
	}
	if (port != (uint16_t)acpi.pm1a_cnt.address) /* the upper byte alone */
		word <<= 8;
	if (!(word & PM1_SLP_EN)) {
		port_write(port, size, *val);
		return;
	}
	if (acpi.have_s5 && PM1_SLP_TYPE(word) == acpi.s5_typ_a) {
		domain_shutdown(v->d, SHUTDOWN_poweroff);
		return;
	}
	guest_warn("d%u: ACPI sleep type %u refused\n", v->d->id, PM1_SLP_TYPE(word));
}

static int add_pm1_cnt(struct domain *d)
{
	const struct acpi_gas *gas = &acpi.pm1a_cnt;

	if (gas->space != 1 || !gas->address || gas->address > 0xfffe)
		return 0;
	return io_register(d, (uint16_t)gas->address, 2, pm1_cnt_access, NULL);
}

/* Memory that Dom0 must not reach: what its ACPI tables do not show, and the local APIC's and MSIs'
 * space. */
static void hide_memory(void)
{
	hwdom_deny_mmio(VLAPIC_GPA, VLAPIC_GPA + MIB(1) - 1);
	hwdom_deny_mmio(acpi.lapic_hpa, acpi.lapic_hpa + PAGE_SIZE - 1);
	if (acpi.hpet_hpa)
		hwdom_deny_mmio(acpi.hpet_hpa, acpi.hpet_hpa + 0x3ff);
	for (unsigned int i = 0; i < iommu.nr_units; i++)
		hwdom_deny_mmio(iommu.unit[i].hpa, iommu.unit[i].hpa + iommu.unit[i].size - 1);
}

static int add_lapic(struct domain *d)
{
	return mmio_register(d, VLAPIC_GPA, PAGE_SIZE, vlapic_mmio, NULL);
}

#define NR_FOR_ALL 3 /* devices that every domain has */

int dev_setup(struct domain *d)
{
	static int (*const add[])(struct domain *) = {
		add_lapic, add_debug_port, add_chips,
		add_uart, add_pm1_cnt, add_rtc, vioapic_create, vpci_create,
	};
	int rc = 0;

	for (unsigned int i = 0; i < (d->is_hwdom ? ARRAY_SIZE(add) : NR_FOR_ALL) && !rc; i++)
		rc = add[i](d);
	if (rc || !d->is_hwdom)
		return rc;
	hide_memory();
	io_open_unclaimed(d);
	return 0;
}

void dev_free(struct domain *d)
{
	vpci_free(d);
	vioapic_free(d);
	mmio_free(d);
	io_free(d);
	kfree(d->ports, sizeof(*d->ports));
	d->ports = NULL;
}

int dev_vcpu_create(struct vcpu *v)
{
	int rc = vlapic_create(v);

	if (rc < 0)
		return rc;
	rc = msr_create(v);
	if (rc < 0)
		vlapic_free(v);
	return rc;
}

void dev_vcpu_free(struct vcpu *v)
{
	msr_free(v);
	vlapic_free(v);
}
