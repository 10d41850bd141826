/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Before an entry: INIT and SIPI, updates of guest-visible areas, NMIs, and the one interrupt that
 * can be delivered now. For what cannot be delivered yet an interrupt window is requested, and its
 * exit sets TODO_INTR again. Nothing is polled: whoever changes the vLAPIC's mind (EOI, TPR, a
 * new interrupt) kicks. Where the CPU delivers what the vLAPIC requests, there is nothing to do for that.
 */
#include "dev/vlapic.h"
#include "guest/inject.h"
#include "guest/shared_info.h"

/* INIT stops the vCPU until SIPI names its start. */
static bool settle_start(struct vcpu *v, uint32_t todo)
{
	if (todo & TODO_INIT) {
		vlapic_reset(v);
		hvm_ops->request_window(&v->hvm, false);
		if (!(todo & TODO_SIPI)) {
			vcpu_down(v);
			return false;
		}
	}
	if (todo & TODO_SIPI) {
		vcpu_set_sipi_start(v, v->sipi_vector);
		guest_vcpu_started(v);
	}
	return true;
}

/* Keep bits for the next look, which the window's exit brings. */
static void wait_for_window(struct vcpu *v, uint32_t todo)
{
	atomic_or(&v->todo, todo);
	hvm_ops->request_window(&v->hvm, true);
}

static void deliver_nmi(struct vcpu *v)
{
	static const struct hvm_event nmi = { .vector = VECTOR_NMI,
					      .type = EVENT_NMI,
					      .valid = true };

	if (v->hvm.nmi_masked || v->hvm.interrupt_shadow || hvm_ops->is_injecting(&v->hvm))
		atomic_or(&v->todo, TODO_NMI);
	else
		hvm_ops->inject(&v->hvm, &nmi);
}

static void inject_vector(struct vcpu *v, uint8_t vector)
{
	hvm_ops->inject(&v->hvm,
			&(struct hvm_event){ .vector = vector, .type = EVENT_INTR, .valid = true });
}

/* HVM_PARAM_CALLBACK_IRQ's vector: level-like while upcall_pending is set, bypassing the vLAPIC. */
static void deliver_upcall(struct vcpu *v)
{
	int vector = guest_upcall_vector(v);

	if (vector < 0)
		return;
	if (hvm_can_inject(&v->hvm))
		inject_vector(v, (uint8_t)vector);
	else
		wait_for_window(v, TODO_UPCALL);
}

static void deliver_interrupt(struct vcpu *v)
{
	int vector = vlapic_pending(v);

	if (hvm_delivers)
		return;
	v->hvm.held_class = vector < 0 ? vlapic_held_class(v) : 0;
	if (vector < 0)
		return;
	if (!hvm_can_inject(&v->hvm)) {
		hvm_ops->request_window(&v->hvm, true);
		return;
	}
	vlapic_accept(v, (uint8_t)vector);
	inject_vector(v, (uint8_t)vector);
	if (unlikely(vlapic_pending(v) >= 0))
		hvm_ops->request_window(&v->hvm, true);
}

bool __outlined settle(struct vcpu *v)
{
	uint32_t todo = atomic_xchg(&v->todo, 0);

	if (unlikely(todo & (TODO_INIT | TODO_SIPI)) && !settle_start(v, todo))
		return false;
	if (todo & (TODO_RUNSTATE | TODO_TIME))
		guest_areas_update(v, todo);
	if (unlikely(todo & TODO_NMI))
		deliver_nmi(v);
	if (unlikely(todo & TODO_UPCALL))
		deliver_upcall(v);
	if (todo & TODO_INTR)
		deliver_interrupt(v);
	return true;
}
