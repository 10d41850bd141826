/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * INS and OUTS. Each exit does at most one piece: up to CHUNK elements, within one page, then the
 * registers say how far it got and the guest runs again (RIP stays while RCX is not zero). Memory
 * is reached by guest-physical address after a walk, so a page fault is the guest's, before the
 * port is touched.
 */
#include "dev/io_string.h"
#include "core/guest_copy.h"
#include "dev/decode.h"
#include "dev/io.h"

#define CHUNK 256 /* elements per exit */

struct string_io {
	struct insn insn;	/* prefixes */
	unsigned int ptr_reg;	/* RSI for OUTS, RDI for INS */
	unsigned int addr_size;
	unsigned int size;
	bool backwards;
	uint64_t count;
};

static uint64_t address_mask(unsigned int addr_size)
{
	return addr_size == 8 ? ~0ULL : (1ULL << addr_size * 8) - 1;
}

static void setup(struct vcpu *v, const struct hvm_exit *exit, struct string_io *s)
{
	uint8_t bytes[INSN_MAX_LEN];
	struct hvm_mode mode;
	unsigned int nr;

	hvm_ops->get_mode(&v->hvm, &mode);
	nr = guest_fetch(v, bytes, sizeof(bytes));
	insn_prefixes(bytes, nr, &mode, &s->insn);
	s->ptr_reg = exit->io.write ? RSI : RDI;
	s->addr_size = s->insn.addr_size;
	s->size = exit->io.size;
	s->backwards = v->hvm.rflags >> 10 & 1;
	s->count = 1;
	if (exit->io.rep)
		s->count = v->hvm.gpr[RCX] & address_mask(s->addr_size);
}

/* Linear address of the next element; in long mode only FS and GS have a base. */
static uint64_t element_va(struct vcpu *v, const struct hvm_exit *exit, const struct string_io *s)
{
	enum seg seg = exit->io.write && s->insn.seg < NR_SEGS ? s->insn.seg : SEG_DS;
	uint64_t va = v->hvm.gpr[s->ptr_reg] & address_mask(s->addr_size);
	struct hvm_mode mode;

	hvm_ops->get_mode(&v->hvm, &mode);
	if (!exit->io.write)
		seg = SEG_ES;
	if (!mode.long_cs || seg == SEG_FS || seg == SEG_GS)
		va += hvm_ops->seg_base(&v->hvm, seg);
	return mode.long_cs ? va : va & 0xffffffff;
}

static void move(struct vcpu *v, const struct string_io *s, unsigned int reg, int64_t by)
{
	uint64_t mask = address_mask(s->addr_size);
	uint64_t val = (v->hvm.gpr[reg] + (uint64_t)by) & mask;

	if (s->addr_size == 4)
		mask = ~0ULL; /* 32-bit results clear the upper half */
	v->hvm.gpr[reg] = (v->hvm.gpr[reg] & ~mask) | val;
}

/* One element at gpa, inside one page. */
static bool element_at_gpa(struct vcpu *v, const struct hvm_exit *exit, uint64_t gpa)
{
	uint32_t val = 0;

	if (exit->io.write) {
		if (copy_from_gpa(v->d, &val, gpa, exit->io.size) < 0)
			return false;
		io_access(v, exit->io.port, exit->io.size, true, &val);
		return true;
	}
	io_access(v, exit->io.port, exit->io.size, false, &val);
	return copy_to_gpa(v->d, gpa, &val, exit->io.size) == 0;
}

/* One element that lies on two pages. -EFAULT with a #PF queued when one of them is missing. */
static bool element_split(struct vcpu *v, const struct hvm_exit *exit, uint64_t va, uint64_t gpa,
			  uint64_t gpa2)
{
	unsigned int head = (unsigned int)(PAGE_SIZE - va % PAGE_SIZE), tail = exit->io.size - head;
	uint32_t val = 0;
	uint8_t *bytes = (uint8_t *)&val;

	if (exit->io.write) {
		if (copy_from_gpa(v->d, bytes, gpa, head) < 0 ||
		    copy_from_gpa(v->d, bytes + head, gpa2, tail) < 0)
			return false;
		io_access(v, exit->io.port, exit->io.size, true, &val);
		return true;
	}
	io_access(v, exit->io.port, exit->io.size, false, &val);
	return copy_to_gpa(v->d, gpa, bytes, head) == 0 &&
	       copy_to_gpa(v->d, gpa2, bytes + head, tail) == 0;
}

static bool translate(struct vcpu *v, uint64_t va, bool to_memory, uint64_t *gpa)
{
	struct hvm_mode mode;
	uint32_t error;

	hvm_ops->get_mode(&v->hvm, &mode);
	if (guest_translate(v, va, (to_memory ? PF_WRITE : 0) | (mode.cpl == 3 ? PF_USER : 0), gpa,
			    &error) == 0)
		return true;
	hvm_ops->cr_write(&v->hvm, 2, va);
	hvm_inject_exception(&v->hvm, VECTOR_PF, true, error);
	return false;
}

void io_string_exit(struct vcpu *v, const struct hvm_exit *exit)
{
	bool to_memory = !exit->io.write, ok;
	struct string_io s;
	uint64_t va, gpa, gpa2;
	unsigned int i, in_page, todo;

	setup(v, exit, &s);
	if (!s.count) {
		hvm_advance(&v->hvm, exit->len);
		return;
	}
	va = element_va(v, exit, &s);
	if (!translate(v, va, to_memory, &gpa))
		return;
	in_page = (unsigned int)(PAGE_SIZE - va % PAGE_SIZE);
	if (in_page < s.size) {
		if (!translate(v, va + in_page, to_memory, &gpa2))
			return;
		todo = 1;
		ok = element_split(v, exit, va, gpa, gpa2);
	} else {
		todo = s.backwards ? (unsigned int)(va % PAGE_SIZE) / s.size + 1 : in_page / s.size;
		todo = min(todo, (unsigned int)CHUNK);
		if (todo > s.count)
			todo = (unsigned int)s.count;
		for (i = 0, ok = true; ok && i < todo; i++)
			ok = element_at_gpa(v, exit,
					    s.backwards ? gpa - i * s.size : gpa + i * s.size);
	}
	if (!ok) {
		domain_crash(v, "string I/O, port 0x%x, on memory that is not there, gpa 0x%llx",
			     exit->io.port, (unsigned long long)gpa);
		return;
	}
	move(v, &s, s.ptr_reg, (s.backwards ? -1 : 1) * (int64_t)(todo * s.size));
	if (exit->io.rep)
		move(v, &s, RCX, -(int64_t)todo);
	if (todo == s.count)
		hvm_advance(&v->hvm, exit->len);
}
