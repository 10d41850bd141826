/* SPDX-License-Identifier: GPL-2.0-only */
/* Choose the backend that fits this CPU. */
#include "hvm/hvm.h"
#include "x86/features.h"

const struct hvm_ops *hvm_ops;
bool hvm_has_1g_pages;
bool hvm_delivers, hvm_no_vid;
bool hvm_spare_boot_cpu;

int hvm_probe(void)
{
	hvm_ops = cpu_has(F_VMX) ? &vmx_ops : &svm_ops;
	return hvm_ops->probe();
}
