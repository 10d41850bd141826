/* SPDX-License-Identifier: GPL-2.0-only */
/* AMD's AMD-Vi. */
#include "mem/iommu.h"

static int amdvi_probe(void)
{
	return -ENODEV; /* not written yet: never found */
}

const struct iommu_ops amdvi_ops = { .name = "AMD-Vi", .probe = amdvi_probe };
