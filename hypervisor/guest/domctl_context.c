/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl: a domain's machine state as a list of records, in Xen's format: descriptor, payload,
 * next. Out go HEADER, CPU, LAPIC, LAPIC_REGS, MTRR, END. In come the same, for a domain that has
 * never run; a CPU record starts its vCPU, the others stay down. FPU contents are given out but not
 * yet taken in.
 */
#include "dev/msr.h"
#include "dev/vlapic.h"
#include "guest/domctl.h"
#include "guest/shared_info.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/kalloc.h"
#include "x86/cpuid.h"
#include "x86/time.h"
#include <xen/hvm/save.h>

#define HEADER_MAGIC 0x54381286
#define MSR_PAT 0x277
#define FPU_LEGACY_SIZE 512

/* The largest payload, and whose it is. */
union payload {
	struct hvm_save_header header;
	struct hvm_hw_cpu cpu;
	struct hvm_hw_lapic lapic;
	struct hvm_hw_lapic_regs regs;
	struct hvm_hw_mtrr mtrr;
};

static const uint8_t gpr_order[NR_GPRS] = { RAX, RBX, RCX, RDX, RBP, RSI, RDI, RSP,
					    R8,	 R9,  R10, R11, R12, R13, R14, R15 };

/* The seven tables of segment fields, in the record's order: which of our segments each slot is. */
static const uint8_t seg_order[NR_SEGS] = { SEG_CS, SEG_DS, SEG_ES, SEG_FS,
					    SEG_GS, SEG_SS, SEG_TR, SEG_LDTR };

static void save_header(struct vcpu *v, union payload *p)
{
	p->header = (struct hvm_save_header){
		.magic = HEADER_MAGIC,
		.version = 1,
		.cpuid = cpuid(1).eax,
		.gtsc_khz = (uint32_t)tsc_khz,
	};
}

static void save_cpu(struct vcpu *v, union payload *p)
{
	struct hvm_hw_cpu *c = &p->cpu;
	struct hvm_state s;
	unsigned int i;

	hvm_ops->get_state(&v->hvm, &s);
	memset(c, 0, sizeof(*c));
	memcpy(c->fpu_regs, v->fpu, FPU_LEGACY_SIZE);
	c->flags = XEN_X86_FPU_INITIALISED;
	for (i = 0; i < NR_GPRS; i++)
		(&c->rax)[i] = v->hvm.gpr[gpr_order[i]];
	c->rip = s.rip;
	c->rflags = s.rflags;
	c->cr0 = s.cr0;
	c->cr2 = s.cr2;
	c->cr3 = s.cr3;
	c->cr4 = s.cr4;
	memcpy(&c->dr0, v->hvm.dr, sizeof(v->hvm.dr));
	c->dr6 = s.dr6;
	c->dr7 = s.dr7;
	for (i = 0; i < NR_SEGS; i++) {
		(&c->cs_sel)[i] = s.seg[seg_order[i]].sel;
		(&c->cs_limit)[i] = s.seg[seg_order[i]].limit;
		(&c->cs_base)[i] = s.seg[seg_order[i]].base;
		(&c->cs_arbytes)[i] = s.seg[seg_order[i]].attr;
	}
	c->gdtr_base = s.gdtr_base;
	c->gdtr_limit = s.gdtr_limit;
	c->idtr_base = s.idtr_base;
	c->idtr_limit = s.idtr_limit;
	c->sysenter_cs = s.sysenter_cs;
	c->sysenter_esp = s.sysenter_esp;
	c->sysenter_eip = s.sysenter_eip;
	c->shadow_gs = s.kernel_gs_base;
	c->msr_lstar = s.lstar;
	c->msr_star = s.star;
	c->msr_cstar = s.cstar;
	c->msr_syscall_mask = s.sfmask;
	c->msr_efer = s.efer;
	c->msr_tsc_aux = v->hvm.tsc_aux;
	c->tsc = rdtsc_ordered() + v->d->tsc_offset;
}

static int load_cpu(struct vcpu *v, const union payload *p)
{
	const struct hvm_hw_cpu *c = &p->cpu;
	struct hvm_state s;
	unsigned int i;

	if (c->flags & XEN_X86_FPU_INITIALISED || c->pending_valid)
		return -EOPNOTSUPP;
	if (c->msr_tsc_aux > UINT32_MAX)
		return -EINVAL; /* the CPU would refuse it when we load it */
	hvm_ops->get_state(&v->hvm, &s); /* for PAT, which another record brings */
	s.rip = c->rip;
	s.rflags = c->rflags;
	s.cr0 = c->cr0;
	s.cr2 = c->cr2;
	s.cr3 = c->cr3;
	s.cr4 = c->cr4;
	s.dr6 = c->dr6;
	s.dr7 = c->dr7;
	for (i = 0; i < NR_SEGS; i++)
		s.seg[seg_order[i]] =
			(struct hvm_seg){ (uint16_t)(&c->cs_sel)[i], (uint16_t)(&c->cs_arbytes)[i],
					  (&c->cs_limit)[i], (&c->cs_base)[i] };
	s.gdtr_base = c->gdtr_base;
	s.gdtr_limit = c->gdtr_limit;
	s.idtr_base = c->idtr_base;
	s.idtr_limit = c->idtr_limit;
	s.sysenter_cs = c->sysenter_cs;
	s.sysenter_esp = c->sysenter_esp;
	s.sysenter_eip = c->sysenter_eip;
	s.kernel_gs_base = c->shadow_gs;
	s.lstar = c->msr_lstar;
	s.star = c->msr_star;
	s.cstar = c->msr_cstar;
	s.sfmask = c->msr_syscall_mask;
	s.efer = c->msr_efer;
	hvm_ops->set_state(&v->hvm, &s);
	for (i = 0; i < NR_GPRS; i++)
		v->hvm.gpr[gpr_order[i]] = (&c->rax)[i];
	memcpy(v->hvm.dr, &c->dr0, sizeof(v->hvm.dr));
	v->hvm.tsc_aux = c->msr_tsc_aux;
	return 0;
}

static void save_lapic(struct vcpu *v, union payload *p)
{
	struct vlapic_state s;

	vlapic_get_state(v, &s);
	memset(&p->lapic, 0, sizeof(p->lapic));
	p->lapic.apic_base_msr = s.apic_base;
	p->lapic.tdt_msr = s.tsc_deadline;
}

static int load_lapic(struct vcpu *v, const union payload *p)
{
	struct vlapic_state s;

	vlapic_get_state(v, &s);
	s.apic_base = p->lapic.apic_base_msr;
	s.tsc_deadline = p->lapic.tdt_msr;
	return vlapic_set_state(v, &s);
}

static void save_lapic_regs(struct vcpu *v, union payload *p)
{
	struct vlapic_state s;
	unsigned int i;

	vlapic_get_state(v, &s);
	memset(&p->regs, 0, sizeof(p->regs));
	for (i = 0; i < ARRAY_SIZE(s.regs); i++)
		memcpy(p->regs.data + 16 * i, &s.regs[i], sizeof(s.regs[i]));
}

static int load_lapic_regs(struct vcpu *v, const union payload *p)
{
	struct vlapic_state s;
	unsigned int i;

	vlapic_get_state(v, &s);
	for (i = 0; i < ARRAY_SIZE(s.regs); i++)
		memcpy(&s.regs[i], p->regs.data + 16 * i, sizeof(s.regs[i]));
	return vlapic_set_state(v, &s);
}

static void save_mtrr(struct vcpu *v, union payload *p)
{
	struct mtrr_state s;

	msr_get_mtrr(v, &s);
	memset(&p->mtrr, 0, sizeof(p->mtrr));
	(void)hvm_ops->msr_read(&v->hvm, MSR_PAT, &p->mtrr.msr_pat_cr);
	memcpy(p->mtrr.msr_mtrr_var, s.var, sizeof(s.var));
	memcpy(p->mtrr.msr_mtrr_fixed, s.fixed, sizeof(s.fixed));
	p->mtrr.msr_mtrr_cap = s.cap;
	p->mtrr.msr_mtrr_def_type = s.def_type;
}

static int load_mtrr(struct vcpu *v, const union payload *p)
{
	struct mtrr_state s = { .cap = p->mtrr.msr_mtrr_cap,
				.def_type = p->mtrr.msr_mtrr_def_type };

	memcpy(s.var, p->mtrr.msr_mtrr_var, sizeof(s.var));
	memcpy(s.fixed, p->mtrr.msr_mtrr_fixed, sizeof(s.fixed));
	if (hvm_ops->msr_write(&v->hvm, MSR_PAT, p->mtrr.msr_pat_cr))
		return -EINVAL;
	return msr_set_mtrr(v, &s);
}

static const struct record {
	uint16_t type, size;
	bool up_only, once; /* only of vCPUs that are up; one for the domain */
	void (*save)(struct vcpu *v, union payload *p);
	int (*load)(struct vcpu *v, const union payload *p);
} records[] = {
	{ HVM_SAVE_CODE(HEADER), sizeof(struct hvm_save_header), false, true, save_header, NULL },
	{ HVM_SAVE_CODE(CPU), sizeof(struct hvm_hw_cpu), true, false, save_cpu, load_cpu },
	{ HVM_SAVE_CODE(LAPIC), sizeof(struct hvm_hw_lapic), false, false, save_lapic, load_lapic },
	{ HVM_SAVE_CODE(LAPIC_REGS), sizeof(struct hvm_hw_lapic_regs), false, false,
	  save_lapic_regs, load_lapic_regs },
	{ HVM_SAVE_CODE(MTRR), sizeof(struct hvm_hw_mtrr), false, false, save_mtrr, load_mtrr },
};

/* The buffer of the tools, and how far we are in it. */
struct stream {
	guest_ptr_t buf;
	uint32_t size, pos;
};

static int put(struct stream *s, uint16_t type, uint16_t instance, const void *data, uint16_t size)
{
	struct hvm_save_descriptor desc = { type, instance, size };

	if (s->size - s->pos < sizeof(desc) + size)
		return -ENOSPC;
	if (copy_to_guest(guest_ptr_add(s->buf, s->pos), &desc, sizeof(desc)) ||
	    copy_to_guest(guest_ptr_add(s->buf, s->pos + sizeof(desc)), data, size))
		return -EFAULT;
	s->pos += sizeof(desc) + size;
	return 0;
}

static int save_all(struct domain *d, struct stream *s, union payload *p)
{
	const struct record *r;
	struct vcpu *v;
	unsigned int i;
	int rc = 0;

	for (r = records; !rc && r < records + ARRAY_SIZE(records); r++) {
		for_each_vcpu(d, v, i) {
			if (rc || (r->once && i) || (r->up_only && !vcpu_is_up(v)))
				continue;
			r->save(v, p);
			rc = put(s, r->type, (uint16_t)i, p, r->size);
		}
	}
	return rc ? rc : put(s, HVM_SAVE_CODE(END), 0, p, 0);
}

static uint32_t full_size(const struct domain *d)
{
	uint32_t size = sizeof(struct hvm_save_descriptor); /* END */
	const struct record *r;

	for (r = records; r < records + ARRAY_SIZE(records); r++)
		size += (sizeof(struct hvm_save_descriptor) + r->size) *
			(r->once ? 1 : d->max_vcpus);
	return size;
}

/* Nobody runs the domain and nobody will start it while we look. -EBUSY: pause it first. */
static int check_still(struct domain *d)
{
	if (!d->max_vcpus)
		return -EINVAL;
	return d->pause_count && !domain_is_running(d) ? 0 : -EBUSY;
}

int domctl_gethvmcontext(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_hvmcontext *c = &op->u.hvmcontext;
	struct stream s = { HANDLE_PTR(c->buffer), c->size, 0 };
	union payload *p;
	int rc = check_still(d);

	if (rc)
		return rc;
	if (guest_ptr_null(s.buf)) {
		c->size = full_size(d);
		return 0;
	}
	p = kalloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	rc = save_all(d, &s, p);
	kfree(p, sizeof(*p));
	c->size = s.pos;
	return rc;
}

int domctl_gethvmcontext_partial(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_hvmcontext_partial *c = &op->u.hvmcontext_partial;
	struct vcpu *target = domain_vcpu(d, c->instance);
	const struct record *r = records;
	union payload *p;
	int rc = check_still(d);

	if (rc)
		return rc;
	while (r < records + ARRAY_SIZE(records) && r->type != c->type)
		r++;
	if (!target || r == records + ARRAY_SIZE(records) || (r->up_only && !vcpu_is_up(target)))
		return -ENOENT;
	if (guest_ptr_null(HANDLE_PTR(c->buffer))) {
		c->bufsz = r->size;
		return 0;
	}
	if (c->bufsz < r->size)
		return -ENOSPC;
	p = kalloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	r->save(target, p);
	rc = copy_to_guest(HANDLE_PTR(c->buffer), p, r->size);
	c->bufsz = r->size;
	kfree(p, sizeof(*p));
	return rc;
}

static int check_header(const union payload *p)
{
	return p->header.magic == HEADER_MAGIC && p->header.version == 1 ? 0 : -EINVAL;
}

static int load_record(struct domain *d, const struct hvm_save_descriptor *desc,
		       const union payload *p)
{
	struct vcpu *v = domain_vcpu(d, desc->instance);
	const struct record *r = records;
	int rc;

	while (r < records + ARRAY_SIZE(records) && r->type != desc->typecode)
		r++;
	if (r == records + ARRAY_SIZE(records) || desc->length != r->size || !v)
		return -EINVAL;
	rc = r->load ? r->load(v, p) : check_header(p);
	if (!rc && r->up_only)
		vcpu_up(v);
	return rc;
}

static int load_all(struct domain *d, struct stream *s, union payload *p)
{
	struct hvm_save_descriptor desc;
	int rc = 0;

	while (!rc) {
		if (s->size - s->pos < sizeof(desc))
			return -EINVAL;
		if (copy_from_guest(&desc, guest_ptr_add(s->buf, s->pos), sizeof(desc)))
			return -EFAULT;
		s->pos += sizeof(desc);
		if (desc.typecode == HVM_SAVE_CODE(END))
			return 0;
		if (desc.length > sizeof(*p) || desc.length > s->size - s->pos)
			return -EINVAL;
		if (copy_from_guest(p, guest_ptr_add(s->buf, s->pos), desc.length))
			return -EFAULT;
		s->pos += desc.length;
		rc = load_record(d, &desc, p);
	}
	return rc;
}

int domctl_sethvmcontext(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_hvmcontext *c = &op->u.hvmcontext;
	struct stream s = { HANDLE_PTR(c->buffer), c->size, 0 };
	union payload *p;
	int rc = READ_ONCE(d->guest->was_unpaused) ? -EBUSY : check_still(d);

	if (rc)
		return rc;
	if (c->size > full_size(d) * 2)
		return -E2BIG;
	p = kalloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	rc = load_all(d, &s, p);
	kfree(p, sizeof(*p));
	return rc;
}
