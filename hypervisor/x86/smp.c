/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starting CPUs, one after the other. The trampoline page gets this CPU's stack and entry; a page
 * table of its own identity-maps the first 2 MiB beside everything that the real one maps.
 */
#include "x86/acpi.h"
#include "x86/asm.h"
#include "x86/cr.h"
#include "x86/cpuid.h"
#include "x86/features.h"
#include "x86/hostmap.h"
#include "x86/lapic.h"
#include "x86/smp.h"
#include "x86/time.h"

struct smp_trampoline_args { /* as at the end of boot/trampoline.S */
	uint64_t stack, main;
	uint32_t cr3;
	uint32_t entry32;
	uint16_t entry32_sel;
	uint32_t entry64;
	uint16_t entry64_sel;
	uint16_t gdt_limit;
	uint32_t gdt_base;
} __packed;

extern char trampoline_start[], trampoline_end[], trampoline_args[];

static uint64_t tramp_pml4[512] __aligned(4096) __section(".init.bss");
static uint64_t tramp_pdpt[512] __aligned(4096) __section(".init.bss");
static uint64_t tramp_pd[512] __aligned(4096) __section(".init.bss");

static uint64_t tramp_hpa;
static void (*ap_entry)(void);
static bool ap_alive;	      /* the starting CPU says so */
static unsigned int acpi_next; /* next entry of acpi.apic_ids to try */
static bool stop_asked;

static struct smp_trampoline_args *args(void)
{
	return phys_to_virt(tramp_hpa + (trampoline_args - trampoline_start));
}

void smp_prepare(uint64_t trampoline_hpa)
{
	struct smp_trampoline_args *a;

	BUG_ON(trampoline_hpa >= MIB(1) || trampoline_hpa % PAGE_SIZE);
	tramp_hpa = trampoline_hpa;
	memcpy(phys_to_virt(tramp_hpa), trampoline_start, trampoline_end - trampoline_start);
	a = args();
	a->entry32 += tramp_hpa;
	a->entry64 += tramp_hpa;
	a->gdt_base += tramp_hpa;

	memcpy(tramp_pml4, phys_to_virt(hostmap_cr3()), PAGE_SIZE);
	tramp_pd[0] = 0x83;
	tramp_pdpt[0] = virt_to_phys(tramp_pd) | 3;
	tramp_pml4[0] = virt_to_phys(tramp_pdpt) | 3;
	a->cr3 = virt_to_phys(tramp_pml4);
}

/* First C on a new CPU; its per-CPU area is ready. */
static void __noreturn ap_main(void)
{
	void (*entry)(void) = ap_entry;

	cr3_write(hostmap_cr3());
	cpu_init();
	lapic_init_cpu();
	if (cpuid(1).eax != cpu_features.signature)
		log_warn("CPU %u is another model than the boot CPU\n", cpu_id());
	store_release(&ap_alive, true); /* pairs with wait_alive() */
	entry();
	BUG();
}

static bool wait_alive(unsigned int ms)
{
	for (; ms && !load_acquire(&ap_alive); ms--)
		for (unsigned int i = 0; i < 10 && !load_acquire(&ap_alive); i++)
			time_delay_us(100);
	return load_acquire(&ap_alive);
}

/* INIT, 10 ms, SIPI, and once more if nothing happened: the manuals' sequence. */
static bool send_init_sipi(uint32_t apic_id)
{
	uint32_t sipi = ICR_STARTUP | ICR_ASSERT | tramp_hpa >> 12;

	lapic_icr_write(apic_id, ICR_INIT | ICR_ASSERT | ICR_LEVEL);
	time_delay_us(200);
	lapic_icr_write(apic_id, ICR_INIT | ICR_LEVEL);
	time_delay_us(10000);
	lapic_icr_write(apic_id, sipi);
	if (wait_alive(10))
		return true;
	lapic_icr_write(apic_id, sipi);
	return wait_alive(10000); /* an emulator on a busy machine takes its time */
}

int smp_boot_cpu(void *block, void (*entry)(void))
{
	unsigned int index = nr_cpus;
	uint32_t apic_id;

	while (acpi_next < acpi.nr_cpus && acpi.apic_ids[acpi_next] == per_cpu(cpu_ident, 0).apic_id)
		acpi_next++;
	if (acpi_next >= acpi.nr_cpus || index == NR_CPUS)
		return -ENODEV;
	apic_id = acpi.apic_ids[acpi_next++];
	if (apic_id > 0xfe && !lapic_is_x2apic()) {
		log_warn("CPU with APIC id %#x needs x2APIC mode, which the firmware left off\n", apic_id);
		return -ETIME;
	}

	args()->stack = (uintptr_t)cpu_prepare_block(index, apic_id, block);
	args()->main = (uintptr_t)ap_main;
	ap_entry = entry;
	store_release(&ap_alive, false);
	if (!send_init_sipi(apic_id)) {
		log_warn("CPU with APIC id %#x did not start\n", apic_id);
		return -ETIME;
	}
	nr_cpus = index + 1;
	return index;
}

void smp_finish(void)
{
	memset(phys_to_virt(tramp_hpa), 0, PAGE_SIZE);
}

void smp_stop_others(void)
{
	if (atomic_xchg(&stop_asked, true) || nr_cpus == 1 || !lapic_is_ready())
		return;
	lapic_nmi_others();
	time_delay_us(10000);
}

void smp_stop_if_asked(void)
{
	if (load_acquire(&stop_asked))
		cpu_halt_forever();
}
