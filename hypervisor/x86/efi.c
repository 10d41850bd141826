/* SPDX-License-Identifier: GPL-2.0-only */
/* Finding and calling UEFI's runtime services. */
#include "x86/acpi.h"
#include "x86/asm.h"
#include "x86/cr.h"
#include "x86/efi.h"
#include "x86/hostmap.h"

struct efi efi = { .lock = SPINLOCK_INIT(efi) };

uint64_t efi_call(enum efi_service service, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	uint64_t __attribute__((ms_abi)) (*fn)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) =
		(void *)efi.service[service];
	uint32_t mxcsr = 0x1f80; /* UEFI 2.3.4.2 */
	uint64_t status;

	ASSERT_HELD(&efi.lock);
	cr3_write(hostmap_identity_cr3());
	__asm__ volatile("fninit; ldmxcsr %0" :: "m"(mxcsr));
	status = fn(a, b, c, d, e);
	cli();
	cr3_write(hostmap_cr3());
	return status;
}

/* The firmware's tables are read as ACPI's are: its memory is not in the direct map. */
static bool read_tables(uint64_t systab)
{
	const EFI_SYSTEM_TABLE *st = acpi_map(systab, sizeof(*st));
	const EFI_RUNTIME_SERVICES *rt = NULL;
	const void *vendor = NULL;

	if (st && st->Hdr.Signature == EFI_SYSTEM_TABLE_SIGNATURE) {
		rt = acpi_map((uintptr_t)st->RuntimeServices, sizeof(*rt));
		vendor = acpi_map((uintptr_t)st->FirmwareVendor, sizeof(efi.vendor));
	}
	if (!rt || !vendor || rt->Hdr.Signature != EFI_RUNTIME_SERVICES_SIGNATURE)
		return false;
	memcpy(efi.service, &rt->Hdr + 1, sizeof(efi.service));
	memcpy(efi.vendor, vendor, sizeof(efi.vendor) - 2);
	efi.tables = (uintptr_t)st->ConfigurationTable;
	efi.nr_tables = st->NumberOfTableEntries;
	efi.firmware_revision = st->FirmwareRevision;
	efi.runtime_revision = rt->Hdr.Revision;
	efi.revision = st->Hdr.Revision;
	return true;
}

bool efi_owns(uint64_t hpa)
{
	for (unsigned int i = 0; i < efi.nr_ranges; i++)
		if (hpa - efi.ranges[i].base < efi.ranges[i].size && efi.ranges[i].type < EfiMemoryMappedIO)
			return true;
	return false;
}

void efi_init(const struct boot_info *bi, void *block)
{
	efi.nr_ranges = bi->nr_runtime;
	memcpy(efi.ranges, bi->runtime, sizeof(efi.ranges));
	for (unsigned int i = 0; i < efi.nr_ranges; i++)
		hostmap_identity(efi.ranges[i].base, efi.ranges[i].size, efi.ranges[i].type == EfiRuntimeServicesCode,
				 efi.ranges[i].type >= EfiMemoryMappedIO); /* that and those behind are no RAM */
	efi.block = block;
	hostmap_identity(virt_to_phys(block), EFI_BLOCK_SIZE, false, false);
	if (efi.nr_ranges && read_tables(bi->efi_systab))
		log_info("UEFI: revision %u.%u, %u ranges of memory for its services\n", efi.revision >> 16,
			 (efi.revision & 0xffff) / 10, efi.nr_ranges);
	else
		log_warn("UEFI: no usable tables; Dom0 goes without runtime services\n");
}
