/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VT-x backend's table of operations: what hvm/hvm.h asks, in terms of a VMCS. No policy here.
 *
 * A VMCS is reached through the CPU that has it current. load() makes it so until save(), which
 * writes it back (VMCLEAR), so that any CPU can take it next; one that is not loaded is borrowed for
 * a moment. What neither VMCS nor hypervisor uses (CR2, DR6, the MSRs of SYSCALL) is the guest's
 * from load() to save().
 */
#include "hvm/vmx/vmx.h"
#include "mem/kalloc.h"
#include "x86/asm.h"
#include "x86/desc.h"
#include "x86/features.h"
#include "x86/spec.h"
#include "x86/time.h"

#define TIMER_MS 10

static DEFINE_PERCPU(struct hvm_vcpu *, vmx_loaded) = NULL;

static const uint32_t switched_msrs[NR_SWITCHED] = {
	[SWITCHED_STAR] = MSR_STAR, [SWITCHED_LSTAR] = MSR_LSTAR, [SWITCHED_CSTAR] = MSR_CSTAR,
	[SWITCHED_SFMASK] = MSR_SFMASK, [SWITCHED_KERNEL_GS] = MSR_KERNEL_GS_BASE,
};

#define VMCS_INSTRUCTION(name)                                                                   \
	static void name(uint64_t hpa)                                                           \
	{                                                                                        \
		bool failed;                                                                     \
                                                                                                 \
		__asm__ volatile(#name " %1" : "=@ccna"(failed) : "m"(hpa) : "memory");         \
		BUG_ON(failed);                                                                  \
	}
VMCS_INSTRUCTION(vmptrld) /* make it this CPU's current one */
VMCS_INSTRUCTION(vmclear) /* write it back; any CPU may have it next */

/* Have hv's VMCS current for some reads and writes, until give_back(). It runs nowhere. */
static void borrow(const struct hvm_vcpu *hv)
{
	if (!hvm_is_loaded_here(hv))
		vmptrld(hv->vmcb_hpa);
}

static void give_back(const struct hvm_vcpu *hv)
{
	if (hvm_is_loaded_here(hv))
		return;
	vmclear(hv->vmcb_hpa);
	if (this_cpu(vmx_loaded))
		vmptrld(this_cpu(vmx_loaded)->vmcb_hpa);
}

/* The same on every CPU, but for HOST_RSP, which each entry writes. */
static void set_host_state(void)
{
	vmcs_write(VMCS_HOST_CR0, cr0_read());
	vmcs_write(VMCS_HOST_CR3, cr3_read());
	vmcs_write(VMCS_HOST_CR4, cr4_read());
	vmcs_write(VMCS_HOST_EFER, rdmsr(MSR_EFER));
	vmcs_write(VMCS_HOST_PAT, PAT_POWER_ON);
	vmcs_write(VMCS_HOST_CS_SEL, SEL_CODE64);
	vmcs_write(VMCS_HOST_SS_SEL, SEL_DATA);
	vmcs_write(VMCS_HOST_DS_SEL, SEL_DATA);
	vmcs_write(VMCS_HOST_ES_SEL, SEL_DATA);
	vmcs_write(VMCS_HOST_TR_SEL, SEL_TSS);
	vmcs_write(VMCS_HOST_TR_BASE, (uintptr_t)hv_tss);
	vmcs_write(VMCS_HOST_GDTR_BASE, (uintptr_t)hv_gdt);
	vmcs_write(VMCS_HOST_IDTR_BASE, (uintptr_t)hv_idt);
	vmcs_write(VMCS_HOST_RIP, (uintptr_t)(spec_stuff_rsb ? vmx_exit_stuff_rsb : vmx_exit));
}

/*
 * An exit after so much of the guest's time, to see whether an interrupt waits. Bochs needs it: it
 * keeps interrupts masked in a guest that is entered with IF=0, although their exit does not ask IF.
 */
static void arm_timer(void)
{
	vmcs_write(VMCS_PREEMPTION_TIMER,
		   min(TIMER_MS * tsc_khz >> vmx_caps.timer_shift, (uint64_t)UINT32_MAX));
}

/* What a new VMCS holds is up to the CPU (24.11.3). */
static const uint16_t zero_fields[] = {
	VMCS_GUEST_DEBUGCTL, VMCS_PF_MASK, VMCS_PF_MATCH, VMCS_NR_CR3_TARGETS, VMCS_NR_EXIT_STORES,
	VMCS_NR_EXIT_LOADS, VMCS_NR_ENTRY_LOADS, VMCS_ENTRY_LEN, VMCS_ENTRY_EVENT, VMCS_ACTIVITY,
	VMCS_SMBASE, VMCS_BLOCKING, VMCS_GUEST_RSP, VMCS_HOST_FS_SEL, VMCS_HOST_GS_SEL,
	VMCS_HOST_SYSENTER_CS, VMCS_HOST_FS_BASE, VMCS_HOST_GS_BASE, VMCS_HOST_SYSENTER_ESP,
	VMCS_HOST_SYSENTER_EIP,
};

static void set_controls(const struct vmx *vmx, const struct hvm_domain *hd, unsigned int id)
{
	uint32_t proc2 = vmx_caps.proc2;

	if (hd->direct_io) /* its drivers flush caches for their devices; others have none */
		proc2 &= ~PROC2_WBINVD;
	vmcs_write(VMCS_PIN_CONTROLS, vmx_caps.pin);
	vmcs_write(VMCS_PROC_CONTROLS, vmx_caps.proc);
	vmcs_write(VMCS_PROC2_CONTROLS, proc2);
	vmcs_write(VMCS_EXIT_CONTROLS, vmx_caps.exit);
	vmcs_write(VMCS_ENTRY_CONTROLS, vmx_caps.entry);
	/* #DB and #AC: as on AMD, only so that endless ones cannot hold the CPU in microcode. */
	vmcs_write(VMCS_EXCEPTIONS, 1u << VECTOR_DB | 1u << VECTOR_AC | 1u << VECTOR_MC);
	vmcs_write(VMCS_CR0_MASK, vmx_caps.cr0_mask);
	vmcs_write(VMCS_CR4_MASK, vmx_caps.cr4_mask);
	vmcs_write(VMCS_IO_BITMAP_A, hd->io_bitmap_mfn.n << PAGE_SHIFT);
	vmcs_write(VMCS_IO_BITMAP_B, (hd->io_bitmap_mfn.n + 1) << PAGE_SHIFT);
	vmcs_write(VMCS_MSR_BITMAP, vmx->msr_bitmap_hpa);
	vmcs_write(VMCS_EPTP, vmx->eptp);
	vmcs_write(VMCS_LINK, ~0ULL);
	/* TLB entries are tagged with the EPT root, too: the number need only be the domain's. */
	if (proc2 & PROC2_VPID)
		vmcs_write(VMCS_VPID, id + 1);
	if (proc2 & PROC2_ENCLS)
		vmcs_write(VMCS_ENCLS_BITMAP, ~0ULL);
	if (vmx_caps.pin & PIN_PREEMPTION_TIMER)
		arm_timer();
}

static int vmx_vcpu_init(struct hvm_vcpu *hv, unsigned int id, struct hvm_domain *hd,
			 struct p2m *p2m)
{
	struct vmx *vmx = kalloc(sizeof(*vmx));
	uint32_t *region = kalloc(PAGE_SIZE);

	if (!vmx || !region) {
		kfree(vmx, sizeof(*vmx));
		kfree(region, PAGE_SIZE);
		return -ENOMEM;
	}
	*region = vmx_caps.revision;
	hv->vmcb = vmx;
	hv->vmcb_hpa = page_mfn(region).n << PAGE_SHIFT;
	hv->p2m = p2m;
	hv->loaded_cpu = vmx->last_cpu = -1;
	hv->xcr0 = 1;
	vmx->eptp = p2m->root.n << PAGE_SHIFT | EPTP_4_LEVELS | EPTP_WB;
	vmx->proc = vmx->proc_written = vmx_caps.proc;
	vmx->dr6 = DR6_FIXED;
	vmx->msr_bitmap_hpa = hd->msr_bitmap_mfn.n << PAGE_SHIFT;
	vmclear(hv->vmcb_hpa);
	borrow(hv);
	for (unsigned int i = 0; i < ARRAY_SIZE(zero_fields); i++)
		vmcs_write(zero_fields[i], 0);
	set_host_state();
	set_controls(vmx, hd, id);
	vmx_apic_init(page_mfn(hv->apic_page).n << PAGE_SHIFT);
	vmcs_write(VMCS_GUEST_PAT, PAT_POWER_ON);
	give_back(hv);
	return 0;
}

static void vmx_vcpu_free(struct hvm_vcpu *hv)
{
	kfree(frame_map(MFN(hv->vmcb_hpa >> PAGE_SHIFT)), PAGE_SIZE);
	kfree(hv->vmcb, sizeof(struct vmx));
	hv->vmcb = NULL;
}

static void vmx_open_debug_regs(struct hvm_vcpu *hv)
{
	breakpoints_load(hv->dr);
	vmx_of(hv)->proc &= ~PROC_MOV_DR;
	hv->dr_loaded = true;
}

static void vmx_load(struct hvm_vcpu *hv)
{
	struct vmx *vmx = vmx_of(hv);

	vmptrld(hv->vmcb_hpa);
	hv->loaded_cpu = (int32_t)cpu_id();
	this_cpu(vmx_loaded) = hv;
	for (unsigned int i = 0; i < NR_SWITCHED; i++)
		wrmsr(switched_msrs[i], vmx->msr[i]);
	if (cpu_has(F_RDTSCP))
		wrmsr(MSR_TSC_AUX, hv->tsc_aux);
	cr2_write(vmx->cr2);
	dr6_write(vmx->dr6);
	/* Breakpoints that are on must not wait for the first access: they would be another's. */
	if (unlikely(vmcs_read(VMCS_GUEST_DR7) & DR7_ENABLED))
		vmx_open_debug_regs(hv);
}

static void sync(const struct hvm_vcpu *hv)
{
	struct vmx *vmx = vmx_of(hv);

	if (!hvm_is_loaded_here(hv))
		return;
	for (unsigned int i = 0; i < NR_SWITCHED; i++)
		vmx->msr[i] = rdmsr(switched_msrs[i]);
	vmx->cr2 = cr2_read();
	vmx->dr6 = dr6_read();
}

static void vmx_save(struct hvm_vcpu *hv)
{
	sync(hv);
	if (hv->dr_loaded) {
		breakpoints_save(hv->dr);
		vmx_of(hv)->proc |= PROC_MOV_DR;
		hv->dr_loaded = false;
	}
	vmclear(hv->vmcb_hpa);
	vmx_of(hv)->launched = false;
	hv->loaded_cpu = -1;
	this_cpu(vmx_loaded) = NULL;
}

/*
 * Type 1 drops all that was cached from these tables, under any VPID (28.3.3.1). A CPU that this
 * vCPU comes (back) to may hold entries that were removed while it was away.
 */
static void flush_tlb(struct vmx *vmx)
{
	struct { uint64_t eptp, zero; } desc = { vmx->eptp, 0 };
	bool failed;

	__asm__ volatile("invept %1, %2" : "=@ccna"(failed) : "m"(desc), "r"(1UL) : "memory");
	BUG_ON(failed);
	vmx->last_cpu = (int32_t)cpu_id();
}

static void enter_event(struct hvm_vcpu *hv, struct vmx *vmx)
{
	struct hvm_event *ev = &vmx->event;

	if (!ev->valid)
		*ev = hv->reinject;
	hv->reinject.valid = false;
	vmcs_write(VMCS_ENTRY_ERROR, ev->error);
	vmcs_write(VMCS_ENTRY_EVENT, vmx_pack_event(ev, vmcs_read(VMCS_GUEST_CR0) & X86_CR0_PE));
}

/* 24.4.2. An NMI that goes in now must not find NMIs blocked; it blocks further ones by itself. */
static uint32_t wanted_blocking(const struct hvm_vcpu *hv, const struct vmx *vmx)
{
	bool entering_nmi = vmx->event.valid && vmx->event.type == EVENT_NMI;

	return (hv->interrupt_shadow ? vmx->blocking & (BLOCKING_STI | BLOCKING_MOV_SS) : 0) |
	       (hv->nmi_masked && !entering_nmi ? BLOCKING_NMI : 0);
}

static void before_entry(struct hvm_vcpu *hv, struct vmx *vmx, bool flush)
{
	uint32_t blocking;

	if (unlikely(flush || vmx->last_cpu != (int32_t)cpu_id()))
		flush_tlb(vmx);
	if (unlikely(vmx->event.valid || hv->reinject.valid))
		enter_event(hv, vmx);
	vmx_apic_before_entry(hv, vmx);
	blocking = wanted_blocking(hv, vmx);
	if (unlikely(blocking != vmx->blocking))
		vmcs_write(VMCS_BLOCKING, blocking);
	if (unlikely(vmx->proc != vmx->proc_written))
		vmcs_write(VMCS_PROC_CONTROLS, vmx->proc_written = vmx->proc);
	if (hv->rip != vmx->rip) {
		vmcs_write(VMCS_GUEST_RIP, hv->rip);
		if (unlikely(hv->rflags & X86_EFLAGS_TF)) /* the trap after what we did for it */
			vmcs_write(VMCS_PENDING_DEBUG, PENDING_DEBUG_BS);
	}
	if (hv->gpr[RSP] != vmx->rsp)
		vmcs_write(VMCS_GUEST_RSP, hv->gpr[RSP]);
	if (hv->rflags != vmx->rflags)
		vmcs_write(VMCS_GUEST_RFLAGS, hv->rflags);
	spec_before_guest();
}

static void after_exit(struct hvm_vcpu *hv, struct vmx *vmx)
{
	vmx->event.valid = false;
	hv->rip = vmx->rip = vmcs_read(VMCS_GUEST_RIP);
	hv->gpr[RSP] = vmx->rsp = vmcs_read(VMCS_GUEST_RSP);
	hv->rflags = vmx->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	vmx->blocking = (uint32_t)vmcs_read(VMCS_BLOCKING);
	hv->interrupt_shadow = vmx->blocking & (BLOCKING_STI | BLOCKING_MOV_SS);
	hv->nmi_masked = vmx->blocking & BLOCKING_NMI;
	hv->reinject = vmx_interrupted_event();
	vmx_apic_after_exit(hv, vmx);
}

/* DR6 is not written when an exit comes in a #DB's place; what it would hold, does (table 27-1). */
#define DR6_CAUSES 0x600fu
static void intercepted_debug_trap(struct hvm_vcpu *hv)
{
	dr6_write((dr6_read() & ~0xfULL) | (vmcs_read(VMCS_QUALIFICATION) & DR6_CAUSES));
	if ((vmcs_read(VMCS_EXIT_EVENT) >> EVENT_TYPE_SHIFT & 7) == EVENT_INT1)
		hv->rip += vmcs_read(VMCS_INSTRUCTION_LEN);
}

/* What some exits ask of the backend before anybody else sees them. */
static void finish_exit(struct hvm_vcpu *hv, struct hvm_exit *exit)
{
	if (exit->kind == EXIT_NMI)
		__asm__ volatile("int %0" :: "i"(VECTOR_NMI)); /* the exit took it; IRET unblocks */
	else if (exit->kind == EXIT_EXCEPTION && exit->exception.vector == VECTOR_DB)
		intercepted_debug_trap(hv);
	else if (exit->kind == EXIT_CR && vmx_adopt_cr(exit, hv->gpr[exit->cr.gpr & 15]))
		*exit = (struct hvm_exit){ .kind = EXIT_NOTHING, .code = exit->code };
	else if (exit->kind == EXIT_WINDOW && exit->code == REASON_NMI_WINDOW)
		vmx_of(hv)->proc &= ~PROC_NMI_WINDOW;
	else if (exit->code == REASON_PREEMPTION_TIMER)
		arm_timer();
	if (exit->kind == EXIT_EXCEPTION || exit->kind == EXIT_NESTED_FAULT)
		hv->nmi_masked |= vmx_iret_faulted(exit);
}

#define CODE_NO_ENTRY 0x100000000ULL /* beyond any exit reason: the instruction itself failed */

static void vmx_run(struct hvm_vcpu *hv, bool flush, struct hvm_exit *exit)
{
	struct vmx *vmx = vmx_of(hv);

	before_entry(hv, vmx, flush);
	if (unlikely(vmx_enter(hv, vmx->launched))) {
		*exit = (struct hvm_exit){
			.kind = EXIT_FAILED_ENTRY,
			.code = CODE_NO_ENTRY | vmcs_read(VMCS_INSTRUCTION_ERROR),
		};
		return;
	}
	after_exit(hv, vmx);
	vmx_decode_exit(exit);
	vmx->launched |= exit->kind != EXIT_FAILED_ENTRY;
	finish_exit(hv, exit);
}

static void vmx_get_state(struct hvm_vcpu *hv, struct hvm_state *s)
{
	const struct vmx *vmx = vmx_of(hv);

	sync(hv);
	borrow(hv);
	vmx_vmcs_get_state(s);
	give_back(hv);
	s->rip = hv->rip;
	s->rflags = hv->rflags;
	s->cr2 = vmx->cr2;
	s->dr6 = vmx->dr6;
	s->star = vmx->msr[SWITCHED_STAR];
	s->lstar = vmx->msr[SWITCHED_LSTAR];
	s->cstar = vmx->msr[SWITCHED_CSTAR];
	s->sfmask = vmx->msr[SWITCHED_SFMASK];
	s->kernel_gs_base = vmx->msr[SWITCHED_KERNEL_GS];
}

/* WRMSR refuses what AMD's VMLOAD makes canonical; so do the same. */
static uint64_t canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16);
}

static void vmx_set_state(struct hvm_vcpu *hv, const struct hvm_state *s)
{
	struct vmx *vmx = vmx_of(hv);

	vmx->cr2 = s->cr2;
	vmx->dr6 = (uint32_t)s->dr6;
	vmx->msr[SWITCHED_STAR] = s->star;
	vmx->msr[SWITCHED_LSTAR] = canonical(s->lstar);
	vmx->msr[SWITCHED_CSTAR] = canonical(s->cstar);
	vmx->msr[SWITCHED_SFMASK] = (uint32_t)s->sfmask;
	vmx->msr[SWITCHED_KERNEL_GS] = canonical(s->kernel_gs_base);
	borrow(hv);
	vmx_vmcs_set_state(s);
	vmcs_write(VMCS_GUEST_RIP, hv->rip = vmx->rip = s->rip);
	vmcs_write(VMCS_GUEST_RFLAGS, hv->rflags = vmx->rflags = s->rflags);
	give_back(hv);
	hv->interrupt_shadow = false;
	hv->reinject.valid = vmx->event.valid = false;
	hv->force_flush = true;
	if (hvm_is_loaded_here(hv))
		vmx_load(hv);
}

static void vmx_get_mode(const struct hvm_vcpu *hv, struct hvm_mode *m)
{
	uint32_t cs_ar;

	borrow(hv);
	cs_ar = (uint32_t)vmcs_read(VMCS_GUEST_AR + 2 * SEG_CS);
	m->cr0 = vmcs_read(VMCS_GUEST_CR0);
	m->cr3 = vmcs_read(VMCS_GUEST_CR3);
	m->cr4 = vmcs_read(VMCS_GUEST_CR4);
	m->efer = vmcs_read(VMCS_GUEST_EFER);
	m->cpl = vmcs_read(VMCS_GUEST_AR + 2 * SEG_SS) >> 5 & 3;
	m->cs_base = vmcs_read(VMCS_GUEST_BASE + 2 * SEG_CS);
	give_back(hv);
	m->long_cs = (cs_ar & AR_L) && (m->efer & EFER_LMA);
	m->cs_32 = cs_ar & AR_DB;
}

static uint64_t read_field(const struct hvm_vcpu *hv, unsigned int field)
{
	uint64_t val;

	borrow(hv);
	val = vmcs_read(field);
	give_back(hv);
	return val;
}

static uint64_t vmx_seg_base(const struct hvm_vcpu *hv, enum seg s)
{
	return read_field(hv, VMCS_GUEST_BASE + 2 * s);
}

/* The others that a guest has never exit, and a toolstack reaches them by the whole state. */
static unsigned int msr_field(uint32_t msr)
{
	return msr == MSR_EFER ? VMCS_GUEST_EFER : msr == MSR_PAT ? VMCS_GUEST_PAT : 0;
}

static int vmx_msr_read(struct hvm_vcpu *hv, uint32_t msr, uint64_t *val)
{
	unsigned int field = msr_field(msr);

	if (!field)
		return -ENOENT;
	*val = read_field(hv, field);
	return 0;
}

static int vmx_msr_write(struct hvm_vcpu *hv, uint32_t msr, uint64_t val)
{
	unsigned int field = msr_field(msr);
	int rc = 0;

	if (!field)
		return -ENOENT;
	borrow(hv);
	if (msr == MSR_PAT)
		vmcs_write(field, val);
	else if (hvm_efer_allowed(vmcs_read(field), vmcs_read(VMCS_GUEST_CR0), val))
		vmx_vmcs_set_efer(val);
	else
		rc = -EINVAL;
	give_back(hv);
	return rc;
}

static uint64_t vmx_cr4(const struct hvm_vcpu *hv)
{
	return read_field(hv, VMCS_GUEST_CR4);
}

static void vmx_set_cr2(struct hvm_vcpu *hv, uint64_t val)
{
	vmx_of(hv)->cr2 = val;
	if (hvm_is_loaded_here(hv))
		cr2_write(val);
}

static bool vmx_is_injecting(const struct hvm_vcpu *hv)
{
	return vmx_of(hv)->event.valid || hv->reinject.valid;
}

static void vmx_inject(struct hvm_vcpu *hv, const struct hvm_event *ev)
{
	vmx_of(hv)->event = *ev;
	if (ev->type == EVENT_NMI) {
		hv->nmi_masked = true;
		vmx_of(hv)->proc |= PROC_NMI_WINDOW;
	}
}

static void vmx_request_window(struct hvm_vcpu *hv, bool on)
{
	struct vmx *vmx = vmx_of(hv);

	vmx->proc = on ? vmx->proc | PROC_INTR_WINDOW : vmx->proc & ~PROC_INTR_WINDOW;
}

static void vmx_set_tsc_offset(struct hvm_vcpu *hv, uint64_t offset)
{
	borrow(hv);
	vmcs_write(VMCS_TSC_OFFSET, offset);
	give_back(hv);
}

static void dump(struct hvm_vcpu *hv)
{
	borrow(hv);
	vmx_dump();
	give_back(hv);
}

const struct hvm_ops vmx_ops = {
	.name = "VT-x",
	.hypercall_insn = { 0x0f, 0x01, 0xc1 }, /* vmcall */
	.p2m_format = &p2m_format_ept,
	.probe = vmx_probe,
	.cpu_on = vmx_cpu_on,
	.vcpu_init = vmx_vcpu_init,
	.vcpu_free = vmx_vcpu_free,
	.load = vmx_load,
	.save = vmx_save,
	.run = vmx_run,
	.get_state = vmx_get_state,
	.set_state = vmx_set_state,
	.get_mode = vmx_get_mode,
	.seg_base = vmx_seg_base,
	.msr_read = vmx_msr_read,
	.msr_write = vmx_msr_write,
	.cr4 = vmx_cr4,
	.set_cr2 = vmx_set_cr2,
	.inject = vmx_inject,
	.is_injecting = vmx_is_injecting,
	.request_window = vmx_request_window,
	.set_tsc_offset = vmx_set_tsc_offset,
	.open_debug_regs = vmx_open_debug_regs,
	.dump = dump,
};
