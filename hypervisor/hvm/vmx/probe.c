/* SPDX-License-Identifier: GPL-2.0-only */
/* Is there VT-x with all that we need, and switch it on: SDM 3C 23.6 to 23.8, 31.5. */
#include "hvm/vmx/vmx.h"
#include "mem/kalloc.h"
#include "x86/lapic.h"

#define MSR_VMX_BASIC	       0x480
#define FEATURE_CONTROL_LOCKED (1ULL << 0)
#define FEATURE_CONTROL_VMX    (1ULL << 2) /* outside SMX, that is, without Intel TXT */
#define EPT_1G_PAGES	       (1u << 17)

/*
 * The map, 24.6.9: 1 KiB each for reads of MSRs 0-1fff, of c0000000-c0001fff, then writes. The page
 * behind it is a second map, in which MSRs of the x2APIC are open, too.
 */
static void allow_msr(uint8_t *map, uint32_t msr)
{
	uint8_t *byte = map + (msr >= 0xc0000000 ? 0x400 : 0) + (msr & 0x1fff) / 8;
	uint8_t bit = (uint8_t)(1u << msr % 8);

	for (unsigned int i = 0; i <= 0x1800; i += 0x800)
		byte[i] &= (uint8_t)~bit;
	vmx_apic_open_msrs((uint64_t *)(map + PAGE_SIZE));
}

static bool is_locked_off(void)
{
	uint64_t val;

	return rdmsr_safe(MSR_FEATURE_CONTROL, &val) == 0 && (val & FEATURE_CONTROL_LOCKED) &&
	       !(val & FEATURE_CONTROL_VMX);
}

int vmx_probe(void)
{
	uint64_t msr[VMX_NR_MSRS];
	const char *missing;

	if (is_locked_off()) {
		log_err("VT-x is switched off by the firmware. Enable \"VT-x\" or "
			"\"Virtualization\" in its set-up.\n");
		return -ENODEV;
	}
	for (unsigned int i = 0; i < VMX_NR_MSRS; i++)
		if (rdmsr_safe(MSR_VMX_BASIC + i, &msr[i]))
			msr[i] = 0;
	if (hvm_no_vid)
		msr[VMX_PROC2_MSR] &= ~((uint64_t)PROC2_INTR_DELIVERY << 32);
	missing = vmx_caps_compute(msr, &vmx_caps);
	if (missing) {
		log_err("This CPU's VT-x has no %s, which Helium needs.\n", missing);
		return -ENODEV;
	}
	hvm_has_1g_pages = vmx_caps.ept & EPT_1G_PAGES;
	hvm_delivers = vmx_caps.proc2 & PROC2_INTR_DELIVERY;
	log_info("VT-x: VPID %s, preemption timer %s, TPR shadow %s, APIC reads without exits %s, "
		 "interrupt delivery %s\n",
		 vmx_caps.proc2 & PROC2_VPID ? "yes" : "no",
		 vmx_caps.pin & PIN_PREEMPTION_TIMER ? "yes" : "no",
		 vmx_caps.proc & PROC_TPR_SHADOW ? "yes" : "no",
		 vmx_caps.proc2 & PROC2_APIC_REGS ? "yes" : "no", hvm_delivers ? "yes" : "no");
	return hvm_bitmaps_init(allow_msr);
}

int vmx_cpu_on(void)
{
	uint32_t *region = page_alloc(); /* the CPU keeps its own state there, for good */
	uint64_t val, hpa;
	bool failed;

	if (!region)
		return -ENOMEM;
	if (is_locked_off()) {
		log_err("CPU %u: VT-x is switched off by the firmware, here only.\n", cpu_id());
		return -ENODEV;
	}
	if (rdmsr_safe(MSR_FEATURE_CONTROL, &val) == 0 && !(val & FEATURE_CONTROL_LOCKED))
		wrmsr(MSR_FEATURE_CONTROL, val | FEATURE_CONTROL_VMX | FEATURE_CONTROL_LOCKED);
	*region = vmx_caps.revision;
	hpa = page_mfn(region).n << PAGE_SHIFT;
	cr4_write(cr4_read() | X86_CR4_VMXE);
	__asm__ volatile("vmxon %1" : "=@ccna"(failed) : "m"(hpa) : "memory");
	return failed ? -EIO : 0;
}
