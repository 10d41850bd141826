/* SPDX-License-Identifier: GPL-2.0-only */
/* Intel's VT-d. */
#include "mem/iommu.h"

static int vtd_probe(void)
{
	return -ENODEV; /* not written yet: never found */
}

const struct iommu_ops vtd_ops = { .name = "VT-d", .probe = vtd_probe };
