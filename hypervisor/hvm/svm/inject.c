/* SPDX-License-Identifier: GPL-2.0-only */
/* Events into the guest, and those that an exit cut short: APM 15.20. Pure. */
#include "hvm/svm/svm.h"

uint64_t svm_pack_event(const struct hvm_event *ev)
{
	uint64_t packed = ev->vector | (uint64_t)ev->type << 8 | EVENT_VALID;

	if (ev->has_error)
		packed |= EVENT_ERROR_VALID | (uint64_t)ev->error << 32;
	return packed;
}

/* Could the exit have come out of an event's delivery? Only memory and faults can interrupt one. */
static bool exit_during_delivery(uint64_t code)
{
	return code == SVM_EXIT_NPF || (code >= SVM_EXIT_EXCP_BASE && code <= SVM_EXIT_LAST_EXCP) ||
	       code == SVM_EXIT_TASK_SWITCH;
}

/*
 * QEMU 7.2 leaves a stale EXITINTINFO on exits that cannot come out of a delivery (an INTR exit for
 * example); believing it would deliver an interrupt twice. INT n, INT3 and INTO are simply executed again:
 * RIP still points at them.
 */
struct hvm_event svm_interrupted_event(const struct vmcb *vmcb)
{
	uint64_t info = vmcb->exitintinfo;
	struct hvm_event ev = { .vector = (uint8_t)info, .type = (info >> 8) & 7 };

	if (!(info & EVENT_VALID) || !exit_during_delivery(vmcb->exitcode))
		return ev;
	if (info & EVENT_NOT_GUESTS)
		ev.type = EVENT_INTR;
	if (ev.type == EVENT_SOFT)
		return ev;
	if (ev.type == EVENT_EXCEPTION && (ev.vector == VECTOR_BP || ev.vector == VECTOR_OF))
		return ev;
	ev.valid = true;
	ev.has_error = info & EVENT_ERROR_VALID;
	ev.error = (uint32_t)(info >> 32);
	return ev;
}
