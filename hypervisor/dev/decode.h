/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A decoder for the few instructions that touch device registers. Only what the access needs: the address
 * comes from the exit, so of the addressing mode only its length matters. Pure.
 */
#pragma once

#include "hvm/hvm.h"

#define INSN_MAX_LEN 15

enum insn_op {
	INSN_LOAD,	/* register = memory, extended to reg_size */
	INSN_STORE,	/* memory = register or immediate */
	INSN_STOS,	/* memory at ES:RDI = AL/AX/EAX/RAX, then RDI moves */
	INSN_AND, INSN_OR, INSN_XOR, INSN_ADD, INSN_SUB, INSN_CMP, INSN_TEST, /* see to_mem */
	INSN_XCHG,
	INSN_BT,	/* bit number in the immediate */
	INSN_WRITE_CR,	/* reg is the source */
};

struct insn {
	uint8_t op;	  /* enum insn_op */
	uint8_t len;
	uint8_t size;	  /* of the memory operand in bytes */
	uint8_t reg_size; /* of the register operand */
	uint8_t reg;	  /* enum gpr; with high_byte: AH CH DH BH of the first four */
	uint8_t addr_size;/* bytes */
	bool high_byte, sign_extend, has_imm;
	bool to_mem;	  /* AND..SUB: the result goes to memory, not to the register */
	bool rep;
	bool mod_is_reg;  /* no memory operand */
	uint8_t seg;	  /* override, NR_SEGS when none */
	uint64_t imm;	  /* sign extended to 64 bits */
};

/* 0, or -EINVAL: not one of ours, or nr bytes do not hold it all. */
int insn_decode(const uint8_t *bytes, unsigned int nr, const struct hvm_mode *mode,
		struct insn *out);
/* Prefixes only: how many there are; segment override, address size and rep land in out. */
unsigned int insn_prefixes(const uint8_t *bytes, unsigned int nr, const struct hvm_mode *mode,
			   struct insn *out);

/* The register operand's value, and its replacement with x86's rules for 8-, 16- and 32-bit parts.
 */
uint64_t insn_reg_read(const struct hvm_vcpu *hv, const struct insn *in);
void insn_reg_write(struct hvm_vcpu *hv, const struct insn *in, uint64_t val);
/* RAX, RCX, ... by number with a size, without the high-byte forms. */
void gpr_write(struct hvm_vcpu *hv, unsigned int gpr, unsigned int size, uint64_t val);
/* Extend the low size bytes. */
uint64_t sign_extend(uint64_t val, unsigned int size);
uint64_t zero_extend(uint64_t val, unsigned int size);
