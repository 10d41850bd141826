/* SPDX-License-Identifier: GPL-2.0-only */
/* What a vCPU starts with, and how it looks when it is printed. */
#include "core/domain.h"

/* Descriptor attributes as hvm_seg.attr: P and type in the low byte, G, D/B, L, AVL above. */
#define ATTR_CODE32 0xc9b
#define ATTR_DATA32 0xc93
#define ATTR_CODE16 0x09b
#define ATTR_DATA16 0x093
#define ATTR_LDT    0x082
#define ATTR_TSS32  0x08b

static void reset_state(struct hvm_state *s)
{
	memset(s, 0, sizeof(*s));
	s->rflags = X86_EFLAGS_FIXED;
	s->dr6 = DR6_FIXED;
	s->dr7 = DR7_FIXED;
	s->pat = PAT_POWER_ON;
	s->gdtr_limit = s->idtr_limit = 0xffff;
	s->seg[SEG_LDTR] = (struct hvm_seg){ 0, ATTR_LDT, 0xffff, 0 };
	s->seg[SEG_TR] = (struct hvm_seg){ 0, ATTR_TSS32, 0x67, 0 };
}

static void set_state(struct vcpu *v, const struct hvm_state *s)
{
	memset(v->hvm.gpr, 0, sizeof(v->hvm.gpr));
	hvm_ops->set_state(&v->hvm, s);
	v->hvm.nmi_masked = false;
}

void vcpu_set_pvh_start(struct vcpu *v, uint32_t eip, uint32_t start_info_gpa)
{
	struct hvm_state s;

	reset_state(&s);
	s.cr0 = X86_CR0_PE | X86_CR0_ET;
	s.rip = eip;
	for (unsigned int i = SEG_ES; i <= SEG_GS; i++)
		s.seg[i] = (struct hvm_seg){ 0, ATTR_DATA32, 0xffffffff, 0 };
	s.seg[SEG_CS].attr = ATTR_CODE32;
	set_state(v, &s);
	v->hvm.gpr[RBX] = start_info_gpa;
}

/* SDM 3A 9.1.4 and 8.4.3: real mode at vector << 12. */
void vcpu_set_sipi_start(struct vcpu *v, uint8_t vector)
{
	struct hvm_state s;

	reset_state(&s);
	s.cr0 = X86_CR0_ET;
	for (unsigned int i = SEG_ES; i <= SEG_GS; i++)
		s.seg[i] = (struct hvm_seg){ 0, ATTR_DATA16, 0xffff, 0 };
	s.seg[SEG_CS] = (struct hvm_seg){ (uint16_t)(vector << 8), ATTR_CODE16, 0xffff, (uint64_t)vector << 12 };
	set_state(v, &s);
}

static void dump_gprs(const uint64_t *r)
{
	log_info("  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r[RAX], r[RBX], r[RCX], r[RDX]);
	log_info("  rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n", r[RSI], r[RDI], r[RBP], r[RSP]);
	log_info("  r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", r[R8], r[R9], r[R10], r[R11]);
	log_info("  r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", r[R12], r[R13], r[R14], r[R15]);
}

void vcpu_dump(struct vcpu *v)
{
	static const char names[NR_SEGS][4] = { "es", "cs", "ss", "ds", "fs", "gs", "ldt", "tr" };
	struct hvm_state s;

	hvm_ops->get_state(&v->hvm, &s);
	log_info("d%uv%u: rip %016lx rflags %08lx wait %#x todo %#x\n", v->d->id, v->id, s.rip,
		 s.rflags, v->wait, v->todo);
	dump_gprs(v->hvm.gpr);
	log_info("  cr0 %08lx cr2 %016lx cr3 %016lx cr4 %08lx efer %lx\n", s.cr0, s.cr2, s.cr3,
		 s.cr4, s.efer);
	for (unsigned int i = 0; i < NR_SEGS; i++)
		log_info("  %-3s %04x attr %04x limit %08x base %016lx\n", names[i], s.seg[i].sel,
			 s.seg[i].attr, s.seg[i].limit, s.seg[i].base);
	hvm_ops->dump(&v->hvm);
}
