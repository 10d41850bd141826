/* SPDX-License-Identifier: GPL-2.0-only */
/* Is there SVM with nested paging, and switch it on: APM 15.4. */
#include "hvm/svm/svm.h"
#include "x86/cpuid.h"
#include "x86/features.h"

bool svm_has_nrips;
bool svm_on_tcg;

/* QEMU's TCG names itself in the leaf where hypervisors do. */
static bool is_tcg(void)
{
	struct cpuid_regs r = cpuid(0x40000000);

	return cpuid(1).ecx >> 31 && !memcmp(&r.ebx, "TCGT", 4) && !memcmp(&r.ecx, "CGTC", 4);
}

/* The map: two bits each, read and write; 2 KiB for each of three ranges of MSRs (15.11). */
static void allow_msr(uint8_t *map, uint32_t msr)
{
	uint32_t base = msr >= 0xc0010000 ? 0x1000 : msr >= 0xc0000000 ? 0x800 : 0;
	uint32_t n = msr & 0x1fff;

	map[base + n / 4] &= (uint8_t)~(3u << (n % 4 * 2));
}

int svm_probe(void)
{
	uint64_t vm_cr;

	if (!cpu_has(F_SVM)) {
		log_err("This CPU has no AMD-V (SVM) and no VT-x (VMX). Helium needs one of them.\n");
		return -ENODEV;
	}
	if (rdmsr_safe(MSR_VM_CR, &vm_cr) == 0 && (vm_cr & VM_CR_SVMDIS)) {
		log_err("AMD-V is switched off by the firmware. Enable \"SVM\" or \"Virtualization\" in its set-up.\n");
		return -ENODEV;
	}
	if (!cpu_has(F_SVM_NPT)) {
		log_err("This CPU has AMD-V but no nested paging (NPT), which Helium needs.\n");
		return -ENODEV;
	}
	svm_has_nrips = cpu_has(F_SVM_NRIPS);
	/*
	 * Whenever a CPU of QEMU's loads FPU state it also writes, without a lock, the word of its first CPU that
	 * says whether that one runs with nested paging and GIF. VMRUN and #VMEXIT there are then half undone.
	 */
	svm_on_tcg = hvm_spare_boot_cpu = is_tcg();
	hvm_has_1g_pages = cpu_has(F_PAGE1GB);
	log_info("AMD-V: %u ASIDs, next RIP %s\n", cpu_features.svm_asids, svm_has_nrips ? "yes" : "no");
	return hvm_bitmaps_init(allow_msr);
}

int svm_cpu_on(void)
{
	mfn_t mfn = frame_alloc(0); /* the CPU keeps its own state there, for good */

	if (mfn_eq(mfn, INVALID_MFN))
		return -ENOMEM;
	memset(frame_map(mfn), 0, PAGE_SIZE);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, mfn.n << PAGE_SHIFT);
	return 0;
}
