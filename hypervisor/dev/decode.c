/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decoding, see decode.h. One table for one-byte opcodes, one for 0F xx; a row says what is done
 * and which form the operands have. Whatever has no row is refused.
 */
#include "dev/decode.h"

enum form {
	F_KNOWN	 = 1 << 0,
	F_MODRM	 = 1 << 1,
	F_BYTE	 = 1 << 2,  /* memory operand of 1 byte */
	F_WORD	 = 1 << 3,  /* of 2 */
	F_DWORD	 = 1 << 4,  /* of 4 */
	F_WIDE	 = 1 << 5,  /* the register has the operand size though memory is smaller */
	F_TO_MEM = 1 << 6,
	F_IMM8	 = 1 << 7,
	F_IMM	 = 1 << 8,  /* as wide as the operand, 4 bytes at most */
	F_MOFFS	 = 1 << 9,  /* address in the instruction, register is RAX */
	F_SIGNED = 1 << 10,
	F_GROUP1 = 1 << 11, /* ModRM.reg chooses ADD OR - - AND SUB XOR CMP */
	F_REG0	 = 1 << 12, /* ModRM.reg must be 0 */
	F_REG4	 = 1 << 13, /* ModRM.reg must be 4 */
	F_RM_REG = 1 << 14, /* the register is ModRM.rm, whatever mod says */
	F_STRING = 1 << 15,
};

struct row {
	uint8_t op;
	uint16_t form;
};

#define NO_OP 0xff
static const uint8_t group1[8] = {
	INSN_ADD, INSN_OR, NO_OP, NO_OP, INSN_AND, INSN_SUB, INSN_XOR, INSN_CMP
};

#define ALU(base, op_)                                                           \
	[base] = { op_, F_KNOWN | F_MODRM | F_BYTE | F_TO_MEM },                \
	[(base) + 1] = { op_, F_KNOWN | F_MODRM | F_TO_MEM },                   \
	[(base) + 2] = { op_, F_KNOWN | F_MODRM | F_BYTE },                     \
	[(base) + 3] = { op_, F_KNOWN | F_MODRM }

static const struct row one_byte[256] = {
	ALU(0x00, INSN_ADD), ALU(0x08, INSN_OR), ALU(0x20, INSN_AND), ALU(0x28, INSN_SUB),
	ALU(0x30, INSN_XOR), ALU(0x38, INSN_CMP),
	[0x63] = { INSN_LOAD, F_KNOWN | F_MODRM | F_DWORD | F_WIDE | F_SIGNED },
	[0x80] = { 0, F_KNOWN | F_MODRM | F_BYTE | F_TO_MEM | F_IMM8 | F_GROUP1 },
	[0x81] = { 0, F_KNOWN | F_MODRM | F_TO_MEM | F_IMM | F_GROUP1 },
	[0x83] = { 0, F_KNOWN | F_MODRM | F_TO_MEM | F_IMM8 | F_GROUP1 },
	[0x84] = { INSN_TEST, F_KNOWN | F_MODRM | F_BYTE | F_TO_MEM },
	[0x85] = { INSN_TEST, F_KNOWN | F_MODRM | F_TO_MEM },
	[0x86] = { INSN_XCHG, F_KNOWN | F_MODRM | F_BYTE },
	[0x87] = { INSN_XCHG, F_KNOWN | F_MODRM },
	[0x88] = { INSN_STORE, F_KNOWN | F_MODRM | F_BYTE },
	[0x89] = { INSN_STORE, F_KNOWN | F_MODRM },
	[0x8a] = { INSN_LOAD, F_KNOWN | F_MODRM | F_BYTE },
	[0x8b] = { INSN_LOAD, F_KNOWN | F_MODRM },
	[0xa0] = { INSN_LOAD, F_KNOWN | F_MOFFS | F_BYTE },
	[0xa1] = { INSN_LOAD, F_KNOWN | F_MOFFS },
	[0xa2] = { INSN_STORE, F_KNOWN | F_MOFFS | F_BYTE },
	[0xa3] = { INSN_STORE, F_KNOWN | F_MOFFS },
	[0xaa] = { INSN_STOS, F_KNOWN | F_STRING | F_BYTE },
	[0xab] = { INSN_STOS, F_KNOWN | F_STRING },
	[0xc6] = { INSN_STORE, F_KNOWN | F_MODRM | F_BYTE | F_IMM8 | F_REG0 },
	[0xc7] = { INSN_STORE, F_KNOWN | F_MODRM | F_IMM | F_REG0 },
	[0xf6] = { INSN_TEST, F_KNOWN | F_MODRM | F_BYTE | F_IMM8 | F_REG0 },
	[0xf7] = { INSN_TEST, F_KNOWN | F_MODRM | F_IMM | F_REG0 },
};

static const struct row two_byte[256] = {
	[0x22] = { INSN_WRITE_CR, F_KNOWN | F_MODRM | F_RM_REG },
	[0xb6] = { INSN_LOAD, F_KNOWN | F_MODRM | F_BYTE | F_WIDE },
	[0xb7] = { INSN_LOAD, F_KNOWN | F_MODRM | F_WORD | F_WIDE },
	[0xba] = { INSN_BT, F_KNOWN | F_MODRM | F_IMM8 | F_REG4 },
	[0xbe] = { INSN_LOAD, F_KNOWN | F_MODRM | F_BYTE | F_WIDE | F_SIGNED },
	[0xbf] = { INSN_LOAD, F_KNOWN | F_MODRM | F_WORD | F_WIDE | F_SIGNED },
	[0xc3] = { INSN_STORE, F_KNOWN | F_MODRM }, /* MOVNTI */
};

uint64_t sign_extend(uint64_t val, unsigned int size)
{
	unsigned int shift = 64 - size * 8;

	return (uint64_t)((int64_t)(val << shift) >> shift);
}

uint64_t zero_extend(uint64_t val, unsigned int size)
{
	return val & (~0ULL >> (64 - size * 8));
}

/* The bytes not read yet. Reading past the end gives zeros and sets `short_`. */
struct reader {
	const uint8_t *p;
	unsigned int nr, at;
	bool short_;
};

static uint64_t take(struct reader *r, unsigned int size)
{
	uint64_t val = 0;

	if (r->at + size > r->nr) {
		r->short_ = true;
		return 0;
	}
	for (unsigned int i = 0; i < size; i++)
		val |= (uint64_t)r->p[r->at + i] << i * 8;
	r->at += size;
	return val;
}

struct prefixes {
	bool op_size, addr_size;
	uint8_t rex;
};

enum { PREFIX_OP_SIZE = 1, PREFIX_ADDR_SIZE, PREFIX_LOCK, PREFIX_REP, PREFIX_SEG };
static const uint8_t prefix_kind[256] = {
	[0x66] = PREFIX_OP_SIZE,      [0x67] = PREFIX_ADDR_SIZE,    [0xf0] = PREFIX_LOCK,
	[0xf2 ... 0xf3] = PREFIX_REP, [0x26] = PREFIX_SEG + SEG_ES, [0x2e] = PREFIX_SEG + SEG_CS,
	[0x36] = PREFIX_SEG + SEG_SS, [0x3e] = PREFIX_SEG + SEG_DS, [0x64] = PREFIX_SEG + SEG_FS,
	[0x65] = PREFIX_SEG + SEG_GS,
};

/* Legacy prefixes, then REX; an operand-size default is left to the caller. */
static void take_prefixes(struct reader *r, const struct hvm_mode *mode, struct insn *out,
			  struct prefixes *p)
{
	out->seg = NR_SEGS;
	for (; r->at < r->nr && prefix_kind[r->p[r->at]]; r->at++) {
		unsigned int kind = prefix_kind[r->p[r->at]];

		p->op_size |= kind == PREFIX_OP_SIZE;
		p->addr_size |= kind == PREFIX_ADDR_SIZE;
		out->rep |= kind == PREFIX_REP;
		if (kind >= PREFIX_SEG)
			out->seg = (uint8_t)(kind - PREFIX_SEG);
	}
	if (mode->long_cs && r->at < r->nr && (r->p[r->at] & 0xf0) == 0x40)
		p->rex = r->p[r->at++];
	if (mode->long_cs)
		out->addr_size = p->addr_size ? 4 : 8;
	else
		out->addr_size = mode->cs_32 != p->addr_size ? 4 : 2;
}

unsigned int insn_prefixes(const uint8_t *bytes, unsigned int nr, const struct hvm_mode *mode,
			   struct insn *out)
{
	struct reader r = { .p = bytes };
	struct prefixes p = { 0 };

	r.nr = min(nr, (unsigned int)INSN_MAX_LEN);
	*out = (struct insn){ 0 };
	take_prefixes(&r, mode, out, &p);
	return r.at;
}

/* Step over SIB and displacement. */
static void skip_address(struct reader *r, uint8_t modrm, unsigned int addr_size)
{
	unsigned int mod = modrm >> 6, rm = modrm & 7;

	if (addr_size == 2) {
		take(r, mod == 1 ? 1 : mod == 2 || rm == 6 ? 2 : 0);
		return;
	}
	if (rm == 4)
		rm = take(r, 1) & 7;
	take(r, mod == 1 ? 1 : mod == 2 || rm == 5 ? 4 : 0);
}

static void set_reg(struct insn *out, unsigned int reg, bool has_rex)
{
	out->reg = (uint8_t)reg;
	if (out->reg_size == 1 && !has_rex && reg >= 4 && reg < 8) {
		out->reg = (uint8_t)(reg - 4);
		out->high_byte = true;
	}
}

/* What the ModRM byte decides. False: not a form we know. */
static bool apply_modrm(const struct row *row, uint8_t modrm, const struct prefixes *p,
			struct insn *out)
{
	unsigned int reg = modrm >> 3 & 7;

	out->mod_is_reg = modrm >> 6 == 3 || row->form & F_RM_REG;
	if (row->form & F_RM_REG) {
		out->reg = (modrm & 7) | (p->rex & 1) << 3;
		return true;
	}
	if (row->form & F_GROUP1)
		out->op = group1[reg];
	if ((row->form & F_REG0 && reg != 0) || (row->form & F_REG4 && reg != 4) ||
	    out->op == NO_OP)
		return false;
	set_reg(out, reg | (p->rex & 4) << 1, p->rex);
	return true;
}

static unsigned int operand_size(const struct hvm_mode *mode, const struct prefixes *p)
{
	if (p->rex & 8)
		return 8;
	return (mode->long_cs || mode->cs_32) != p->op_size ? 4 : 2;
}

static unsigned int memory_size(const struct row *row, unsigned int op_size)
{
	return row->form & F_BYTE ? 1 : row->form & F_WORD ? 2 : row->form & F_DWORD ? 4 : op_size;
}

int insn_decode(const uint8_t *bytes, unsigned int nr, const struct hvm_mode *mode,
		struct insn *out)
{
	struct reader r = { .p = bytes };
	struct prefixes p = { 0 };
	const struct row *row;
	unsigned int op_size;
	uint8_t opcode;

	r.nr = min(nr, (unsigned int)INSN_MAX_LEN);
	*out = (struct insn){ 0 };
	take_prefixes(&r, mode, out, &p);
	op_size = operand_size(mode, &p);
	opcode = (uint8_t)take(&r, 1);
	row = &one_byte[opcode];
	if (opcode == 0x0f)
		row = &two_byte[take(&r, 1)];
	if (r.short_ || !(row->form & F_KNOWN) || (opcode == 0x63 && !mode->long_cs))
		return -EINVAL;

	out->op = row->op;
	out->to_mem = row->form & F_TO_MEM;
	out->sign_extend = row->form & F_SIGNED;
	out->size = (uint8_t)memory_size(row, op_size);
	out->reg_size = row->form & F_WIDE ? (uint8_t)op_size : out->size;
	if (row->form & F_MODRM) {
		uint8_t modrm = (uint8_t)take(&r, 1);

		if (!apply_modrm(row, modrm, &p, out))
			return -EINVAL;
		if (!out->mod_is_reg)
			skip_address(&r, modrm, out->addr_size);
	}
	if (row->form & F_MOFFS)
		take(&r, out->addr_size);
	if (row->form & (F_IMM8 | F_IMM)) {
		unsigned int imm_size = row->form & F_IMM8 ? 1 : min(op_size, 4u);

		out->has_imm = true;
		out->imm = sign_extend(take(&r, imm_size), imm_size);
		if (out->op == INSN_BT)
			out->imm &= 0xff;
	}
	out->len = (uint8_t)r.at;
	return r.short_ ? -EINVAL : 0;
}

uint64_t insn_reg_read(const struct hvm_vcpu *hv, const struct insn *in)
{
	return zero_extend(hv->gpr[in->reg & 15] >> (in->high_byte ? 8 : 0), in->reg_size);
}

void gpr_write(struct hvm_vcpu *hv, unsigned int gpr, unsigned int size, uint64_t val)
{
	uint64_t *reg = &hv->gpr[gpr & 15];

	if (size >= 4)
		*reg = size == 8 ? val : (uint32_t)val;
	else
		__builtin_memcpy(reg, &val, size);
}

void insn_reg_write(struct hvm_vcpu *hv, const struct insn *in, uint64_t val)
{
	if (in->high_byte)
		((uint8_t *)&hv->gpr[in->reg & 15])[1] = (uint8_t)val;
	else
		gpr_write(hv, in->reg, in->reg_size, val);
}
