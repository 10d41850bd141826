/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The border between the two vendors and everything else. A backend enters the guest and returns a
 * decoded, neutral exit; it injects what it is told to; it decides nothing and calls nobody above.
 * No vendor header leaves its folder.
 */
#pragma once

#include "mem/frame.h"
#include "mem/p2m.h"
#include "x86/cpu.h"
#include "x86/cr.h"
#include "x86/lapic.h"
#include "x86/msr.h"

enum gpr { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NR_GPRS };
enum seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, NR_SEGS };

struct hvm_seg {
	uint16_t sel;
	uint16_t attr; /* descriptor bits 47:40 in 7:0, 55:52 in 11:8: type 3:0 S DPL P | AVL L D/B G */
	uint32_t limit;
	uint64_t base;
};

/* All of a vCPU's architectural state but GPRs, FPU and APIC: for start-up, reset, save and dumps. */
struct hvm_state {
	uint64_t rip, rflags;
	uint64_t cr0, cr2, cr3, cr4, efer, dr6, dr7;
	struct hvm_seg seg[NR_SEGS];
	uint64_t gdtr_base, idtr_base;
	uint32_t gdtr_limit, idtr_limit;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t pat;
};

/* What decides how guest-virtual addresses and hypercall arguments are read; cheap to fetch. */
struct hvm_mode {
	uint64_t cr0, cr3, cr4, efer;
	uint64_t cs_base;
	uint8_t cpl;
	bool long_cs; /* CS.L with EFER.LMA: 64-bit code */
	bool cs_32;   /* CS.D */
};

enum hvm_event_type { EVENT_INTR = 0, EVENT_NMI = 2, EVENT_EXCEPTION = 3, EVENT_SOFT = 4 };

struct hvm_event {
	uint8_t vector;
	uint8_t type; /* enum hvm_event_type; the numbers of VMCB EVENTINJ */
	bool has_error;
	bool valid;
	uint32_t error;
};

enum hvm_exit_kind {
	EXIT_UNKNOWN, EXIT_CPUID, EXIT_MSR_READ, EXIT_MSR_WRITE, EXIT_IO, EXIT_NESTED_FAULT,
	EXIT_CR, EXIT_DR, EXIT_HYPERCALL, EXIT_HLT, EXIT_XSETBV,
	EXIT_EXTINT,	/* a physical interrupt is waiting for us */
	EXIT_NMI, EXIT_EXCEPTION,
	EXIT_EOI,	/* the guest ended a level-triggered interrupt, all but for telling its source */
	EXIT_WINDOW,	/* the guest can take an interrupt or NMI now */
	EXIT_SHUTDOWN,	/* triple fault */
	EXIT_INVALID_OP,/* an instruction guests do not have here (VMRUN, MONITOR, ...): #UD */
	EXIT_NOTHING,	/* a hint that needs no work (INVD, WBINVD, PAUSE); advance by len */
	EXIT_FAILED_ENTRY, /* the CPU refused the guest state: crash that guest */
	NR_EXIT_KINDS
};

struct hvm_exit {
	enum hvm_exit_kind kind;
	uint8_t len;   /* bytes to add to RIP when the instruction is done; 0: the exit is not after one */
	uint64_t code; /* vendor's own number, for dumps and counters only */
	union {
		struct {
			uint16_t port;
			uint8_t size; /* 1, 2, 4 */
			bool write, string, rep;
		} io;
		struct {
			uint64_t gpa;
			bool write, fetch;
			bool in_table_walk; /* the CPU was reading or writing the guest's own page tables */
		} fault;
		struct {
			uint8_t cr, gpr; /* number and register; NR_GPRS: look at the instruction */
			bool write;
		} cr;
		struct {
			uint8_t vector;
			bool has_error;
			uint32_t error;
		} exception;
		struct {
			uint8_t vector;
		} eoi;
	};
};

struct hvm_domain {
	bool direct_io;	  /* own port bitmap (the hardware domain); set before domain_init */
	mfn_t io_bitmap_mfn; /* shared by all guests without direct ports */
	mfn_t msr_bitmap_mfn;
};

/*
 * What a backend keeps per vCPU, embedded first in struct vcpu. gpr, rip and rflags are current
 * whenever the guest is not running; the backend loads them at entry and stores them at exit.
 */
struct hvm_vcpu {
	uint64_t gpr[NR_GPRS];
	uint64_t rip, rflags;
	void *vmcb;		/* struct vmcb, or struct vmx beside the VMCS region */
	uint64_t vmcb_hpa;	/* that, or the region; one page */
	struct p2m *p2m;
	uint64_t asid_gen;	/* SVM: of the CPU that it ran on last; own CPU only */
	uint64_t tlb_gen;	/* p2m generation last flushed at; own CPU only */
	int32_t loaded_cpu;	/* CPU that holds the VMLOAD/VMCS state, -1 none */
	struct hvm_event reinject; /* delivery cut short by an exit, or (SVM) injected: goes in first */
	bool window_open;	/* interrupt window requested */
	uint8_t held_class;	/* of what waits only for CR8 to fall below it: exit then; 0 nothing */
	bool interrupt_shadow;	/* STI or MOV SS just before; current after each exit */
	bool nmi_masked;	/* in an NMI handler until IRET */
	bool force_flush;	/* flush this vCPU's TLB at next entry */
	bool dr_loaded;		/* guest debug registers are in the CPU, DR accesses not intercepted */
	struct lapic_reg *apic_page; /* the local APIC's registers; a CPU that helps with it uses them, too */
	bool tpr_written;	/* by CR8, without an exit; nothing else follows from it yet */
	bool apic_direct;	/* the guest may reach its x2APIC without exits as far as the CPU can serve it */
	bool has_requests;	/* IRR or TMR have changed; the backend clears it, if hvm_delivers */
	uint8_t rvi, svi;	/* highest bit of IRR that counts, and of ISR, 0 none: SDM 3C 24.4.2; both ways */
	uint64_t dr[4];		/* DR0-3 while not loaded */
	uint64_t xcr0;		/* own CPU only while loaded */
	uint64_t tsc_aux;	/* own CPU's MSR while loaded */
};

struct hvm_ops {
	const char *name;
	uint8_t hypercall_insn[3];	/* what our hypercall page uses: vmcall or vmmcall */
	const struct p2m_format *p2m_format;

	/* 0, or -ENODEV after logging plainly what is missing and how to get it. Boot CPU, once. */
	int (*probe)(void);
	int (*cpu_on)(void);		/* each CPU, before it runs a guest */

	int (*vcpu_init)(struct hvm_vcpu *hv, unsigned int id, struct hvm_domain *hd, struct p2m *p2m);
	void (*vcpu_free)(struct hvm_vcpu *hv);
	void (*load)(struct hvm_vcpu *hv); /* bring the state that RUN does not switch onto this CPU */
	void (*save)(struct hvm_vcpu *hv); /* take it off again */

	/* Run until the next exit; flush: drop this guest's TLB entries first. Interrupts off; hv loaded here. */
	void (*run)(struct hvm_vcpu *hv, bool flush, struct hvm_exit *exit);

	/* Only while the vCPU does not run. State set must be canonical; the backend fixes EFER.SVME and the like. */
	void (*get_state)(struct hvm_vcpu *hv, struct hvm_state *s);
	void (*set_state)(struct hvm_vcpu *hv, const struct hvm_state *s);
	void (*get_mode)(const struct hvm_vcpu *hv, struct hvm_mode *m);
	uint64_t (*seg_base)(const struct hvm_vcpu *hv, enum seg s);
	/* EFER, PAT, and SPEC_CTRL, which the caller offers only where it is switched: -ENOENT if another,
	 * -EINVAL for a value that must raise #GP. The guest's other own MSRs are in hvm_state only. */
	int (*msr_read)(struct hvm_vcpu *hv, uint32_t msr, uint64_t *val);
	int (*msr_write)(struct hvm_vcpu *hv, uint32_t msr, uint64_t val);
	uint64_t (*cr4)(const struct hvm_vcpu *hv);
	void (*set_cr2)(struct hvm_vcpu *hv, uint64_t val);

	void (*inject)(struct hvm_vcpu *hv, const struct hvm_event *ev); /* delivered at next entry */
	bool (*is_injecting)(const struct hvm_vcpu *hv);
	void (*request_window)(struct hvm_vcpu *hv, bool on);
	void (*set_tsc_offset)(struct hvm_vcpu *hv, uint64_t offset);
	/* Guest owns the debug registers from now until the next save(). */
	void (*open_debug_regs)(struct hvm_vcpu *hv);
	void (*dump)(struct hvm_vcpu *hv); /* in words, to the log */
};

extern const struct hvm_ops *hvm_ops; /* chosen by hvm_probe() */
extern const struct hvm_ops svm_ops, vmx_ops;
extern bool hvm_has_1g_pages; /* in nested tables; set by probe */
extern bool hvm_delivers; /* the CPU delivers what IRR and rvi say by itself; set by probe */
extern bool hvm_no_vid; /* it must not; set before probe */
extern bool hvm_spare_boot_cpu; /* the first CPU must not run guests if there are others; set by probe */

/* Choose and check the backend for this CPU; -ENODEV after a plain message. Boot CPU. */
int hvm_probe(void);

/* bitmap.c. allow: clear the bits of one MSR in the map. Boot CPU, once, by probe(). */
int hvm_bitmaps_init(void (*allow)(uint8_t *map, uint32_t msr));
int hvm_domain_init(struct hvm_domain *hd); /* -ENOMEM */
void hvm_domain_free(struct hvm_domain *hd);
/* Direct port access for the hardware domain. Before it runs. */
void hvm_domain_allow_ports(struct hvm_domain *hd, uint16_t first, uint32_t nr, bool allow);

/* May a guest write this to EFER? LMA is not its to choose: it follows from LME and CR0.PG. */
static inline bool hvm_efer_allowed(uint64_t old, uint64_t cr0, uint64_t val)
{
	return !(val & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR)) &&
	       (!((old ^ val) & EFER_LME) || !(cr0 & X86_CR0_PG));
}

/* The task priority; CR8 is its bits 7:4. */
static inline uint8_t hvm_tpr(const struct hvm_vcpu *hv)
{
	return (uint8_t)hv->apic_page[REG_TPR].val;
}

/* May an external interrupt be taken now (RFLAGS.IF, no shadow, nothing queued)? */
static inline bool hvm_can_inject(const struct hvm_vcpu *hv)
{
	return (hv->rflags & X86_EFLAGS_IF) && !hv->interrupt_shadow && !hvm_ops->is_injecting(hv);
}

static inline bool hvm_is_loaded_here(const struct hvm_vcpu *hv)
{
	return hv->loaded_cpu == (int32_t)cpu_id();
}

/* RIP past the instruction just emulated; also ends an interrupt shadow. */
static inline void hvm_advance(struct hvm_vcpu *hv, unsigned int len)
{
	hv->rip += len;
	hv->interrupt_shadow = false;
}

/* Exceptions by number: APM 8.2, SDM 3A 6.15. */
enum hvm_vector {
	VECTOR_DB = 1, VECTOR_NMI, VECTOR_BP, VECTOR_OF, VECTOR_UD = 6, VECTOR_DF = 8,
	VECTOR_GP = 13, VECTOR_PF, VECTOR_AC = 17, VECTOR_MC
};
/* Queue a fault for the guest. One already queued: contributory faults become #DF. */
void hvm_inject_exception(struct hvm_vcpu *hv, uint8_t vector, bool has_error, uint32_t error);
