/* SPDX-License-Identifier: GPL-2.0-only */
/* VT-d's registers and entries (Intel's specification of it, 9 to 11; legacy mode), and its pure parts. */
#pragma once

#include "mem/iommu.h"
#include "x86/acpi.h"

/* 11.4 */
#define VTD_CAP		0x08
#define  CAP_RWBF	(1ULL << 4)
#define  CAP_PLMR	(1ULL << 5)
#define  CAP_PHMR	(1ULL << 6)
#define  CAP_CM		(1ULL << 7)
#define  CAP_SAGAW_39	(1ULL << 9)
#define  CAP_SAGAW_48	(1ULL << 10)
#define  CAP_MGAW(cap)	(((cap) >> 16 & 0x3f) + 1) /* bits */
#define  CAP_FRO(cap)	(((cap) >> 24 & 0x3ff) * 16)
#define  CAP_SLLPS_2M	(1ULL << 34)
#define  CAP_SLLPS_1G	(1ULL << 35)
#define  CAP_NFR(cap)	(((cap) >> 40 & 0xff) + 1)
#define  CAP_DWD	(1ULL << 54)
#define  CAP_DRD	(1ULL << 55)
#define VTD_ECAP	0x10
#define  ECAP_C		(1ULL << 0)
#define  ECAP_QI	(1ULL << 1)
#define  ECAP_IR	(1ULL << 3)
#define  ECAP_EIM	(1ULL << 4)
#define VTD_GCMD	0x18
#define VTD_GSTS	0x1c /* the same bits */
#define  GCMD_TE	(1u << 31)
#define  GCMD_SRTP	(1u << 30)
#define  GCMD_QIE	(1u << 26)
#define  GCMD_IRE	(1u << 25)
#define  GCMD_SIRTP	(1u << 24)
#define VTD_RTADDR	0x20
#define VTD_FSTS	0x34
#define  FSTS_PFO	(1u << 0)
#define  FSTS_PPF	(1u << 1)
#define  FSTS_FRI(fsts)	((fsts) >> 8 & 0xff)
#define VTD_FECTL	0x38 /* then data, address, upper address */
#define VTD_PMEN	0x64
#define VTD_IQT		0x88
#define VTD_IQA		0x90
#define VTD_IRTA	0xb8
#define  IRTA_EIME	(1ULL << 11)

/* 9.1, 9.3: one table of contexts serves every bus */
#define ROOT_P		1ULL
#define CONTEXT_P	1ULL
#define CONTEXT_DOMAIN(id, levels) ((uint64_t)(id) << 8 | ((levels) - 2))

/* 6.5.2: low words; the high word is 0 but for the wait's, the address it writes to */
#define INV_CONTEXT_ALL	(1ULL | 1 << 4)
#define INV_IOTLB_DOMAIN(id) (2ULL | 2 << 4 | (uint64_t)(id) << 16)
#define  INV_DRAIN_WRITES (1ULL << 6)
#define  INV_DRAIN_READS (1ULL << 7)
#define INV_INTERRUPTS_ALL 4ULL
#define INV_WAIT(value)	(5ULL | 1 << 5 | (uint64_t)(value) << 32)

/* 9.9, 5.1.5: index is our vector number; no source is checked */
static inline uint64_t irte_low(unsigned int vector, uint32_t apic_id, bool level, bool x2apic)
{
	return 1 | (level ? 1 << 4 : 0) | vector << 16 | (uint64_t)(x2apic ? apic_id : apic_id << 8) << 32;
}

static inline uint32_t remappable_msi(unsigned int index)
{
	return 0xfee00000 | index << 5 | 1 << 4;
}

/* 11.4.14: a record of a fault, if its top bit is set; why is NULL for an unknown reason. */
#define FAULT_F (1ULL << 63)
struct vtd_fault {
	uint16_t bdf;
	bool write;
	uint64_t addr;	 /* of an interrupt: its index */
	const char *why;
};
struct vtd_fault vtd_decode_fault(uint64_t low, uint64_t high);

/* 8.1 */
#define DMAR_FLAGS	 37
#define DMAR_INTR_REMAP	 1
#define DMAR_HEADER_SIZE 48
/* Adds units and reserved memory to iommu. -EINVAL: damaged, with a message; -ENODEV: no unit; -ENOSPC. */
int dmar_parse(const struct acpi_header *h, bool *has_interrupts);
