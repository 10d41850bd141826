/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The decoder against what GNU as makes of each instruction (bytes taken from its output), every
 * truncation of those, and random bytes. Also the rules for writing parts of a register.
 */
#include "unit.h"
#include "dev/decode.h"
#include "lib/errno.h"

static const struct hvm_mode mode64 = { .long_cs = true }, mode32 = { .cs_32 = true }, mode16 = { 0 };
#define M64 &mode64
#define M32 &mode32
#define M16 &mode16

#define X(...) sizeof((uint8_t[]){ __VA_ARGS__ }), { __VA_ARGS__ }

/* op, memory size, register size and number, immediate */
static const struct {
	const char *text;
	const struct hvm_mode *mode;
	uint8_t nr, bytes[INSN_MAX_LEN];
	uint8_t op, size, reg_size, reg;
	uint64_t imm;
} good[] = {
	{ "mov (%rdi),%eax", M64, X(0x8b, 0x07), INSN_LOAD, 4, 4, RAX, 0 },
	{ "mov %eax,(%rdi)", M64, X(0x89, 0x07), INSN_STORE, 4, 4, RAX, 0 },
	{ "mov 0x10(%rax,%rcx,4),%r9d", M64, X(0x44, 0x8b, 0x4c, 0x88, 0x10), INSN_LOAD, 4, 4, R9, 0 },
	{ "mov %r15,x(%rip)", M64, X(0x4c, 0x89, 0x3d, 0x78, 0x56, 0x34, 0x12), INSN_STORE, 8, 8, R15, 0 },
	{ "mov %ah,(%rbx)", M64, X(0x88, 0x23), INSN_STORE, 1, 1, RAX, 0 },
	{ "mov %sil,(%rbx)", M64, X(0x40, 0x88, 0x33), INSN_STORE, 1, 1, RSI, 0 },
	{ "mov %r8b,0(%r13)", M64, X(0x45, 0x88, 0x45, 0x00), INSN_STORE, 1, 1, R8, 0 },
	{ "mov (%r12),%ax", M64, X(0x66, 0x41, 0x8b, 0x04, 0x24), INSN_LOAD, 2, 2, RAX, 0 },
	{ "movabs x,%eax", M64, X(0xa1, 0x20, 0, 0xe0, 0xfe, 0, 0, 0, 0), INSN_LOAD, 4, 4, RAX, 0 },
	{ "movabs %rax,x", M64, X(0x48, 0xa3, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11), INSN_STORE, 8, 8, RAX, 0 },
	{ "movl $x,0x20(%rsp)", M64, X(0xc7, 0x44, 0x24, 0x20, 0x34, 0x12, 0, 0), INSN_STORE, 4, 4, 0, 0x1234 },
	{ "movq $-2,(%rax)", M64, X(0x48, 0xc7, 0, 0xfe, 0xff, 0xff, 0xff), INSN_STORE, 8, 8, 0, (uint64_t)-2 },
	{ "movb $x,(%rax,%rbx)", M64, X(0xc6, 0x04, 0x18, 0x7f), INSN_STORE, 1, 1, 0, 0x7f },
	{ "movw $x,(%rcx)", M64, X(0x66, 0xc7, 0x01, 0xaa, 0x55), INSN_STORE, 2, 2, 0, 0x55aa },
	{ "movzbl (%rdx),%eax", M64, X(0x0f, 0xb6, 0x02), INSN_LOAD, 1, 4, RAX, 0 },
	{ "movzwl 2(%rdx),%r10d", M64, X(0x44, 0x0f, 0xb7, 0x52, 0x02), INSN_LOAD, 2, 4, R10, 0 },
	{ "movsbq (%rdx),%rax", M64, X(0x48, 0x0f, 0xbe, 0x02), INSN_LOAD, 1, 8, RAX, 0 },
	{ "movslq (%rdx),%rax", M64, X(0x48, 0x63, 0x02), INSN_LOAD, 4, 8, RAX, 0 },
	{ "movswl %fs:(%rdx),%ecx", M64, X(0x64, 0x0f, 0xbf, 0x0a), INSN_LOAD, 2, 4, RCX, 0 },
	{ "orl $0x100,(%rdi)", M64, X(0x81, 0x0f, 0, 1, 0, 0), INSN_OR, 4, 4, RCX, 0x100 },
	{ "andb $0xf0,0x40(%rdi)", M64, X(0x80, 0x67, 0x40, 0xf0), INSN_AND, 1, 1, RAX, (uint64_t)-16 },
	{ "cmpl $0,(%rdi)", M64, X(0x83, 0x3f, 0), INSN_CMP, 4, 4, RDI, 0 },
	{ "testl $0x80,(%rdi)", M64, X(0xf7, 0x07, 0x80, 0, 0, 0), INSN_TEST, 4, 4, RAX, 0x80 },
	{ "test %al,(%rdi)", M64, X(0x84, 0x07), INSN_TEST, 1, 1, RAX, 0 },
	{ "xchg %eax,(%rdi)", M64, X(0x87, 0x07), INSN_XCHG, 4, 4, RAX, 0 },
	{ "lock or %ecx,(%rdi)", M64, X(0xf0, 0x09, 0x0f), INSN_OR, 4, 4, RCX, 0 },
	{ "add (%rdi),%rdx", M64, X(0x48, 0x03, 0x17), INSN_ADD, 8, 8, RDX, 0 },
	{ "sub %dx,(%rdi)", M64, X(0x66, 0x29, 0x17), INSN_SUB, 2, 2, RDX, 0 },
	{ "btl $5,(%rdi)", M64, X(0x0f, 0xba, 0x27, 0x05), INSN_BT, 4, 4, RSP, 5 },
	{ "stosl", M64, X(0xab), INSN_STOS, 4, 4, 0, 0 },
	{ "rep stosq", M64, X(0xf3, 0x48, 0xab), INSN_STOS, 8, 8, 0, 0 },
	{ "movnti %eax,(%rdi)", M64, X(0x0f, 0xc3, 0x07), INSN_STORE, 4, 4, RAX, 0 },
	{ "mov %rcx,%cr8", M64, X(0x44, 0x0f, 0x22, 0xc1), INSN_WRITE_CR, 4, 4, RCX, 0 },
	{ "mov %r9,%cr8", M64, X(0x45, 0x0f, 0x22, 0xc1), INSN_WRITE_CR, 4, 4, R9, 0 },
	{ "mov (%edi),%eax", M64, X(0x67, 0x8b, 0x07), INSN_LOAD, 4, 4, RAX, 0 },
	{ "mov (%edi),%eax", M32, X(0x8b, 0x07), INSN_LOAD, 4, 4, RAX, 0 },
	{ "mov 0xfee00020,%eax", M32, X(0xa1, 0x20, 0, 0xe0, 0xfe), INSN_LOAD, 4, 4, RAX, 0 },
	{ "mov %cx,(%ebx)", M32, X(0x66, 0x89, 0x0b), INSN_STORE, 2, 2, RCX, 0 },
	{ "movb $1,0x10(%ebp,%esi,2)", M32, X(0xc6, 0x44, 0x75, 0x10, 0x01), INSN_STORE, 1, 1, 0, 1 },
	{ "mov (%bx,%si),%ax", M16, X(0x8b, 0x00), INSN_LOAD, 2, 2, RAX, 0 },
	{ "mov %eax,0x1234", M16, X(0x66, 0xa3, 0x34, 0x12), INSN_STORE, 4, 4, RAX, 0 },
	{ "mov %eax,(%edi)", M16, X(0x67, 0x66, 0x89, 0x07), INSN_STORE, 4, 4, RAX, 0 },
	{ "mov 0x10(%di),%cl", M16, X(0x8a, 0x4d, 0x10), INSN_LOAD, 1, 1, RCX, 0 },
};

static void decodes_what_as_wrote(void **state)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct insn in;

		if (insn_decode(good[i].bytes, good[i].nr, good[i].mode, &in) != 0)
			fail_msg("%s is not decoded", good[i].text);
		if (in.len != good[i].nr || in.op != good[i].op || in.size != good[i].size ||
		    in.reg_size != good[i].reg_size || in.reg != good[i].reg)
			fail_msg("%s: len %u op %u size %u/%u reg %u", good[i].text, in.len, in.op, in.size,
				 in.reg_size, in.reg);
		if (in.has_imm && in.imm != good[i].imm)
			fail_msg("%s: imm %llx", good[i].text, (unsigned long long)in.imm);
	}
}

static void refuses_every_truncation(void **state)
{
	struct insn in;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (unsigned int nr = 0; nr < good[i].nr; nr++)
			assert_int_equal(insn_decode(good[i].bytes, nr, good[i].mode, &in), -EINVAL);
}

static void knows_high_bytes(void **state)
{
	static const uint8_t mov_ah[] = { 0x88, 0x23 }, mov_sil[] = { 0x40, 0x88, 0x33 };
	struct hvm_vcpu hv = { .gpr = { [RAX] = 0x1122334455667788, [RSI] = 0xaabb } };
	struct insn in;

	assert_int_equal(insn_decode(mov_ah, sizeof(mov_ah), M64, &in), 0);
	assert_true(in.high_byte);
	assert_int_equal(insn_reg_read(&hv, &in), 0x77);
	insn_reg_write(&hv, &in, 0xee);
	assert_int_equal(hv.gpr[RAX], 0x112233445566ee88);
	assert_int_equal(insn_decode(mov_sil, sizeof(mov_sil), M64, &in), 0);
	assert_false(in.high_byte);
	assert_int_equal(insn_reg_read(&hv, &in), 0xbb);
}

static void writes_parts_of_registers(void **state)
{
	struct hvm_vcpu hv = { .gpr = { [RDX] = 0x1122334455667788 } };

	gpr_write(&hv, RDX, 1, 0xaa);
	assert_int_equal(hv.gpr[RDX], 0x11223344556677aa);
	gpr_write(&hv, RDX, 2, 0xbbcc);
	assert_int_equal(hv.gpr[RDX], 0x112233445566bbcc);
	gpr_write(&hv, RDX, 4, 0xfffffffff);
	assert_int_equal(hv.gpr[RDX], 0xffffffff);
	gpr_write(&hv, RDX, 8, ~0ULL);
	assert_int_equal(hv.gpr[RDX], ~0ULL);
	assert_int_equal(sign_extend(0x80, 1), (uint64_t)-128);
	assert_int_equal(sign_extend(0x7fff, 2), 0x7fff);
}

static void refuses_others(void **state)
{
	static const struct {
		uint8_t nr, bytes[4];
	} bad[] = {
		{ X(0x90) }, { X(0xc7, 0x08) }, { X(0x0f, 0xba, 0x2f, 1) }, { X(0x83, 0x17, 0) }, /* nop, ?, bts, adc */
		{ X(0xff, 0x07) }, { X(0x0f, 0x01, 0xc1) }, { X(0x0f, 0x6f, 0x07) }, { X(0xc5, 0xf8, 0x77) },
	};
	static const uint8_t arpl[] = { 0x63, 0x02 }; /* MOVSXD is ARPL outside long mode */
	struct insn in;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(insn_decode(bad[i].bytes, bad[i].nr, M64, &in), -EINVAL);
	assert_int_equal(insn_decode(arpl, sizeof(arpl), M32, &in), -EINVAL);
}

static void survives_random_bytes(void **state)
{
	const struct hvm_mode *const modes[] = { M64, M32, M16 };

	unit_seed();
	for (unsigned int i = 0; i < 300000; i++) {
		unsigned int nr = (unsigned int)unit_below(INSN_MAX_LEN + 1);
		uint8_t *bytes = malloc(nr ? nr : 1); /* so that ASan sees its end */
		struct hvm_vcpu hv = { 0 };
		struct insn in;

		for (unsigned int k = 0; k < nr; k++)
			bytes[k] = (uint8_t)unit_rand();
		if (insn_decode(bytes, nr, modes[unit_below(3)], &in) == 0) {
			assert_in_range(in.len, 1, nr);
			assert_true(in.size == 1 || in.size == 2 || in.size == 4 || in.size == 8);
			assert_true(in.reg < NR_GPRS && in.seg <= NR_SEGS);
			insn_reg_write(&hv, &in, insn_reg_read(&hv, &in));
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_what_as_wrote),    cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(knows_high_bytes),	    cmocka_unit_test(writes_parts_of_registers),
		cmocka_unit_test(refuses_others),	    cmocka_unit_test(survives_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
