/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Permission maps. Ports: a bit each, 1 = exit, the same for both vendors (APM 15.10, SDM 3C
 * 24.6.4); AMD's is 12 KiB, of which the last bits serve accesses that run over the end. MSRs: the
 * backend knows the form. All guests share one MSR map; all but the hardware domain share one port
 * map, in which every port exits.
 */
#include "hvm/hvm.h"

#define PORT_MAP_ORDER 2 /* 12 KiB, from a 16 KiB block */
#define MSR_MAP_ORDER  1

static mfn_t ports_closed = { ~0ULL };
static mfn_t msr_map = { ~0ULL };

/* MSRs that the CPU, or load() and save(), switch with the guest: no reason to exit. */
static const uint32_t direct_msrs[] = {
	MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK,
	MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_PAT,
};

static mfn_t filled(unsigned int order)
{
	mfn_t mfn = frame_alloc(order);

	if (!mfn_eq(mfn, INVALID_MFN))
		memset(frame_map(mfn), 0xff, PAGE_SIZE << order);
	return mfn;
}

int hvm_bitmaps_init(void (*allow)(uint8_t *map, uint32_t msr))
{
	ports_closed = filled(PORT_MAP_ORDER);
	msr_map = filled(MSR_MAP_ORDER);
	if (mfn_eq(ports_closed, INVALID_MFN) || mfn_eq(msr_map, INVALID_MFN))
		return -ENOMEM;
	for (unsigned int i = 0; i < ARRAY_SIZE(direct_msrs); i++)
		allow(frame_map(msr_map), direct_msrs[i]);
	return 0;
}

int hvm_domain_init(struct hvm_domain *hd)
{
	mfn_t ports = hd->direct_io ? filled(PORT_MAP_ORDER) : ports_closed;

	if (mfn_eq(ports, INVALID_MFN))
		return -ENOMEM;
	hd->io_bitmap_mfn = ports;
	hd->msr_bitmap_mfn = msr_map;
	return 0;
}

void hvm_domain_free(struct hvm_domain *hd)
{
	if (hd->direct_io)
		frame_free(hd->io_bitmap_mfn, PORT_MAP_ORDER);
}

void hvm_domain_allow_ports(struct hvm_domain *hd, uint16_t first, uint32_t nr, bool allow)
{
	uint8_t *map = frame_map(hd->io_bitmap_mfn);

	BUG_ON(!hd->direct_io);
	for (uint32_t port = first; port < first + nr && port < 0x10000; port++) {
		if (allow)
			map[port / 8] &= (uint8_t)~(1u << (port % 8));
		else
			map[port / 8] |= (uint8_t)(1u << (port % 8));
	}
	frame_unmap(map);
}
