/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dom0's view of PCI: config space passes through, except MSI and MSI-X, whose messages are ours.
 * Ports 0xcf8/0xcfc and ECAM reach the same model. The vpci lock protects it all.
 */
#pragma once

#include "core/domain.h"

/* Hardware domain; registers ports and ECAM windows. */
int vpci_create(struct domain *d) __must_check;
void vpci_free(struct domain *d);
