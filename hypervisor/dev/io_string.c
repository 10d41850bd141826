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
	struct hvm_mode mode;
	unsigned int ptr_reg;	/* RSI for OUTS, RDI for INS */
	bool backwards;
	uint64_t count;
};

static uint64_t address_mask(const struct string_io *s)
{
	return zero_extend(~0ULL, s->insn.addr_size);
}

static void setup(struct vcpu *v, const struct hvm_exit *exit, struct string_io *s)
{
	uint8_t bytes[INSN_MAX_LEN];
	unsigned int nr;

	hvm_ops->get_mode(&v->hvm, &s->mode);
	nr = guest_fetch(v, &s->mode, bytes, sizeof(bytes));
	insn_prefixes(bytes, nr, &s->mode, &s->insn);
	s->ptr_reg = exit->io.write ? RSI : RDI;
	s->backwards = v->hvm.rflags >> 10 & 1;
	s->count = exit->io.rep ? v->hvm.gpr[RCX] & address_mask(s) : 1;
}

/* Linear address of the next element; in long mode only FS and GS have a base. */
static uint64_t element_va(struct vcpu *v, const struct hvm_exit *exit, const struct string_io *s)
{
	enum seg seg = !exit->io.write ? SEG_ES : s->insn.seg < NR_SEGS ? s->insn.seg : SEG_DS;
	uint64_t va = v->hvm.gpr[s->ptr_reg] & address_mask(s);

	if (!s->mode.long_cs || seg == SEG_FS || seg == SEG_GS)
		va += hvm_ops->seg_base(&v->hvm, seg);
	return s->mode.long_cs ? va : va & 0xffffffff;
}

static void move(struct vcpu *v, const struct string_io *s, unsigned int reg, int64_t by)
{
	uint64_t mask = address_mask(s);
	uint64_t val = (v->hvm.gpr[reg] + (uint64_t)by) & mask;

	if (s->insn.addr_size == 4)
		mask = ~0ULL; /* 32-bit results clear the upper half */
	v->hvm.gpr[reg] = (v->hvm.gpr[reg] & ~mask) | val;
}

/* One element at gpa; what does not fit into that page lies at next_page. False: no memory. */
static bool element(struct vcpu *v, const struct hvm_exit *exit, uint64_t gpa, uint64_t next_page)
{
	size_t size = exit->io.size, head = min(size, PAGE_SIZE - gpa % PAGE_SIZE);
	uint32_t val = 0;
	uint8_t *bytes = (uint8_t *)&val;

	if (exit->io.write && (copy_from_gpa(v->d, bytes, gpa, head) < 0 ||
			       copy_from_gpa(v->d, bytes + head, next_page, size - head) < 0))
		return false;
	io_access(v, exit->io.port, exit->io.size, exit->io.write, &val);
	return exit->io.write || (copy_to_gpa(v->d, gpa, bytes, head) == 0 &&
				  copy_to_gpa(v->d, next_page, bytes + head, size - head) == 0);
}

/* False, with the page fault queued: the guest has nothing there, or may not touch it so. */
static bool translate(struct vcpu *v, const struct string_io *s, uint64_t va, uint64_t *gpa)
{
	uint32_t access = (s->ptr_reg == RDI ? PF_WRITE : 0) | (s->mode.cpl == 3 ? PF_USER : 0);
	uint32_t error;

	if (guest_translate(v, va, access, gpa, &error) == 0)
		return true;
	hvm_ops->set_cr2(&v->hvm, va);
	hvm_inject_exception(&v->hvm, VECTOR_PF, true, error);
	return false;
}

void __outlined io_string_exit(struct vcpu *v, const struct hvm_exit *exit)
{
	uint64_t va, in_page, todo = 1, gpa, next_page = 0, i, size = exit->io.size;
	struct string_io s;
	bool ok = true;

	setup(v, exit, &s);
	if (!s.count) {
		hvm_advance(&v->hvm, exit->len);
		return;
	}
	va = element_va(v, exit, &s);
	in_page = PAGE_SIZE - va % PAGE_SIZE;
	if (!translate(v, &s, va, &gpa) ||
	    (in_page < size && !translate(v, &s, va + in_page, &next_page)))
		return;
	if (in_page >= size)
		todo = s.backwards ? va % PAGE_SIZE / size + 1 : in_page / size;
	todo = min(todo, (uint64_t)CHUNK);
	todo = min(todo, s.count);
	for (i = 0; ok && i < todo; i++)
		ok = element(v, exit, s.backwards ? gpa - i * size : gpa + i * size, next_page);
	if (!ok) {
		domain_crash(v, "string I/O, port 0x%x, on memory that is not there, gpa 0x%lx",
			     exit->io.port, gpa);
		return;
	}
	move(v, &s, s.ptr_reg, (s.backwards ? -1 : 1) * (int64_t)(todo * size));
	if (exit->io.rep)
		move(v, &s, RCX, -(int64_t)todo);
	if (todo == s.count)
		hvm_advance(&v->hvm, exit->len);
}
