/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domctl: a domain's machine state as a list of records, in Xen's format: descriptor, payload,
 * next. Out go HEADER, CPU, LAPIC, LAPIC_REGS, MTRR, END. In come the same, for a domain that has
 * never run; a CPU record starts its vCPU, the others stay down. FPU contents are given out but not
 * yet taken in.
 */
#include "dev/cr.h"
#include "dev/msr.h"
#include "dev/vlapic.h"
#include "guest/domctl.h"
#include "guest/shared_info.h"
#include "x86/cpuid.h"
#include "x86/time.h"
#include <xen/hvm/save.h>

#define HEADER_MAGIC 0x54381286
#define FPU_LEGACY_SIZE 512

/* The largest payload, 1 KiB, and whose it is. */
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

/* The 64-bit words that record and state share. */
#define WORD(record, state) { offsetof(struct hvm_hw_cpu, record), offsetof(struct hvm_state, state) }
static const struct {
	uint16_t record, state;
} words[] = {
	WORD(rip, rip), WORD(rflags, rflags), WORD(cr0, cr0), WORD(cr2, cr2), WORD(cr3, cr3),
	WORD(cr4, cr4), WORD(dr6, dr6), WORD(dr7, dr7), WORD(gdtr_base, gdtr_base), WORD(idtr_base, idtr_base),
	WORD(sysenter_cs, sysenter_cs), WORD(sysenter_esp, sysenter_esp),
	WORD(sysenter_eip, sysenter_eip), WORD(shadow_gs, kernel_gs_base), WORD(msr_lstar, lstar),
	WORD(msr_star, star), WORD(msr_cstar, cstar), WORD(msr_syscall_mask, sfmask),
	WORD(msr_efer, efer),
};

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

	hvm_ops->get_state(&v->hvm, &s);
	memset(c, 0, sizeof(*c));
	memcpy(c->fpu_regs, v->fpu, FPU_LEGACY_SIZE);
	c->flags = XEN_X86_FPU_INITIALISED;
	for (unsigned int i = 0; i < NR_GPRS; i++)
		(&c->rax)[i] = v->hvm.gpr[gpr_order[i]];
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		memcpy((char *)c + words[i].record, (char *)&s + words[i].state, sizeof(uint64_t));
	memcpy(&c->dr0, v->hvm.dr, sizeof(v->hvm.dr));
	for (unsigned int i = 0; i < NR_SEGS; i++) {
		(&c->cs_sel)[i] = s.seg[seg_order[i]].sel;
		(&c->cs_limit)[i] = s.seg[seg_order[i]].limit;
		(&c->cs_base)[i] = s.seg[seg_order[i]].base;
		(&c->cs_arbytes)[i] = s.seg[seg_order[i]].attr;
	}
	c->gdtr_limit = s.gdtr_limit;
	c->idtr_limit = s.idtr_limit;
	c->msr_tsc_aux = v->hvm.tsc_aux;
	c->tsc = rdtsc_ordered() + v->d->tsc_offset;
}

static int load_cpu(struct vcpu *v, const union payload *p)
{
	const struct hvm_hw_cpu *c = &p->cpu;
	struct hvm_state s;

	if (c->flags & XEN_X86_FPU_INITIALISED || c->pending_valid)
		return -EOPNOTSUPP;
	if (c->msr_tsc_aux > UINT32_MAX)
		return -EINVAL; /* the CPU would refuse it when we load it */
	if (!cr_valid_cr0(c->cr0) || !cr_valid_cr4(v->d, c->cr4) ||
	    !cr_valid_efer(v->d, c->msr_efer))
		return -EINVAL;
	hvm_ops->get_state(&v->hvm, &s); /* for PAT, which another record brings */
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		memcpy((char *)&s + words[i].state, (char *)c + words[i].record, sizeof(uint64_t));
	for (unsigned int i = 0; i < NR_SEGS; i++)
		s.seg[seg_order[i]] =
			(struct hvm_seg){ (uint16_t)(&c->cs_sel)[i], (uint16_t)(&c->cs_arbytes)[i],
					  (&c->cs_limit)[i], (&c->cs_base)[i] };
	s.gdtr_limit = c->gdtr_limit;
	s.idtr_limit = c->idtr_limit;
	hvm_ops->set_state(&v->hvm, &s);
	for (unsigned int i = 0; i < NR_GPRS; i++)
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

	vlapic_get_state(v, &s);
	memset(&p->regs, 0, sizeof(p->regs));
	for (unsigned int i = 0; i < ARRAY_SIZE(s.regs); i++)
		memcpy(p->regs.data + 16 * i, &s.regs[i], sizeof(s.regs[i]));
}

static int load_lapic_regs(struct vcpu *v, const union payload *p)
{
	struct vlapic_state s;

	vlapic_get_state(v, &s);
	for (unsigned int i = 0; i < ARRAY_SIZE(s.regs); i++)
		memcpy(&s.regs[i], p->regs.data + 16 * i, sizeof(s.regs[i]));
	return vlapic_set_state(v, &s);
}

static void save_mtrr(struct vcpu *v, union payload *p)
{
	const struct mtrr_state *s = v->mtrr;

	memset(&p->mtrr, 0, sizeof(p->mtrr));
	(void)hvm_ops->msr_read(&v->hvm, MSR_PAT, &p->mtrr.msr_pat_cr);
	memcpy(p->mtrr.msr_mtrr_var, s->var, sizeof(s->var));
	memcpy(p->mtrr.msr_mtrr_fixed, s->fixed, sizeof(s->fixed));
	p->mtrr.msr_mtrr_cap = s->cap;
	p->mtrr.msr_mtrr_def_type = s->def_type;
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

static const struct record *find_record(uint16_t type)
{
	for (const struct record *r = records; r < records + ARRAY_SIZE(records); r++)
		if (r->type == type)
			return r;
	return NULL;
}

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
	int rc = 0;

	for (const struct record *r = records; !rc && r < records + ARRAY_SIZE(records); r++) {
		for_each_vcpu(d, v) {
			if (rc || (r->once && v->id) || (r->up_only && !vcpu_is_up(v)))
				continue;
			r->save(v, p);
			rc = put(s, r->type, v->id, p, r->size);
		}
	}
	return rc ? rc : put(s, HVM_SAVE_CODE(END), 0, p, 0);
}

static uint32_t full_size(const struct domain *d)
{
	uint32_t size = sizeof(struct hvm_save_descriptor); /* END */

	for (const struct record *r = records; r < records + ARRAY_SIZE(records); r++)
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
	union payload p;
	int rc = check_still(d);

	if (rc)
		return rc;
	if (guest_ptr_null(s.buf)) {
		c->size = full_size(d);
		return 0;
	}
	rc = save_all(d, &s, &p);
	c->size = s.pos;
	return rc;
}

int domctl_gethvmcontext_partial(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_hvmcontext_partial *c = &op->u.hvmcontext_partial;
	struct vcpu *target = domain_vcpu(d, c->instance);
	const struct record *r = find_record(c->type);
	union payload p;
	int rc = check_still(d);

	if (rc)
		return rc;
	if (!target || !r || (r->up_only && !vcpu_is_up(target)))
		return -ENOENT;
	if (guest_ptr_null(HANDLE_PTR(c->buffer))) {
		c->bufsz = r->size;
		return 0;
	}
	if (c->bufsz < r->size)
		return -ENOSPC;
	r->save(target, &p);
	c->bufsz = r->size;
	return copy_to_guest(HANDLE_PTR(c->buffer), &p, r->size);
}

static int check_header(const union payload *p)
{
	return p->header.magic == HEADER_MAGIC && p->header.version == 1 ? 0 : -EINVAL;
}

static int load_record(struct domain *d, const struct hvm_save_descriptor *desc,
		       const union payload *p)
{
	struct vcpu *v = domain_vcpu(d, desc->instance);
	const struct record *r = find_record(desc->typecode);
	int rc;

	if (!r || desc->length != r->size || !v)
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
	union payload p;
	int rc = READ_ONCE(d->guest->was_unpaused) ? -EBUSY : check_still(d);

	if (rc)
		return rc;
	if (c->size > full_size(d) * 2)
		return -E2BIG;
	return load_all(d, &s, &p);
}
