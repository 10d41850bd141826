/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine without an IOMMU; a test fills in more. */
#include "mem/iommu.h"

struct iommu iommu;
