/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dom0's IO-APICs: one model per real one, same address, same GSIs. Dom0's first unmask of a pin
 * binds the real line to a vector of ours; from then on each interrupt of the line is one on the
 * model's pin. The vioapic lock protects all pins of the domain.
 */
#pragma once

#include "core/domain.h"

int vioapic_create(struct domain *d) __must_check; /* hardware domain; registers its MMIO pages */
void vioapic_free(struct domain *d);
/* A guest ended a level-triggered interrupt: the model's EOI, and the real pin's unmask. */
void vioapic_eoi(struct domain *d, uint8_t vector);
