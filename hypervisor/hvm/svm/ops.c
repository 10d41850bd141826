/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SVM backend's table of operations: what hvm/hvm.h asks, in terms of a VMCB. No policy here.
 *
 * VMSAVE state (FS, GS, TR, LDTR, syscall MSRs) of the loaded vCPU lives in the CPU; svm_sync() brings the
 * VMCB up to date before anybody reads or writes those fields.
 */
#include "hvm/svm/svm.h"
#include "mem/kalloc.h"
#include "x86/features.h"
#include "x86/ipi.h"
#include "x86/lapic.h"
#include "x86/spec.h"

_Static_assert(offsetof(struct hvm_vcpu, gpr) == 0 && RBX == 3 && RDI == 7 && R15 == 15,
	       "run.S knows where the registers are");

static void vmsave(uint64_t vmcb_hpa)
{
	__asm__ volatile("vmsave %0" :: "a"(vmcb_hpa) : "memory");
}

static void vmload(uint64_t vmcb_hpa)
{
	__asm__ volatile("vmload %0" :: "a"(vmcb_hpa) : "memory");
}

static void svm_sync(const struct hvm_vcpu *hv)
{
	if (hvm_is_loaded_here(hv))
		vmsave(hv->vmcb_hpa);
}

static int svm_vcpu_init(struct hvm_vcpu *hv, unsigned int id, struct hvm_domain *hd, struct p2m *p2m)
{
	struct vmcb *vmcb = page_alloc();

	if (!vmcb)
		return -ENOMEM;
	hv->vmcb = vmcb;
	hv->vmcb_hpa = page_mfn(vmcb).n << PAGE_SHIFT;
	hv->p2m = p2m;
	hv->loaded_cpu = -1;
	hv->xcr0 = 1;
	svm_vmcb_init(vmcb, hd, hd->io_bitmap_mfn.n << PAGE_SHIFT, hd->msr_bitmap_mfn.n << PAGE_SHIFT,
		      p2m->root.n << PAGE_SHIFT);
	return 0;
}

static void svm_vcpu_free(struct hvm_vcpu *hv)
{
	page_free(hv->vmcb);
	hv->vmcb = NULL;
}

static void svm_open_debug_regs(struct hvm_vcpu *hv)
{
	breakpoints_load(hv->dr);
	vmcb_of(hv)->dr_reads = vmcb_of(hv)->dr_writes = 0;
	vmcb_dirty(vmcb_of(hv), CLEAN_INTERCEPTS);
	hv->dr_loaded = true;
}

static void svm_load(struct hvm_vcpu *hv)
{
	vmload(hv->vmcb_hpa);
	hv->loaded_cpu = (int32_t)cpu_id();
	if (cpu_has(F_RDTSCP))
		wrmsr(MSR_TSC_AUX, hv->tsc_aux);
	vmcb_of(hv)->clean = 0; /* another CPU's, or an older, cached copy is no good */
	if (hv->asid_gen != this_cpu(svm_asid_gen)) /* while it stays loaded only itself can change that */
		hv->force_flush = true;
	/* Breakpoints that are on must not wait for the first access: until then they would be another's. */
	if (unlikely(vmcb_of(hv)->dr7 & DR7_ENABLED))
		svm_open_debug_regs(hv);
}

/* DR0-3 go out only if the guest had them; DR6 and DR7 travel in the VMCB. */
static void save_debug_regs(struct hvm_vcpu *hv)
{
	breakpoints_save(hv->dr);
	vmcb_of(hv)->dr_reads = vmcb_of(hv)->dr_writes = 0xffff;
	hv->dr_loaded = false;
}

static void svm_save(struct hvm_vcpu *hv)
{
	vmsave(hv->vmcb_hpa);
	if (hv->dr_loaded)
		save_debug_regs(hv);
	hv->loaded_cpu = -1;
}

/*
 * QEMU's TCG keeps an injected interrupt's vector in mind until the guest's next exception or exit: a kick of its
 * thread that brings no interrupt delivers it again, whatever IF says. A software interrupt is forgotten at once,
 * but may fail at CPL 3 for its gate's DPL. There an interrupt of our own makes the guest exit before it runs.
 */
static void put_event(struct hvm_vcpu *hv, struct vmcb *vmcb)
{
	vmcb->eventinj = svm_pack_event(&hv->reinject);
	hv->reinject.valid = false;
	if (!svm_on_tcg || hv->reinject.type != EVENT_INTR)
		return;
	if (vmcb->cpl == 0)
		vmcb->eventinj |= EVENT_INTR_AS_SOFT;
	else
		ipi_kick(cpu_id());
}

static void before_entry(struct hvm_vcpu *hv, struct vmcb *vmcb, bool flush)
{
	if (unlikely(flush))
		svm_new_asid(hv);
	if (unlikely(hv->reinject.valid))
		put_event(hv, vmcb);
	if (unlikely(vmcb->v_tpr != hvm_tpr(hv) >> 4)) {
		vmcb->v_tpr = hvm_tpr(hv) >> 4;
		vmcb_dirty(vmcb, CLEAN_TPR);
	}
	if (unlikely(hv->held_class | vmcb->cr_writes)) {
		vmcb->cr_writes = hv->held_class ? INTERCEPT_CR8 : 0;
		vmcb_dirty(vmcb, CLEAN_INTERCEPTS);
	}
	vmcb->rax = hv->gpr[RAX];
	vmcb->rsp = hv->gpr[RSP];
	vmcb->rip = hv->rip;
	vmcb->rflags = hv->rflags;
	vmcb->interrupt_shadow = hv->interrupt_shadow;
}

static void after_exit(struct hvm_vcpu *hv, struct vmcb *vmcb)
{
	hv->gpr[RAX] = vmcb->rax;
	hv->gpr[RSP] = vmcb->rsp;
	hv->rip = vmcb->rip;
	hv->rflags = vmcb->rflags;
	hv->interrupt_shadow = vmcb->interrupt_shadow & 1;
	if (unlikely(vmcb->v_tpr != hvm_tpr(hv) >> 4)) {
		hv->apic_page[REG_TPR].val = (uint32_t)vmcb->v_tpr << 4;
		hv->tpr_written = true;
	}
	vmcb->eventinj = 0;
	vmcb->tlb_control = TLB_DO_NOTHING;
	vmcb->clean = CLEAN_ALL;
	if (unlikely(vmcb->exitintinfo & EVENT_VALID))
		hv->reinject = svm_interrupted_event(vmcb);
	if (unlikely(vmcb->exitcode == SVM_EXIT_IRET)) {
		hv->nmi_masked = false;
		vmcb->intercepts &= ~INTERCEPT(IRET);
		vmcb_dirty(vmcb, CLEAN_INTERCEPTS);
	}
}

/*
 * QEMU's TCG can lose V_IRQ when a physical interrupt arrives during VMRUN, and the interrupt as well: with V_IRQ
 * set VMRUN writes the CPU's word of pending interrupts without a lock. So it is set again at each entry, and we look
 * again afterwards.
 */
static void svm_run(struct hvm_vcpu *hv, bool flush, struct hvm_exit *exit)
{
	struct vmcb *vmcb = vmcb_of(hv);

	before_entry(hv, vmcb, flush);
	if (unlikely(hv->window_open)) {
		vmcb->v_irq = V_IRQ;
		vmcb_dirty(vmcb, CLEAN_TPR);
	}
	if (spec_stuff_rsb)
		svm_enter_stuff_rsb(hv, hv->vmcb_hpa);
	else
		svm_enter(hv, hv->vmcb_hpa);
	if (unlikely(hv->window_open) && svm_on_tcg)
		lapic_look_again();
	after_exit(hv, vmcb);
	svm_decode_exit(vmcb, svm_has_nrips, exit);
	if (unlikely(exit->kind == EXIT_FAILED_ENTRY))
		svm_forget_asids();
}

static void svm_get_state(struct hvm_vcpu *hv, struct hvm_state *s)
{
	svm_sync(hv);
	svm_vmcb_get_state(vmcb_of(hv), s);
	s->rip = hv->rip;
	s->rflags = hv->rflags;
}

static void svm_set_state(struct hvm_vcpu *hv, const struct hvm_state *s)
{
	svm_vmcb_set_state(vmcb_of(hv), s);
	hv->rip = s->rip;
	hv->rflags = s->rflags;
	hv->interrupt_shadow = false;
	hv->reinject.valid = false;
	hv->force_flush = true;
	if (hvm_is_loaded_here(hv))
		vmload(hv->vmcb_hpa);
}

#define ATTR_L	(1u << 9)
#define ATTR_DB (1u << 10)

static void svm_get_mode(const struct hvm_vcpu *hv, struct hvm_mode *m)
{
	const struct vmcb *vmcb = vmcb_of(hv);

	m->cr0 = vmcb->cr0;
	m->cr3 = vmcb->cr3;
	m->cr4 = vmcb->cr4;
	m->efer = vmcb->efer;
	m->cpl = vmcb->cpl;
	m->cs_base = vmcb->cs.base;
	m->long_cs = (vmcb->cs.attr & ATTR_L) && (vmcb->efer & EFER_LMA);
	m->cs_32 = vmcb->cs.attr & ATTR_DB;
}

static uint64_t svm_seg_base(const struct hvm_vcpu *hv, enum seg s)
{
	svm_sync(hv);
	return svm_vmcb_seg(vmcb_of(hv), s)->base;
}

static int svm_msr_read(struct hvm_vcpu *hv, uint32_t msr, uint64_t *val)
{
	const uint64_t *field = svm_vmcb_msr(vmcb_of(hv), msr);

	if (!field)
		return -ENOENT;
	*val = msr == MSR_EFER ? *field & ~EFER_SVME : *field;
	return 0;
}

static int write_efer(struct vmcb *vmcb, uint64_t val)
{
	if (!hvm_efer_allowed(vmcb->efer, vmcb->cr0, val))
		return -EINVAL;
	vmcb->efer = (val & ~EFER_LMA) | (vmcb->efer & EFER_LMA) | EFER_SVME;
	vmcb_dirty(vmcb, CLEAN_CRX);
	return 0;
}

static int svm_msr_write(struct hvm_vcpu *hv, uint32_t msr, uint64_t val)
{
	struct vmcb *vmcb = vmcb_of(hv);
	uint64_t *field = svm_vmcb_msr(vmcb, msr);

	if (!field)
		return -ENOENT;
	if (msr == MSR_EFER)
		return write_efer(vmcb, val);
	*field = val;
	vmcb->clean = 0;
	return 0;
}

static uint64_t svm_cr4(const struct hvm_vcpu *hv)
{
	return vmcb_of(hv)->cr4;
}

static void svm_set_cr2(struct hvm_vcpu *hv, uint64_t val)
{
	vmcb_of(hv)->cr2 = val;
	vmcb_dirty(vmcb_of(hv), CLEAN_CR2);
}

static bool svm_is_injecting(const struct hvm_vcpu *hv)
{
	return hv->reinject.valid;
}

static void svm_inject(struct hvm_vcpu *hv, const struct hvm_event *ev)
{
	struct vmcb *vmcb = vmcb_of(hv);

	hv->reinject = *ev;
	if (ev->type == EVENT_NMI) {
		hv->nmi_masked = true;
		vmcb->intercepts |= INTERCEPT(IRET);
		vmcb_dirty(vmcb, CLEAN_INTERCEPTS);
	}
}

/* A virtual interrupt that is intercepted at the moment it could be taken: 15.21.4. */
static void svm_request_window(struct hvm_vcpu *hv, bool on)
{
	struct vmcb *vmcb = vmcb_of(hv);

	if (hv->window_open == on)
		return;
	hv->window_open = on;
	vmcb->v_irq = on ? V_IRQ : 0;
	vmcb->v_intr_prio = on ? V_IGN_TPR : 0;
	if (on)
		vmcb->intercepts |= INTERCEPT(VINTR);
	else
		vmcb->intercepts &= ~INTERCEPT(VINTR);
	vmcb_dirty(vmcb, CLEAN_INTERCEPTS | CLEAN_TPR);
}

static void svm_set_tsc_offset(struct hvm_vcpu *hv, uint64_t offset)
{
	vmcb_of(hv)->tsc_offset = offset;
	vmcb_dirty(vmcb_of(hv), CLEAN_INTERCEPTS);
}

const struct hvm_ops svm_ops = {
	.name = "AMD-V",
	.hypercall_insn = { 0x0f, 0x01, 0xd9 }, /* vmmcall */
	.p2m_format = &p2m_format_npt,
	.probe = svm_probe,
	.cpu_on = svm_cpu_on,
	.vcpu_init = svm_vcpu_init,
	.vcpu_free = svm_vcpu_free,
	.load = svm_load,
	.save = svm_save,
	.run = svm_run,
	.get_state = svm_get_state,
	.set_state = svm_set_state,
	.get_mode = svm_get_mode,
	.seg_base = svm_seg_base,
	.msr_read = svm_msr_read,
	.msr_write = svm_msr_write,
	.cr4 = svm_cr4,
	.set_cr2 = svm_set_cr2,
	.inject = svm_inject,
	.is_injecting = svm_is_injecting,
	.request_window = svm_request_window,
	.set_tsc_offset = svm_set_tsc_offset,
	.open_debug_regs = svm_open_debug_regs,
	.dump = svm_dump,
};
