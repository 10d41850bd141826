/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running guests: choose a vCPU, settle what waits for it, enter, and hand each exit to its row.
 *
 * A handler runs to completion with interrupts off on this CPU's one stack; what takes long stops
 * at a bound and is entered again by the guest repeating the instruction. Physical interrupts are
 * taken at one place: after an exit that says one is pending, and in idle.
 */
#include "dev/cpuid.h"
#include "dev/cr.h"
#include "dev/io.h"
#include "dev/mmio.h"
#include "dev/msr.h"
#include "dev/vlapic.h"
#include "guest/evtchn.h"
#include "guest/exit.h"
#include "guest/hypercall.h"
#include "guest/inject.h"
#include "guest/shared_info.h"
#include "x86/console.h"

#include <xen/sched.h>

static void inject_gp(struct vcpu *v)
{
	hvm_inject_exception(&v->hvm, VECTOR_GP, true, 0);
}

static void exit_cpuid(struct vcpu *v, const struct hvm_exit *exit)
{
	uint64_t *gpr = v->hvm.gpr;
	uint32_t regs[4];

	cpuid_answer(v, (uint32_t)gpr[RAX], (uint32_t)gpr[RCX], regs);
	gpr[RAX] = regs[0];
	gpr[RBX] = regs[1];
	gpr[RCX] = regs[2];
	gpr[RDX] = regs[3];
	hvm_advance(&v->hvm, exit->len);
}

static void exit_msr_read(struct vcpu *v, const struct hvm_exit *exit)
{
	uint64_t val;

	if (msr_read(v, (uint32_t)v->hvm.gpr[RCX], &val) < 0) {
		inject_gp(v);
		return;
	}
	v->hvm.gpr[RAX] = (uint32_t)val;
	v->hvm.gpr[RDX] = val >> 32;
	hvm_advance(&v->hvm, exit->len);
}

static void exit_msr_write(struct vcpu *v, const struct hvm_exit *exit)
{
	uint64_t val = (uint32_t)v->hvm.gpr[RAX] | v->hvm.gpr[RDX] << 32;

	if (msr_write(v, (uint32_t)v->hvm.gpr[RCX], val) < 0)
		inject_gp(v);
	else
		hvm_advance(&v->hvm, exit->len);
}

/*
 * The guest reached for memory that its p2m does not give it. Where the p2m does allow the access,
 * somebody changed it meanwhile: try again.
 */
static void exit_nested_fault(struct vcpu *v, const struct hvm_exit *exit)
{
	struct p2m_entry e = p2m_lookup(&v->d->p2m, GFN(exit->fault.gpa >> PAGE_SHIFT));
	bool forbidden = (exit->fault.write && p2m_is_read_only(e.type)) || (exit->fault.fetch && e.type >= P2M_SHARED);

	if (e.type != P2M_NONE) {
		if (forbidden)
			inject_gp(v);
		return;
	}
	if (exit->fault.in_table_walk) {
		domain_crash(v, "its page tables lie at %#lx, where it has no memory",
			     exit->fault.gpa);
		return;
	}
	if (mmio_access(v, exit->fault.gpa, exit->fault.write) == MMIO_CRASH)
		domain_crash(v, "instruction that touches %#lx, where it has no memory, is not one "
				"we emulate", exit->fault.gpa);
}

static void exit_cr(struct vcpu *v, const struct hvm_exit *exit)
{
	if (cr_access(v, exit) < 0)
		inject_gp(v);
}

/* The first touch of a debug register after a switch: the guest has them until the next. */
static void exit_dr(struct vcpu *v, const struct hvm_exit *exit)
{
	hvm_ops->open_debug_regs(&v->hvm);
}

static void exit_hypercall(struct vcpu *v, const struct hvm_exit *exit)
{
	hypercall(v);
}

/* HLT with interrupts off never ends by itself: on Xen it means "this vCPU is off". */
static void exit_hlt(struct vcpu *v, const struct hvm_exit *exit)
{
	hvm_advance(&v->hvm, exit->len);
	if (!(v->hvm.rflags & X86_EFLAGS_IF))
		vcpu_down(v);
	else if (vlapic_pending(v) < 0)
		vcpu_block(v);
}

static void exit_xsetbv(struct vcpu *v, const struct hvm_exit *exit)
{
	if (cr_xsetbv(v, exit) < 0)
		inject_gp(v);
}

static void exit_extint(struct vcpu *v, const struct hvm_exit *exit)
{
	irq_window();
}

/*
 * An NMI was held back until we left the guest, and has been taken by our handler by now. Where no
 * instruction was skipped the interrupt shadow goes on: an STI may wait for its HLT.
 */
static void exit_nothing(struct vcpu *v, const struct hvm_exit *exit)
{
	if (exit->len)
		hvm_advance(&v->hvm, exit->len);
}

static void exit_exception(struct vcpu *v, const struct hvm_exit *exit)
{
	if (exit->exception.vector == VECTOR_MC)
		panic("Machine check while d%uv%u ran: the hardware reported an error; see the "
		      "firmware's log\n", v->d->id, v->id);
	hvm_inject_exception(&v->hvm, exit->exception.vector, exit->exception.has_error,
			     exit->exception.error);
}

static void exit_eoi(struct vcpu *v, const struct hvm_exit *exit)
{
	vlapic_ended(v, exit->eoi.vector);
}

static void exit_window(struct vcpu *v, const struct hvm_exit *exit)
{
	hvm_ops->request_window(&v->hvm, false);
	atomic_or(&v->todo, TODO_INTR);
}

/* A triple fault: the PC way to reset. */
static void exit_shutdown(struct vcpu *v, const struct hvm_exit *exit)
{
	unsigned int reason = SHUTDOWN_reboot;

	guest_info("d%uv%u: triple fault\n", v->d->id, v->id);
	if (v->d->params[31]) /* HVM_PARAM_TRIPLE_FAULT_REASON */
		reason = (unsigned int)v->d->params[31];
	domain_shutdown(v->d, reason);
}

static void exit_invalid_op(struct vcpu *v, const struct hvm_exit *exit)
{
	hvm_inject_exception(&v->hvm, VECTOR_UD, false, 0);
}

static void exit_failed_entry(struct vcpu *v, const struct hvm_exit *exit)
{
	domain_crash(v, "the CPU refused its state");
}

static void exit_unknown(struct vcpu *v, const struct hvm_exit *exit)
{
	domain_crash(v, "unexpected exit %#lx", exit->code);
}

static const struct {
	const char *name;
	void (*handle)(struct vcpu *v, const struct hvm_exit *exit);
} exit_table[NR_EXIT_KINDS] = {
	[EXIT_CPUID] = { "cpuid", exit_cpuid },
	[EXIT_MSR_READ] = { "msr-read", exit_msr_read },
	[EXIT_MSR_WRITE] = { "msr-write", exit_msr_write },
	[EXIT_IO] = { "io", io_exit },
	[EXIT_NESTED_FAULT] = { "nested-fault", exit_nested_fault },
	[EXIT_CR] = { "cr", exit_cr },
	[EXIT_DR] = { "dr", exit_dr },
	[EXIT_HYPERCALL] = { "hypercall", exit_hypercall },
	[EXIT_HLT] = { "hlt", exit_hlt },
	[EXIT_XSETBV] = { "xsetbv", exit_xsetbv },
	[EXIT_EXTINT] = { "interrupt", exit_extint },
	[EXIT_NMI] = { "nmi", exit_nothing },
	[EXIT_EXCEPTION] = { "exception", exit_exception },
	[EXIT_EOI] = { "eoi", exit_eoi },
	[EXIT_WINDOW] = { "window", exit_window },
	[EXIT_SHUTDOWN] = { "shutdown", exit_shutdown },
	[EXIT_INVALID_OP] = { "invalid-op", exit_invalid_op },
	[EXIT_NOTHING] = { "nothing", exit_nothing },
	[EXIT_FAILED_ENTRY] = { "failed-entry", exit_failed_entry },
	[EXIT_UNKNOWN] = { "unknown", exit_unknown },
};

static void enter_guest(struct vcpu *v)
{
	struct hvm_vcpu *hv = &v->hvm;
	struct hvm_exit exit;
	bool flush = p2m_enter(hv->p2m, &hv->tlb_gen) | hv->force_flush;

	hv->force_flush = false;
	hvm_ops->run(hv, flush, &exit);
	p2m_leave();
	if (unlikely(hv->tpr_written))
		vlapic_tpr_changed(v);
	v->nr_exits[exit.kind]++;
	exit_table[exit.kind].handle(v, &exit);
}

/* Who stops running must not look to its domain's others as if it went on. */
static struct vcpu *pick(struct vcpu *prev)
{
	bool shows = prev && guest_shows_runstate(prev);
	struct vcpu *next;

	if (shows)
		domain_ref(prev->d); /* from sched_pick() on another CPU may have it */
	next = sched_pick();
	if (shows) {
		if (next != prev)
			guest_areas_update(prev, TODO_RUNSTATE);
		domain_put(prev->d);
	}
	return next;
}

void __noreturn run_loop(void)
{
	struct vcpu *v = NULL;

	for (;;) {
		if (unlikely(!v || sched_needed())) {
			v = pick(v);
			if (!v) {
				cpu_idle_wait();
				continue;
			}
		}
		if (READ_ONCE(v->todo) && !settle(v))
			continue;
		enter_guest(v);
	}
}

static void print_exits(char key)
{
	for_each_domain(d) {
		for_each_vcpu(d, v)
			for (unsigned int k = 0; k < NR_EXIT_KINDS; k++)
				if (v->nr_exits[k])
					log_info("d%uv%u: %-12s %lu\n", d->id, v->id,
						 exit_table[k].name, v->nr_exits[k]);
		evtchn_print(d);
	}
}

static void print_vcpus(char key)
{
	for_each_domain(d) {
		log_info("d%u: state %u shut down %u pages %u pause %u refs %u\n", d->id, d->state,
			 d->is_shut_down, d->tot_pages, d->pause_count, d->refcount);
		for_each_vcpu(d, v)
			log_info("d%uv%u: rip %016lx wait %#x todo %#x on %d\n", d->id, v->id,
				 v->hvm.rip, v->wait, v->todo, v->sched.running_on);
	}
}

void exit_init(void)
{
	console_register_key('e', "exits by reason, event channels", print_exits);
	console_register_key('q', "domains and vCPUs", print_vcpus);
}
