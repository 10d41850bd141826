/* SPDX-License-Identifier: GPL-2.0-only */
/* Is there SVM with nested paging, and switch it on: APM 15.4. */
#include "hvm/svm/svm.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "x86/cpu.h"
#include "x86/cpuid.h"
#include "x86/features.h"
#include "x86/msr.h"

bool svm_has_nrips;
bool svm_loses_interrupts;

/* QEMU's TCG names itself in the leaf where hypervisors do. */
static bool is_tcg(void)
{
	struct cpuid_regs r = cpuid(0x40000000);

	return cpuid(1).ecx >> 31 && !memcmp(&r.ebx, "TCGT", 4) && !memcmp(&r.ecx, "CGTC", 4);
}

int svm_probe(void)
{
	uint64_t vm_cr;

	if (!cpu_has(F_SVM)) {
		log_err("This CPU has no AMD-V (SVM). Helium runs on AMD and Hygon CPUs with AMD-V only so far.\n");
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
	svm_loses_interrupts = is_tcg();
	log_info("AMD-V: %u ASIDs, next RIP %s\n", cpu_features.svm_asids, svm_has_nrips ? "yes" : "no");
	return svm_bitmaps_init();
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
