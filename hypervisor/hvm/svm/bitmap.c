/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Permission maps: 12 KiB for ports (a bit each, 1 = exit), 8 KiB for MSRs (two bits each: read,
 * write); APM 15.10, 15.11. All guests share one MSR map; all but the hardware domain share one port
 * map, in which every port exits.
 */
#include "hvm/svm/svm.h"
#include "lib/bug.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "x86/msr.h"

#define IOPM_ORDER  2 /* 12 KiB, from a 16 KiB block */
#define MSRPM_ORDER 1

static mfn_t iopm_closed = { ~0ULL };
static mfn_t msrpm = { ~0ULL };

/* MSRs that the CPU switches with the guest: no reason to exit. */
static const uint32_t direct_msrs[] = {
	MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK,
	MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_PAT,
};

static void msrpm_allow(uint8_t *map, uint32_t msr)
{
	uint32_t base = msr >= 0xc0010000 ? 0x1000 : msr >= 0xc0000000 ? 0x800 : 0;
	uint32_t n = msr & 0x1fff;

	map[base + n / 4] &= (uint8_t)~(3u << (n % 4 * 2));
}

static mfn_t filled(unsigned int order)
{
	mfn_t mfn = frame_alloc(order);

	if (!mfn_eq(mfn, INVALID_MFN))
		memset(frame_map(mfn), 0xff, PAGE_SIZE << order);
	return mfn;
}

int svm_bitmaps_init(void)
{
	uint8_t *map;

	iopm_closed = filled(IOPM_ORDER);
	msrpm = filled(MSRPM_ORDER);
	if (mfn_eq(iopm_closed, INVALID_MFN) || mfn_eq(msrpm, INVALID_MFN))
		return -ENOMEM;
	map = frame_map(msrpm);
	for (unsigned int i = 0; i < ARRAY_SIZE(direct_msrs); i++)
		msrpm_allow(map, direct_msrs[i]);
	return 0;
}

int svm_domain_init(struct hvm_domain *hd)
{
	mfn_t iopm = hd->direct_io ? filled(IOPM_ORDER) : iopm_closed;

	if (mfn_eq(iopm, INVALID_MFN))
		return -ENOMEM;
	hd->io_bitmap_mfn = iopm;
	hd->msr_bitmap_mfn = msrpm;
	return 0;
}

void svm_domain_free(struct hvm_domain *hd)
{
	if (hd->direct_io)
		frame_free(hd->io_bitmap_mfn, IOPM_ORDER);
}

void svm_domain_allow_ports(struct hvm_domain *hd, uint16_t first, uint32_t nr, bool allow)
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
