/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * UEFI's runtime services, for Dom0: variables that only the firmware can reach. The firmware never learns
 * of virtual addresses (SetVirtualAddressMap() is not called); it runs where it believes itself to be, on
 * page tables whose lower half maps its own memory, and one block for arguments, 1:1.
 */
#pragma once

#include <efi.h>
#include "boot/boot_info.h"
#include "lib/spinlock.h"

#define EFI_BLOCK_SIZE	 65536 /* for arguments; a variable may have a little less */
#define EFI_VENDOR_CHARS 100

/* Place in the table of services (UEFI 4.5), without its header. */
enum efi_service {
	RT_GET_VARIABLE = 6, RT_GET_NEXT_VARIABLE_NAME = 7, RT_SET_VARIABLE = 8, RT_QUERY_VARIABLE_INFO = 13,
	EFI_NR_SERVICES
};

struct efi { /* written at boot */
	uint32_t revision, runtime_revision, firmware_revision; /* revision 0: no services here */
	uint64_t tables, nr_tables;		/* the configuration tables, physical */
	uint16_t vendor[EFI_VENDOR_CHARS];	/* UCS-2 */
	uint64_t service[EFI_NR_SERVICES];	/* physical */
	unsigned int nr_ranges;			/* the firmware's memory */
	struct boot_range ranges[BOOT_MAX_RUNTIME];
	void *block;	 /* EFI_BLOCK_SIZE bytes for arguments, told to the firmware by physical address */
	spinlock_t lock; /* for the block and for calls */
};
extern struct efi efi;

/* Does this page belong to the services, code or data? Devices that they use do not count. */
bool efi_owns(uint64_t hpa);

/* block: EFI_BLOCK_SIZE bytes of RAM, kept. Boot CPU; what is missing is said on the console. */
void efi_init(const struct boot_info *bi, void *block);

/*
 * Call a service under efi.lock; returns the firmware's status. It may use the FPU: the caller has saved
 * what is in it, and loads it again. Arguments too many do no harm.
 */
uint64_t efi_call(enum efi_service service, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
