/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The start-up story, in reading order. The boot CPU comes from boot/ with its own stack, exception
 * handlers and a 4 GiB direct map; each step below brings up one thing and may use all those above.
 * A step that fails says what is missing and what to do about it, on every console, and stops.
 */
#include "core/start.h"
#include "dev/cpuid.h"
#include "guest/console_io.h"
#include "guest/exit.h"
#include "guest/parts.h"
#include "guest/platform_op.h"
#include "guest/version.h"
#include "init/dom0_build.h"
#include "init/host_mem.h"
#include "mem/iommu.h"
#include "mem/kalloc.h"
#include "x86/acpi.h"
#include "x86/console.h"
#include "x86/efi.h"
#include "x86/features.h"
#include "x86/ioapic.h"
#include "x86/ipi.h"
#include "x86/lapic.h"
#include "x86/pci.h"
#include "x86/reboot.h"
#include "x86/smp.h"
#include "x86/spec.h"
#include "x86/time.h"

static struct options options;
static struct mem_split split;
static unsigned int console_irq; /* of the serial port, as com1= or com2= has it */

static void report_option(const char *option, const char *why)
{
	log_warn("Option \"%s\": %s\n", option, why);
}

/* Open the console that console= names. Bad serial settings are said once there is a console. */
static void start_console(const struct boot_info *bi)
{
	static const struct uart_config com1 = { .port = 0x3f8, .irq = 4, .baud = 115200, .lcr = 3 };
	static const struct uart_config com2 = { .port = 0x2f8, .irq = 3, .baud = 115200, .lcr = 3 };
	bool use_com2 = (options.console & (CONSOLE_COM1 | CONSOLE_COM2)) == CONSOLE_COM2;
	const char *settings = use_com2 ? options.com2 : options.com1;
	struct console_config cfg = {
		.com1 = options.console & (CONSOLE_COM1 | CONSOLE_COM2),
		.vga = (options.console & CONSOLE_VGA) && !bi->efi_systab,
		.uart = use_com2 ? com2 : com1,
	};
	int rc = uart_parse(settings, &cfg.uart);

	console_irq = cfg.uart.irq;
	console_init(&cfg);
	console_set_levels(options.loglvl, options.guest_loglvl);
	if (rc)
		log_warn("Serial settings \"%s\" are not understood; using 115200,8n1\n", settings);
}

static void say_hello(const struct boot_info *bi)
{
	log_info("Helium " HELIUM_VERSION " (loaded by %s, at %lu KiB)\n",
		 *bi->loader ? bi->loader : "an unnamed loader", bi->image_base >> 10);
	log_info("Command line: %s\n", bi->cmdline);
	cmdline_parse(&options, bi->cmdline, report_option);
	if (bi->truncated)
		log_warn("The boot loader gave more than there is room for; some of it is lost\n");
	log_info("CPU: %s\n", cpu_features.name);
}

/* What the machine has beside RAM: ACPI's tables, interrupt controllers, clocks, PCI. */
static void start_devices(const struct boot_info *bi)
{
	if (acpi_init(bi->rsdp_size ? bi->rsdp : NULL, bi->rsdp_size))
		panic("no usable ACPI tables (RSDP, MADT); enable ACPI in the firmware's setup\n");
	time_init();
	lapic_init_boot();
	lapic_timer_calibrate();
	ioapic_init();
	pci_init();
	iommu_init(options.iommu, !options.no_intremap); /* before the first interrupt is routed */
	ipi_init();
	console_start_input(console_irq);
}

static void start_virtualization(void)
{
	hvm_no_vid = options.no_vid;
	if (hvm_probe())
		panic("this machine cannot run guests; see above for what is missing\n");
	log_info("Virtualization: %s with %s\n", hvm_ops->name, hvm_ops->p2m_format->name);
	cpuid_init();
	spec_init(options.spec_rsb, options.spec_ibpb);
}

/* Wake the other CPUs; they sleep until start_others(). */
static void start_cpus(const struct boot_info *bi)
{
	unsigned int want = acpi.nr_cpus;
	uint64_t trampoline = host_mem_trampoline(&split, bi);
	int rc = 0;

	if (options.maxcpus)
		want = min(want, options.maxcpus);
	if (want > 1 && !trampoline) {
		log_warn("CPUs: no page of RAM below 1 MiB to start others in; using one CPU\n");
		return;
	}
	smp_prepare(trampoline);
	while (nr_cpus < want && rc != -ENODEV) {
		mfn_t block = frame_alloc(2); /* STACK_SIZE */

		if (mfn_eq(block, INVALID_MFN))
			panic("no memory for CPU %u; leave it out with maxcpus=\n", nr_cpus);
		rc = smp_boot_cpu(hostmap_stack(block.n << PAGE_SHIFT), start_other_cpu);
		if (rc == -ENODEV)
			frame_free(block, 2);
		else if (rc < 0)
			log_warn("CPUs: one does not answer and is left out (error %d)\n", rc);
	}
	smp_finish();
	log_info("CPUs: %u of %u in use\n", nr_cpus, acpi.nr_cpus);
	if (hvm_spare_boot_cpu && nr_cpus > 1)
		log_info("CPU 0 runs no guests: QEMU's emulation mixes up its state when others load FPU registers\n");
}

static void start_firmware(const struct boot_info *bi)
{
	void *block = bi->nr_runtime && !options.no_efi ? kalloc(EFI_BLOCK_SIZE) : NULL;

	if (block)
		efi_init(bi, block);
	if (bi->efi_systab)
		platform_set_screen(&bi->fb);
}

void hv_main(const struct boot_info *bi)
{
	struct domain *dom0;

	cmdline_parse(&options, bi->cmdline, NULL);
	opt_noreboot = true; /* what goes wrong before Dom0 runs is to be read, not repeated */
	features_init();
	start_console(bi);
	say_hello(bi);
	cpu_init();
	host_mem_init(&split, bi, &options);
	start_devices(bi);
	start_virtualization();
	start_cpus(bi);

	sched_init();
	if (start_this_cpu())
		panic("the boot CPU cannot run guests; see above for what is missing\n");
	exit_init();
	parts_init();
	version_set_cmdline(bi->cmdline);
	start_firmware(bi);
	start_others(run_loop);
	dom0 = dom0_build(bi, &split, &options);
	host_mem_release_modules(&split);
	hostmap_set_alloc(page_alloc); /* for Dom0's MSI-X tables; init's goes now */
	console_io_init();
	console_release_vga();

	opt_noreboot = options.noreboot;
	log_info("Start-up: %lu kcycles\n", (rdtsc() - tsc_at_entry) / 1000);
	dom0->is_control_paused = false;
	domain_unpause(dom0);
	start_service(run_loop);
}
