/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a nested page fault to a device's register and back. See mmio.h for what is claimed by whom;
 * vmsix_covers() asks for Dom0's MSI-X tables, which move with their BARs.
 */
#include "dev/mmio.h"
#include "core/guest_copy.h"
#include "dev/decode.h"
#include "dev/hwdom_map.h"
#include "dev/vmsix.h"
#include "mem/kalloc.h"

#define MMIO_MAX_RANGES 32

struct mmio_range {
	uint64_t first, last;
	mmio_fn fn;
	void *ctx;
};

struct mmio_table {
	unsigned int nr; /* set while the domain is built */
	struct mmio_range range[MMIO_MAX_RANGES];
};

static const struct mmio_range *find(const struct mmio_table *t, uint64_t gpa)
{
	for (unsigned int i = 0; t && i < t->nr; i++)
		if (gpa >= t->range[i].first && gpa <= t->range[i].last)
			return &t->range[i];
	return NULL;
}

int mmio_register(struct domain *d, uint64_t gpa, uint64_t size, mmio_fn fn, void *ctx)
{
	struct mmio_table *t = d->mmio;

	if (!size || (gpa | size) & ~PAGE_MASK || gpa + size - 1 < gpa)
		return -EINVAL;
	if (!t)
		t = d->mmio = kalloc(sizeof(*t));
	if (!t || t->nr == MMIO_MAX_RANGES)
		return -ENOMEM;
	for (unsigned int i = 0; i < t->nr; i++)
		if (gpa <= t->range[i].last && gpa + size - 1 >= t->range[i].first)
			return -EEXIST;
	t->range[t->nr++] = (struct mmio_range){ gpa, gpa + size - 1, fn, ctx };
	return 0;
}

void mmio_free(struct domain *d)
{
	kfree(d->mmio, sizeof(*d->mmio));
	d->mmio = NULL;
}

bool mmio_claims(const struct domain *d, uint64_t gpa)
{
	return find(d->mmio, gpa);
}

/* One access to whoever owns gpa. An access across a page's end goes nowhere. */
static void access(struct vcpu *v, uint64_t gpa, unsigned int size, bool write, uint64_t *val)
{
	const struct mmio_range *r = find(v->d->mmio, gpa);

	if (!write)
		*val = ~0ULL;
	if (gpa % PAGE_SIZE + size > PAGE_SIZE)
		return;
	if (r)
		r->fn(v, r->ctx, gpa, size, write, val);
	else if (v->d->vpci)
		vmsix_access(v, gpa, size, write, val);
}

/* ZF, SF, PF, CF, OF of `a op b = result`, sizes up to 8. */
static void set_flags(struct hvm_vcpu *hv, uint64_t a, uint64_t b, uint64_t result,
		      unsigned int size, unsigned int op)
{
	uint64_t sign = 1ULL << (size * 8 - 1), mask = sign | (sign - 1);
	uint64_t flags = 0;

	a &= mask;
	b &= mask;
	result &= mask;
	flags |= result ? 0 : 1 << 6;
	flags |= result & sign ? 1 << 7 : 0;
	flags |= __builtin_parity((unsigned int)(result & 0xff)) ? 0 : 1 << 2;
	if (op == INSN_ADD) {
		flags |= result < a ? 1 : 0;
		flags |= ~(a ^ b) & (a ^ result) & sign ? 1 << 11 : 0;
	} else if (op == INSN_SUB || op == INSN_CMP) {
		flags |= a < b ? 1 : 0;
		flags |= (a ^ b) & (a ^ result) & sign ? 1 << 11 : 0;
	}
	if (op == INSN_ADD || op == INSN_SUB || op == INSN_CMP)
		flags |= (a ^ b ^ result) & 0x10;
	hv->rflags = (hv->rflags & ~0x8d5ULL) | flags;
}

static uint64_t compute(unsigned int op, uint64_t a, uint64_t b)
{
	switch (op) {
	case INSN_AND:
	case INSN_TEST:
		return a & b;
	case INSN_OR:
		return a | b;
	case INSN_XOR:
		return a ^ b;
	case INSN_ADD:
		return a + b;
	default: /* SUB, CMP */
		return a - b;
	}
}

/* AND .. TEST: memory is one operand, register or immediate the other. */
static void do_arithmetic(struct vcpu *v, const struct insn *in, uint64_t gpa)
{
	uint64_t other = in->has_imm ? in->imm : insn_reg_read(&v->hvm, in);
	uint64_t mem, a, b, result;

	access(v, gpa, in->size, false, &mem);
	a = in->to_mem || in->has_imm ? mem : other;
	b = in->to_mem || in->has_imm ? other : mem;
	result = compute(in->op, a, b);
	set_flags(&v->hvm, a, b, result, in->size, in->op);
	if (in->op == INSN_CMP || in->op == INSN_TEST)
		return;
	if (in->to_mem)
		access(v, gpa, in->size, true, &result);
	else
		insn_reg_write(&v->hvm, in, result);
}

/* True when RIP may move on; false while a REP has more to do. */
static bool do_stos(struct vcpu *v, const struct insn *in, uint64_t gpa)
{
	uint64_t val = v->hvm.gpr[RAX];
	uint64_t step = v->hvm.rflags >> 10 & 1 ? -(uint64_t)in->size : in->size;

	if (in->rep && zero_extend(v->hvm.gpr[RCX], in->addr_size) == 0)
		return true;
	access(v, gpa, in->size, true, &val);
	gpr_write(&v->hvm, RDI, in->addr_size, v->hvm.gpr[RDI] + step);
	if (!in->rep)
		return true;
	gpr_write(&v->hvm, RCX, in->addr_size, v->hvm.gpr[RCX] - 1);
	return zero_extend(v->hvm.gpr[RCX], in->addr_size) == 0;
}

static bool execute(struct vcpu *v, const struct insn *in, uint64_t gpa)
{
	uint64_t val, old;

	switch (in->op) {
	case INSN_LOAD:
		access(v, gpa, in->size, false, &val);
		insn_reg_write(&v->hvm, in,
			       in->sign_extend ? sign_extend(val, in->size)
					       : zero_extend(val, in->size));
		return true;
	case INSN_STORE:
		val = zero_extend(in->has_imm ? in->imm : insn_reg_read(&v->hvm, in), in->size);
		access(v, gpa, in->size, true, &val);
		return true;
	case INSN_STOS:
		return do_stos(v, in, gpa);
	case INSN_XCHG:
		val = insn_reg_read(&v->hvm, in);
		access(v, gpa, in->size, false, &old);
		access(v, gpa, in->size, true, &val);
		insn_reg_write(&v->hvm, in, old);
		return true;
	case INSN_BT:
		access(v, gpa, in->size, false, &val);
		v->hvm.rflags = (v->hvm.rflags & ~1ULL) | (val >> in->imm % (in->size * 8) & 1);
		return true;
	default:
		do_arithmetic(v, in, gpa);
		return true;
	}
}

enum mmio_result mmio_access(struct vcpu *v, uint64_t gpa, bool write)
{
	uint8_t bytes[INSN_MAX_LEN];
	struct hvm_mode mode;
	struct insn in;
	unsigned int nr;

	if (v->d->is_hwdom && !mmio_claims(v->d, gpa) && !vmsix_covers(v->d, gpa) &&
	    hwdom_map_mmio(v->d, gpa))
		return MMIO_RETRY;
	hvm_ops->get_mode(&v->hvm, &mode);
	nr = guest_fetch(v, &mode, bytes, sizeof(bytes));
	if (insn_decode(bytes, nr, &mode, &in) < 0 || in.mod_is_reg)
		return MMIO_CRASH;
	if (execute(v, &in, gpa))
		hvm_advance(&v->hvm, in.len);
	return MMIO_DONE;
}
