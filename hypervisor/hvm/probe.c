/* SPDX-License-Identifier: GPL-2.0-only */
/* Choose the backend that fits this CPU. */
#include "hvm/hvm.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "x86/features.h"

const struct hvm_ops *hvm_ops;

int hvm_probe(void)
{
	int rc;

	if (cpu_has(F_VMX)) {
		log_err("This CPU has VT-x. Helium runs on AMD-V (SVM) only so far.\n");
		return -ENODEV;
	}
	rc = svm_ops.probe();
	if (rc == 0)
		hvm_ops = &svm_ops;
	return rc;
}
