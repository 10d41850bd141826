/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Resetting and switching off. Reset: ACPI's register, the chipset's port 0xcf9, the keyboard
 * controller, at last a triple fault, which no machine survives. Off: ACPI S5, else stand still.
 */
#include "x86/acpi.h"
#include "x86/asm.h"
#include "x86/desc.h"
#include "x86/pci.h"
#include "x86/reboot.h"
#include "x86/smp.h"
#include "x86/time.h"

#define PM1_SLP_TYP_SHIFT 10
#define PM1_SLP_TYP	  0x1c00
#define PM1_SLP_EN	  0x2000
#define PM1_SCI_EN	  0x0001
#define TRY_MS		  100 /* what each way gets before the next */

static void reset_acpi(void)
{
	const struct acpi_gas *r = &acpi.reset_reg;

	if (!acpi.have_reset)
		return;
	if (r->space == 1)
		outb(r->address, acpi.reset_value);
	else if (r->space == 2) /* PCI config: device, function and register in one number */
		pci_cfg_write(0, PCI_BDF(0, r->address >> 32 & 0x1f, r->address >> 16 & 7),
			      r->address & 0xff, 1, acpi.reset_value);
}

static void reset_cf9(void)
{
	outb(0xcf9, 0x02);
	time_delay_us(50);
	outb(0xcf9, 0x06);
}

static void reset_keyboard(void)
{
	for (unsigned int i = 0; i < 10000 && (inb(0x64) & 2); i++)
		cpu_relax();
	outb(0x64, 0xfe);
}

static void reset_triple_fault(void)
{
	struct desc_ptr none = { 0, 0 };

	__asm__ volatile("lidt %0; int3" :: "m"(none));
}

void machine_reboot(void)
{
	static void (*const ways[])(void) = { reset_acpi, reset_cf9, reset_keyboard, reset_triple_fault };

	cli();
	log_info("resetting the machine\n");
	smp_stop_others();
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		ways[i]();
		time_delay_us(TRY_MS * 1000);
	}
	cpu_halt_forever();
}

static uint16_t pm1_value(uint16_t old, uint8_t typ)
{
	return (old & ~PM1_SLP_TYP) | typ << PM1_SLP_TYP_SHIFT;
}

/* Firmware that still runs in legacy mode must hand the PM registers over first. */
static void acpi_enable(void)
{
	if (!acpi.smi_cmd || !acpi.acpi_enable || (inw(acpi.pm1a_cnt.address) & PM1_SCI_EN))
		return;
	outb(acpi.smi_cmd, acpi.acpi_enable);
	for (unsigned int i = 0; i < 300 && !(inw(acpi.pm1a_cnt.address) & PM1_SCI_EN); i++)
		time_delay_us(10000);
}

static void enter_s5(void)
{
	uint16_t a = acpi.pm1a_cnt.address, b = acpi.pm1b_cnt.address;

	acpi_enable();
	outw(a, pm1_value(inw(a), acpi.s5_typ_a));
	if (b)
		outw(b, pm1_value(inw(b), acpi.s5_typ_b));
	outw(a, pm1_value(inw(a), acpi.s5_typ_a) | PM1_SLP_EN);
	if (b)
		outw(b, pm1_value(inw(b), acpi.s5_typ_b) | PM1_SLP_EN);
	time_delay_us(TRY_MS * 1000);
}

void machine_poweroff(void)
{
	cli();
	log_info("switching the machine off\n");
	smp_stop_others();
	if (acpi.have_s5 && acpi.pm1a_cnt.space == 1 && acpi.pm1a_cnt.address)
		enter_s5();
	log_err("cannot switch off by ACPI; it is safe to cut the power\n");
	cpu_halt_forever();
}
