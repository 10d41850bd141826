/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Emulated accesses to devices. The judge is this machine's own CPU: each instruction form runs on
 * it with a word of memory, and in the emulator with a device in that word's place, with the same
 * random registers; registers, flags and memory must be the same after. Besides: who answers which
 * address, what nobody answers, and what is not emulated.
 */
#include <string.h>
#include <sys/mman.h>
#include "unit.h"
#include "core/guest_copy.h"
#include "dev/decode.h"
#include "dev/hwdom_map.h"
#include "dev/mmio.h"
#include "dev/vmsix.h"
#include "fakes/fakes.h"
#include "lib/errno.h"

#define DEVICE_GPA 0xfee00000ULL

static struct domain d;
static struct vcpu v = { .d = &d };
static uint8_t insn[INSN_MAX_LEN + 1];
static unsigned int insn_len;
static uint64_t device_bytes, table_bytes;
static unsigned int device_accesses, last_size;
static bool is_mapped;

unsigned int guest_fetch(struct vcpu *who, const struct hvm_mode *m, uint8_t *buf, unsigned int max)
{
	memset(buf, 0xcc, max);
	memcpy(buf, insn, insn_len);
	return max;
}

bool hwdom_map_mmio(struct domain *dom, uint64_t gpa) { return is_mapped; }
bool vmsix_covers(struct domain *dom, uint64_t gpa) { return gpa >> 12 == 0xfebf0; }

void vmsix_access(struct vcpu *who, uint64_t gpa, unsigned int size, bool write, uint64_t *val)
{
	if (write)
		table_bytes = *val;
	else if (vmsix_covers(who->d, gpa))
		*val = table_bytes;
}

static void get_mode(const struct hvm_vcpu *hv, struct hvm_mode *m)
{
	*m = (struct hvm_mode){ .long_cs = true };
}

static const struct hvm_ops ops = { .get_mode = get_mode };
const struct hvm_ops *hvm_ops = &ops;

static void device(struct vcpu *who, void *ctx, uint64_t gpa, unsigned int size, bool write,
		   uint64_t *val)
{
	device_accesses++;
	last_size = size;
	if (write)
		memcpy((uint8_t *)&device_bytes + gpa % 8, val, size);
	else
		memcpy(val, (uint8_t *)&device_bytes + gpa % 8, size);
}

static int setup(void **state)
{
	memset(&d, 0, sizeof(d));
	memset(&v, 0, sizeof(v));
	v.d = &d;
	is_mapped = false;
	device_accesses = 0;
	return mmio_register(&d, DEVICE_GPA, PAGE_SIZE, device, NULL);
}

static int teardown(void **state)
{
	mmio_free(&d);
	assert_int_equal(fake_kalloc_live, 0);
	return 0;
}

static void set_insn(const void *bytes, unsigned int len)
{
	memcpy(insn, bytes, len);
	insn_len = len;
}

/* --- this CPU --- */

struct native_regs {
	uint64_t rax, rcx, rdx, rbx, rsi, rdi, r8, r9, flags;
};
/* Where they are in our numbering. */
static const uint8_t native_gpr[] = { RAX, RCX, RDX, RBX, RSI, RDI, R8, R9 };

static uint8_t *native_code;

static void run_native(struct native_regs *r)
{
	memcpy(native_code, insn, insn_len);
	native_code[insn_len] = 0xc3; /* RET */
	__asm__ volatile(
		"subq $128, %%rsp\n pushq %%rbx\n pushq %%rbp\n movq %[r], %%rbp\n movq %[code], %%r12\n"
		"pushq 64(%%rbp)\n popfq\n movq (%%rbp), %%rax\n movq 8(%%rbp), %%rcx\n"
		"movq 16(%%rbp), %%rdx\n movq 24(%%rbp), %%rbx\n movq 32(%%rbp), %%rsi\n"
		"movq 40(%%rbp), %%rdi\n movq 48(%%rbp), %%r8\n movq 56(%%rbp), %%r9\n"
		"call *%%r12\n"
		"pushfq\n popq 64(%%rbp)\n cld\n movq %%rax, (%%rbp)\n movq %%rcx, 8(%%rbp)\n"
		"movq %%rdx, 16(%%rbp)\n movq %%rbx, 24(%%rbp)\n movq %%rsi, 32(%%rbp)\n"
		"movq %%rdi, 40(%%rbp)\n movq %%r8, 48(%%rbp)\n movq %%r9, 56(%%rbp)\n"
		"popq %%rbp\n popq %%rbx\n addq $128, %%rsp\n"
		:: [r] "r"(r), [code] "r"(native_code)
		: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "memory", "cc");
}

/* --- instruction forms: opcode bytes, /digit or -1 for a register, immediate, flags to compare --- */

#define LOGIC 0x8c5 /* AF is undefined */
#define ARITH 0x8d5

static const struct form {
	uint8_t nr_opcode, opcode[2];
	int8_t digit;
	uint8_t imm; /* bytes; 4: as wide as the operand, at most that */
	bool is_byte;
	uint16_t flags;
} forms[] = {
	{ 1, { 0x88 }, -1, 0, true, 0 },	{ 1, { 0x89 }, -1, 0, false, 0 },
	{ 1, { 0x8a }, -1, 0, true, 0 },	{ 1, { 0x8b }, -1, 0, false, 0 },
	{ 1, { 0xc6 }, 0, 1, true, 0 },		{ 1, { 0xc7 }, 0, 4, false, 0 },
	{ 2, { 0x0f, 0xb6 }, -1, 0, false, 0 }, { 2, { 0x0f, 0xb7 }, -1, 0, false, 0 },
	{ 2, { 0x0f, 0xbe }, -1, 0, false, 0 }, { 2, { 0x0f, 0xbf }, -1, 0, false, 0 },
	{ 1, { 0x63 }, -1, 0, false, 0 },
	{ 1, { 0x00 }, -1, 0, true, ARITH },	{ 1, { 0x01 }, -1, 0, false, ARITH },
	{ 1, { 0x02 }, -1, 0, true, ARITH },	{ 1, { 0x03 }, -1, 0, false, ARITH },
	{ 1, { 0x08 }, -1, 0, true, LOGIC },	{ 1, { 0x09 }, -1, 0, false, LOGIC },
	{ 1, { 0x0a }, -1, 0, true, LOGIC },	{ 1, { 0x0b }, -1, 0, false, LOGIC },
	{ 1, { 0x20 }, -1, 0, true, LOGIC },	{ 1, { 0x21 }, -1, 0, false, LOGIC },
	{ 1, { 0x22 }, -1, 0, true, LOGIC },	{ 1, { 0x23 }, -1, 0, false, LOGIC },
	{ 1, { 0x28 }, -1, 0, true, ARITH },	{ 1, { 0x29 }, -1, 0, false, ARITH },
	{ 1, { 0x2a }, -1, 0, true, ARITH },	{ 1, { 0x2b }, -1, 0, false, ARITH },
	{ 1, { 0x30 }, -1, 0, true, LOGIC },	{ 1, { 0x31 }, -1, 0, false, LOGIC },
	{ 1, { 0x32 }, -1, 0, true, LOGIC },	{ 1, { 0x33 }, -1, 0, false, LOGIC },
	{ 1, { 0x38 }, -1, 0, true, ARITH },	{ 1, { 0x39 }, -1, 0, false, ARITH },
	{ 1, { 0x3a }, -1, 0, true, ARITH },	{ 1, { 0x3b }, -1, 0, false, ARITH },
	{ 1, { 0x84 }, -1, 0, true, LOGIC },	{ 1, { 0x85 }, -1, 0, false, LOGIC },
	{ 1, { 0x86 }, -1, 0, true, 0 },	{ 1, { 0x87 }, -1, 0, false, 0 },
	{ 1, { 0x80 }, 0, 1, true, ARITH },	{ 1, { 0x81 }, 0, 4, false, ARITH },
	{ 1, { 0x83 }, 0, 1, false, ARITH },	{ 1, { 0x80 }, 1, 1, true, LOGIC },
	{ 1, { 0x81 }, 1, 4, false, LOGIC },	{ 1, { 0x83 }, 1, 1, false, LOGIC },
	{ 1, { 0x80 }, 4, 1, true, LOGIC },	{ 1, { 0x81 }, 4, 4, false, LOGIC },
	{ 1, { 0x83 }, 4, 1, false, LOGIC },	{ 1, { 0x80 }, 5, 1, true, ARITH },
	{ 1, { 0x81 }, 5, 4, false, ARITH },	{ 1, { 0x83 }, 5, 1, false, ARITH },
	{ 1, { 0x80 }, 6, 1, true, LOGIC },	{ 1, { 0x81 }, 6, 4, false, LOGIC },
	{ 1, { 0x83 }, 6, 1, false, LOGIC },	{ 1, { 0x80 }, 7, 1, true, ARITH },
	{ 1, { 0x81 }, 7, 4, false, ARITH },	{ 1, { 0x83 }, 7, 1, false, ARITH },
	{ 1, { 0xf6 }, 0, 1, true, LOGIC },	{ 1, { 0xf7 }, 0, 4, false, LOGIC },
	{ 2, { 0x0f, 0xba }, 4, 1, false, 1 },
};

/* Registers that the native side can lend: not RSP and RBP. */
static unsigned int pick_reg(bool high_bytes)
{
	static const uint8_t lent[] = { 0, 1, 2, 6, 7, 8, 9 };

	return high_bytes ? (unsigned int)unit_below(8) : lent[unit_below(sizeof(lent))];
}

/* [RBX] as memory operand, or with a displacement that RBX makes good. */
static int build(const struct form *f)
{
	uint8_t rex = unit_below(2) ? 0x40 | (uint8_t)(unit_below(2) << 3) : 0;
	bool wide = rex & 8, op16 = !unit_below(3);
	unsigned int imm = f->imm == 4 && op16 && !wide ? 2 : f->imm, n = 0;
	unsigned int reg = f->digit >= 0 ? (unsigned int)f->digit : pick_reg(f->is_byte && !rex);
	int disp = unit_below(2) ? (int)(int8_t)unit_rand() : 0;

	if (reg >= 8)
		rex |= 0x44;
	if (op16)
		insn[n++] = 0x66;
	if (rex)
		insn[n++] = rex;
	memcpy(insn + n, f->opcode, f->nr_opcode);
	n += f->nr_opcode;
	insn[n++] = (uint8_t)((disp ? 0x40 : 0) | (reg & 7) << 3 | 3);
	if (disp)
		insn[n++] = (uint8_t)disp;
	for (unsigned int i = 0; i < imm; i++)
		insn[n++] = (uint8_t)unit_rand();
	insn_len = n;
	return disp;
}

/* Values at which carries and signs turn, and any. */
static uint64_t value(void)
{
	static const uint64_t edges[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
					  0x80000000, 0xffffffff, 1ULL << 63, ~0ULL, ~0ULL >> 1 };

	return unit_below(2) ? unit_rand() : edges[unit_below(sizeof(edges) / sizeof(edges[0]))];
}

static void compare_once(const struct form *f)
{
	static uint64_t word;
	struct native_regs r;
	uint64_t *reg = &r.rax, start = value(), flags = 2 | (unit_rand() & ARITH);
	int disp = build(f);

	for (unsigned int i = 0; i < 8; i++)
		reg[i] = value();
	r.rbx = (uint64_t)(uintptr_t)&word - (uint64_t)(int64_t)disp;
	r.flags = flags;
	for (unsigned int i = 0; i < 8; i++)
		v.hvm.gpr[native_gpr[i]] = reg[i];
	v.hvm.rflags = flags;
	v.hvm.rip = 0x1000;
	word = device_bytes = start;
	run_native(&r);
	assert_int_equal(mmio_access(&v, DEVICE_GPA, false), MMIO_DONE);
	assert_int_equal(v.hvm.rip, 0x1000 + insn_len);
	assert_int_equal(device_bytes, word);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(v.hvm.gpr[native_gpr[i]], reg[i]);
	assert_int_equal((v.hvm.rflags ^ r.flags) & f->flags, 0);
	if (!f->flags)
		assert_int_equal(v.hvm.rflags, flags);
}

static void does_as_the_cpu_does(void **state)
{
	unit_seed();
	native_code = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(native_code != MAP_FAILED);
	for (unsigned int i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		for (unsigned int n = 0; n < 2000; n++)
			compare_once(&forms[i]);
	munmap(native_code, PAGE_SIZE);
}

static void stos_moves_rdi_and_counts(void **state)
{
	set_insn("\xf3\xab", 2);
	v.hvm.gpr[RAX] = 0x1122334455667788;
	v.hvm.gpr[RDI] = 0x1000;
	v.hvm.gpr[RCX] = 3;
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(v.hvm.rip, 0);
		assert_int_equal(mmio_access(&v, DEVICE_GPA, true), MMIO_DONE);
		assert_int_equal(device_bytes & 0xffffffff, 0x55667788);
		assert_int_equal(v.hvm.gpr[RDI], 0x1004 + i * 4);
		assert_int_equal(v.hvm.gpr[RCX], 2 - i);
	}
	assert_int_equal(v.hvm.rip, 2);
	set_insn("\x66\xab", 2);
	v.hvm.rflags = 1 << 10;
	mmio_access(&v, DEVICE_GPA, true);
	assert_int_equal(last_size, 2);
	assert_int_equal(v.hvm.gpr[RDI], 0x100a);
}

/* --- who answers --- */

static uint64_t load32(uint64_t gpa)
{
	set_insn("\x8b\x03", 2); /* MOV EAX, [RBX] */
	v.hvm.gpr[RAX] = 0x5a5a5a5a5a5a5a5a;
	assert_int_equal(mmio_access(&v, gpa, false), MMIO_DONE);
	return v.hvm.gpr[RAX];
}

static void nobody_answers_with_ones(void **state)
{
	device_bytes = 0x8877665544332211;
	assert_int_equal(load32(DEVICE_GPA + 4), 0x88776655);
	assert_int_equal(load32(DEVICE_GPA + PAGE_SIZE), ~0u);
	assert_int_equal(load32(DEVICE_GPA - 4), ~0u);
	assert_int_equal(device_accesses, 1);
	assert_int_equal(load32(DEVICE_GPA + PAGE_SIZE - 2), ~0u); /* across the end: goes nowhere */
	assert_int_equal(device_accesses, 1);
}

static void msix_tables_are_asked_where_there_is_pci(void **state)
{
	table_bytes = 0x1234;
	assert_int_equal(load32(0xfebf0000), ~0u);
	d.vpci = (void *)&d;
	assert_int_equal(load32(0xfebf0000), 0x1234);
	assert_int_equal(load32(0xfebf1000), ~0u);
}

static void dom0_gets_the_real_device(void **state)
{
	d.is_hwdom = is_mapped = true;
	assert_int_equal(mmio_access(&v, 0xc0000000, false), MMIO_RETRY);
	assert_int_equal(v.hvm.rip, 0);
	assert_int_equal(load32(DEVICE_GPA), (uint32_t)device_bytes); /* but not what is ours */
	is_mapped = false;
	assert_int_equal(load32(0xc0000000), ~0u);
}

static void what_is_no_access_is_refused(void **state)
{
	static const struct { const char *bytes; unsigned int len; } bad[] = {
		{ "\x8b\xc3", 2 },     /* MOV EAX, EBX: RIP itself lies in the device */
		{ "\x0f\x0b", 2 },     /* UD2 */
		{ "\xf3\xa4", 2 },     /* REP MOVSB */
		{ "\x0f\x6f\x03", 3 }, /* MOVQ MM0, [RBX] */
		{ "\xff\x23", 2 },     /* JMP [RBX] */
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_insn(bad[i].bytes, bad[i].len);
		assert_int_equal(mmio_access(&v, DEVICE_GPA, false), MMIO_CRASH);
		assert_int_equal(v.hvm.rip, 0);
	}
	assert_int_equal(device_accesses, 0);
}

static void ranges_do_not_overlap(void **state)
{
	uint64_t gpa = 0x100000;

	assert_int_equal(mmio_register(&d, DEVICE_GPA, PAGE_SIZE, device, NULL), -EEXIST);
	assert_int_equal(mmio_register(&d, DEVICE_GPA - PAGE_SIZE, 4 * PAGE_SIZE, device, NULL), -EEXIST);
	assert_int_equal(mmio_register(&d, gpa, 0, device, NULL), -EINVAL);
	assert_int_equal(mmio_register(&d, gpa, 100, device, NULL), -EINVAL);
	assert_int_equal(mmio_register(&d, ~0ULL & PAGE_MASK, 2 * PAGE_SIZE, device, NULL), -EINVAL);
	assert_true(mmio_claims(&d, DEVICE_GPA + PAGE_SIZE - 1));
	assert_false(mmio_claims(&d, DEVICE_GPA + PAGE_SIZE));
	for (unsigned int i = 1; i < 32; i++, gpa += PAGE_SIZE)
		assert_int_equal(mmio_register(&d, gpa, PAGE_SIZE, device, NULL), 0);
	assert_int_equal(mmio_register(&d, gpa, PAGE_SIZE, device, NULL), -ENOMEM);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(does_as_the_cpu_does), T(stos_moves_rdi_and_counts), T(nobody_answers_with_ones),
		T(msix_tables_are_asked_where_there_is_pci), T(dom0_gets_the_real_device),
		T(what_is_no_access_is_refused), T(ranges_do_not_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
