/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults for the guest, and what two in a row make: APM 8.2.9, SDM 3A 6.15. */
#include "hvm/hvm.h"

/* #DE, #TS, #NP, #SS, #GP and #PF: a second of these while the first is being delivered is #DF. */
static bool is_contributory(uint8_t vector)
{
	return vector == 0 || (vector >= 10 && vector <= 14);
}

void hvm_inject_exception(struct hvm_vcpu *hv, uint8_t vector, bool has_error, uint32_t error)
{
	struct hvm_event ev = {
		.vector = vector, .type = EVENT_EXCEPTION, .has_error = has_error, .error = error, .valid = true,
	};

	if (hv->reinject.valid && hv->reinject.type == EVENT_EXCEPTION &&
	    is_contributory(hv->reinject.vector) && is_contributory(vector)) {
		ev.vector = VECTOR_DF;
		ev.has_error = true;
		ev.error = 0;
	}
	/* What was being delivered is lost when a fault takes its place, as on a real CPU: RIP runs it again. */
	hv->reinject.valid = false;
	hvm_ops->inject(hv, &ev);
}
