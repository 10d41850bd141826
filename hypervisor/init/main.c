/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The start-up story in reading order. For now it brings up the machine itself, floor by floor, and
 * says what it found.
 */
#include "boot/boot_info.h"
#include "init/cmdline.h"
#include "lib/atomic.h"
#include "lib/bug.h"
#include "lib/log.h"
#include "lib/string.h"
#include "x86/acpi.h"
#include "x86/console.h"
#include "x86/cpu.h"
#include "x86/features.h"
#include "x86/hostmap.h"
#include "x86/ioapic.h"
#include "x86/ipi.h"
#include "x86/irq.h"
#include "x86/lapic.h"
#include "x86/pci.h"
#include "x86/reboot.h"
#include "x86/smp.h"
#include "x86/time.h"
#include "x86/traps.h"

#define EARLY_PAGES 64

static char early_pages[EARLY_PAGES][PAGE_SIZE] __aligned(4096);
static unsigned int early_used;
static char ap_blocks[9 * STACK_SIZE];
static volatile unsigned int ticks, calls;

static void *early_page(void)
{
	return early_used < EARLY_PAGES ? early_pages[early_used++] : NULL;
}

static void tick(void *unused)
{
	ticks++;
	lapic_timer_set(now() + 10 * NSEC_PER_MSEC);
}

static void hello(void *arg)
{
	atomic_inc(&calls);
	log_info("CPU %u took a call (%s)\n", cpu_id(), (char *)arg);
}

static void __noreturn ap_loop(void)
{
	for (;;)
		cpu_idle_wait();
}

static void crash_key(char key)
{
	*(volatile int *)0x123456789 = 1;
}

static void reboot_key(char key)
{
	machine_reboot();
}

static void off_key(char key)
{
	machine_poweroff();
}

void hv_main(const struct boot_info *bi)
{
	static const struct uart_config com1 = { .port = 0x3f8, .irq = 4, .baud = 115200, .lcr = 3 };
	uint64_t t0;

	log_info("Helium " HELIUM_VERSION " started by %s at %#lx-%#lx: %s\n", bi->loader, bi->image_base,
		 bi->image_end, bi->cmdline);
	console_init(&(struct console_config){ .com1 = true, .vga = !bi->efi_systab, .uart = com1 });
	for (unsigned int i = 0; i < bi->nr_ranges; i++)
		log_info("  %016lx-%016lx type %u\n", bi->ranges[i].base,
			 bi->ranges[i].base + bi->ranges[i].size, bi->ranges[i].type);
	for (unsigned int i = 0; i < bi->nr_modules; i++)
		log_info("  module %lx+%lx '%s'\n", bi->modules[i].base, bi->modules[i].size, bi->modules[i].cmdline);
	features_init();
	cpu_init();
	hostmap_init(bi, early_page);
	log_info("hostmap done, %u pages; efi %#lx rsdp %u\n", early_used, bi->efi_systab, bi->rsdp_size);
	if (acpi_init(bi->rsdp_size ? bi->rsdp : NULL, bi->rsdp_size))
		panic("no usable ACPI tables\n");
	log_info("ACPI: %u tables, %u CPUs, %u IO-APICs, S5 %d\n", acpi.nr_tables, acpi.nr_cpus, acpi.nr_ioapics,
		 acpi.have_s5);
	time_init();
	lapic_init_boot();
	lapic_timer_calibrate();
	ioapic_init();
	pci_init();
	ipi_init();
	log_info("PCI 00:00.0 is %08x\n", pci_cfg_read(0, 0, 0, 4));
	console_register_key('C', "crash the hypervisor", crash_key);
	console_register_key('R', "reset the machine", reboot_key);
	console_register_key('P', "switch the machine off", off_key);
	console_start_input(4);
	smp_prepare(0x8000);
	while (nr_cpus < 8 && smp_boot_cpu((void *)(round_up((uintptr_t)ap_blocks, STACK_SIZE) + (nr_cpus - 1) * STACK_SIZE), ap_loop) >= 0)
		log_info("CPU %u is up\n", nr_cpus - 1);
	smp_finish();
	for (unsigned int i = 1; i < nr_cpus; i++)
		if (ipi_call(i, hello, "from the boot CPU"))
			log_err("call queue full\n");
	irq_set_handler(VEC_TIMER, tick, NULL);
	t0 = now();
	tick(NULL);
	while (now() - t0 < NSEC_PER_SEC / 2)
		cpu_idle_wait();
	log_info("%u ticks in half a second, %u calls; wall %llu s\n", ticks, calls,
		 time_wall_at_boot_ns() / NSEC_PER_SEC);
	lapic_timer_set(LAPIC_TIMER_OFF);
	log_info("ready\n");
	for (;;)
		cpu_idle_wait();
}
