/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Port I/O: who answers which port against a map of one word per port, for accesses of any size at
 * any place; what IN leaves of RAX; INS and OUTS in pieces, at page ends, backwards, with faults;
 * and the machine's own ports: power-off by a word or by its upper byte, the clock's index, the
 * debug port's lines, the chips that are not there.
 */
#include <string.h>
#include "unit.h"
#include "core/guest_copy.h"
#include "dev/hwdom_map.h"
#include "dev/io.h"
#include "dev/mmio.h"
#include "dev/msr.h"
#include "dev/ports.h"
#include "dev/vioapic.h"
#include "dev/vlapic.h"
#include "dev/vpci.h"
#include "fakes/fakes.h"
#include "lib/errno.h"
#include "x86/acpi.h"
#include "x86/uart.h"

#define PM1_CNT 0x604
#define PM1_S5	(1u << 13 | 5u << 10)
#define PM1_S3	(1u << 13 | 1u << 10)

static struct domain d;
static struct vcpu v = { .d = &d };
static struct hvm_mode mode = { .long_cs = true };
static uint64_t cr2;
static int shutdowns, faults, crashes;
static uint32_t fault_error;
struct acpi_info acpi;

/* --- what ports.c asks of others --- */

int mmio_register(struct domain *dom, uint64_t gpa, uint64_t size, mmio_fn fn, void *ctx)
{
	return 0;
}
void mmio_free(struct domain *dom) { }
void vlapic_mmio(struct vcpu *who, void *ctx, uint64_t gpa, unsigned int size, bool write,
		 uint64_t *val) { }
int vlapic_create(struct vcpu *who) { return 0; }
void vlapic_free(struct vcpu *who) { }
int msr_create(struct vcpu *who) { return 0; }
void msr_free(struct vcpu *who) { }
int vioapic_create(struct domain *dom) { return 0; }
void vioapic_free(struct domain *dom) { }
int vpci_create(struct domain *dom) { return 0; }
void vpci_free(struct domain *dom) { }
void hwdom_deny_mmio(uint64_t first, uint64_t last) { }
uint16_t uart_port(void) { return 0x3f8; }

void domain_shutdown(struct domain *dom, unsigned int reason)
{
	assert_int_equal(reason, 0);
	shutdowns++;
}

void domain_crash(struct vcpu *who, const char *why, ...)
{
	crashes++;
}

/* --- a guest: its memory, by guest-physical address = virtual address - VA --- */

#define VA	 0x7f0000000000
#define NR_BYTES (4 * PAGE_SIZE)

static uint8_t memory[NR_BYTES];
static uint64_t hole; /* this page has no translation; 0: none */
static bool no_memory;
static const uint8_t *code = (const uint8_t *)"\x6c";

unsigned int guest_fetch(struct vcpu *who, const struct hvm_mode *m, uint8_t *buf, unsigned int max)
{
	memset(buf, 0x90, max);
	memcpy(buf, code, strlen((const char *)code));
	return max;
}

int guest_translate(struct vcpu *who, uint64_t va, uint32_t access, uint64_t *gpa, uint32_t *error)
{
	*gpa = va - VA;
	*error = access;
	return *gpa >= NR_BYTES || (hole && *gpa / PAGE_SIZE == hole) ? -EFAULT : 0;
}

int copy_from_gpa(struct domain *dom, void *dst, uint64_t gpa, size_t len)
{
	assert_true(gpa + len <= NR_BYTES);
	memcpy(dst, memory + gpa, len);
	return no_memory ? -EFAULT : 0;
}

int copy_to_gpa(struct domain *dom, uint64_t gpa, const void *src, size_t len)
{
	assert_true(gpa + len <= NR_BYTES);
	if (no_memory)
		return -EFAULT;
	memcpy(memory + gpa, src, len);
	return 0;
}

void hvm_inject_exception(struct hvm_vcpu *hv, uint8_t vector, bool has_error, uint32_t error)
{
	assert_int_equal(vector, VECTOR_PF);
	assert_true(has_error);
	fault_error = error;
	faults++;
}

static void get_mode(const struct hvm_vcpu *hv, struct hvm_mode *m)
{
	*m = mode;
}

static uint64_t seg_base(const struct hvm_vcpu *hv, enum seg s)
{
	return s == SEG_FS ? 0x40 : 0;
}

static void set_cr2(struct hvm_vcpu *hv, uint64_t val)
{
	cr2 = val;
}

static uint8_t allowed[0x10000];

void hvm_domain_allow_ports(struct hvm_domain *hd, uint16_t first, uint32_t nr, bool allow)
{
	memset(allowed + first, allow, nr);
}

static const struct hvm_ops ops = { .get_mode = get_mode, .seg_base = seg_base,
				    .set_cr2 = set_cr2 };
const struct hvm_ops *hvm_ops = &ops;

static int setup(void **state)
{
	memset(&d, 0, sizeof(d));
	memset(&v, 0, sizeof(v));
	memset(memory, 0, sizeof(memory));
	memset(fake_port_bytes, 0, sizeof(fake_port_bytes));
	v.d = &d;
	hole = 0;
	no_memory = false;
	shutdowns = faults = crashes = 0;
	fake_port_writes = 0;
	fake_log_count = 0;
	code = (const uint8_t *)"\x6c";
	acpi = (struct acpi_info){ .have_s5 = true, .s5_typ_a = 5,
				   .pm1a_cnt = { .space = 1, .address = PM1_CNT } };
	return 0;
}

static int teardown(void **state)
{
	dev_free(&d);
	assert_int_equal(fake_kalloc_live, 0);
	assert_int_equal(fake_locks_held, 0);
	return 0;
}

static uint32_t in(uint16_t port, unsigned int size)
{
	uint32_t val = 0x5a5a5a5a;

	io_access(&v, port, size, false, &val);
	return size == 4 ? val : val & ((1u << size * 8) - 1);
}

static void out(uint16_t port, unsigned int size, uint32_t val)
{
	io_access(&v, port, size, true, &val);
}

/* --- who answers --- */

/* Device number `ctx`: a byte of it reads as its number, and a write is remembered. */
static uint8_t written[0x10000];

static void device(struct vcpu *who, void *ctx, uint16_t port, unsigned int size, bool write,
		   uint32_t *val)
{
	uint32_t nr = (uint32_t)(uintptr_t)ctx;

	if (!write)
		*val = nr * 0x01010101;
	for (unsigned int i = 0; write && i < size; i++)
		written[port + i] = (uint8_t)(*val >> i * 8);
}

static void each_byte_goes_to_its_owner(void **state)
{
	static uint8_t owner[0x10000], sent[0x10000];

	unit_seed();
	memset(owner, 0, sizeof(owner));
	memset(sent, 0, sizeof(sent));
	memset(written, 0, sizeof(written));
	for (unsigned int i = 1, nr = 1; nr <= 31 && i < 500; i++) {
		uint32_t first = (uint32_t)unit_below(4) ? (uint32_t)unit_below(200) : (uint32_t)unit_below(0x10000);
		uint32_t len = 1 + (uint32_t)unit_below(9), last = first + len - 1;
		int want = last > 0xffff ? -EINVAL : 0;

		for (uint32_t p = first; !want && p <= last; p++)
			want = owner[p] ? -EEXIST : 0;
		assert_int_equal(io_register(&d, (uint16_t)first, len, device, (void *)(uintptr_t)nr), want);
		if (!want)
			memset(owner + first, (int)nr++, len);
	}
	for (unsigned int i = 0; i < 50000; i++) {
		unsigned int size = 1u << unit_below(3);
		uint16_t port = (uint16_t)(unit_below(8) ? unit_below(220) : unit_rand());
		uint32_t val = (uint32_t)unit_rand(), want = 0;

		for (unsigned int b = 0; b < size; b++) {
			uint16_t p = (uint16_t)(port + b);

			want |= (uint32_t)(owner[p] ? owner[p] : 0xff) << b * 8;
			if (owner[p])
				sent[p] = (uint8_t)(val >> b * 8);
		}
		assert_int_equal(in(port, size), want);
		out(port, size, val);
	}
	assert_memory_equal(sent, written, sizeof(sent));
	io_open_unclaimed(&d);
	for (uint32_t p = 0; p < 0x10000; p++)
		assert_int_equal(allowed[p], !owner[p]);
}

static void the_table_is_bounded(void **state)
{
	for (unsigned int i = 0; i < 31; i++)
		assert_int_equal(io_register(&d, (uint16_t)(0x400 - i * 2), 1, device, NULL), 0);
	assert_int_equal(io_register(&d, 0x800, 1, device, NULL), -ENOMEM);
	assert_int_equal(io_register(&d, 0x800, 0, device, NULL), -EINVAL);
}

/* --- the instruction --- */

static void in_merges_into_rax(void **state)
{
	struct hvm_exit exit = { .len = 2, .io = { .port = 0x80, .size = 1 } };

	assert_int_equal(io_register(&d, 0x80, 4, device, (void *)0xab), 0);
	v.hvm.gpr[RAX] = 0x1122334455667788;
	v.hvm.interrupt_shadow = true;
	io_exit(&v, &exit);
	assert_int_equal(v.hvm.gpr[RAX], 0x11223344556677ab);
	assert_int_equal(v.hvm.rip, 2);
	assert_false(v.hvm.interrupt_shadow);
	exit.io.size = 2;
	io_exit(&v, &exit);
	assert_int_equal(v.hvm.gpr[RAX], 0x112233445566abab);
	exit.io.size = 4;
	io_exit(&v, &exit);
	assert_int_equal(v.hvm.gpr[RAX], 0xabababab);
}

static uint8_t stream_pos;

/* Reads count up; writes must. */
static void stream(struct vcpu *who, void *ctx, uint16_t port, unsigned int size, bool write,
		   uint32_t *val)
{
	uint32_t want = 0;

	for (unsigned int i = 0; i < size; i++)
		want |= (uint32_t)stream_pos++ << i * 8;
	if (write)
		assert_int_equal(*val, want);
	else
		*val = want;
}

static unsigned int run_string(struct hvm_exit *exit)
{
	unsigned int exits = 0;

	v.hvm.rip = 0;
	stream_pos = 0;
	while (!v.hvm.rip && !faults && !crashes) {
		io_exit(&v, exit);
		assert_true(++exits < 1000);
	}
	return exits;
}

static void strings_arrive_in_order(void **state)
{
	unit_seed();
	assert_int_equal(io_register(&d, 0x100, 4, stream, NULL), 0);
	for (unsigned int i = 0; i < 500; i++) {
		unsigned int size = 1u << unit_below(3), nr = (unsigned int)unit_below(1500);
		bool write = unit_below(2), rep = unit_below(4);
		uint64_t start = unit_below(NR_BYTES - 1500 * 4);
		unsigned int reg = write ? RSI : RDI;
		struct hvm_exit exit = { .len = 2, .io = { 0x100, (uint8_t)size, write, true, rep } };
		uint64_t bytes = (uint64_t)(rep ? nr : 1) * size;

		for (unsigned int b = 0; b < NR_BYTES; b++)
			memory[b] = write ? (uint8_t)(b - start) : 0xee;
		v.hvm.rflags = 2;
		v.hvm.gpr[reg] = VA + start;
		v.hvm.gpr[RCX] = nr;
		run_string(&exit);
		assert_int_equal(faults + crashes, 0);
		assert_int_equal(v.hvm.gpr[reg], VA + start + bytes);
		assert_int_equal(v.hvm.gpr[RCX], rep ? 0 : nr);
		for (unsigned int b = 0; !write && b < NR_BYTES; b++)
			assert_int_equal(memory[b],
					 b - start < bytes ? (uint8_t)(b - start) : 0xee);
	}
}

static void strings_run_backwards(void **state)
{
	struct hvm_exit exit = { .len = 2, .io = { 0x100, 4, false, true, true } };

	assert_int_equal(io_register(&d, 0x100, 4, stream, NULL), 0);
	v.hvm.rflags = 2 | 1 << 10;
	v.hvm.gpr[RDI] = VA + 2 * PAGE_SIZE + 2; /* begins across a page's end */
	v.hvm.gpr[RCX] = 600;
	run_string(&exit);
	assert_int_equal(v.hvm.gpr[RDI], VA + 2 * PAGE_SIZE + 2 - 2400);
	for (unsigned int i = 0; i < 2400; i++)
		assert_int_equal(memory[2 * PAGE_SIZE + 2 - i / 4 * 4 + i % 4], (uint8_t)i);
}

static void a_page_fault_is_the_guests(void **state)
{
	struct hvm_exit exit = { .len = 2, .io = { 0x100, 2, false, true, true } };

	assert_int_equal(io_register(&d, 0x100, 4, stream, NULL), 0);
	mode.cpl = 3;
	hole = 2;
	v.hvm.gpr[RDI] = VA + 2 * PAGE_SIZE - 9; /* four whole ones before the page that is missing */
	v.hvm.gpr[RCX] = 100;
	run_string(&exit);
	mode.cpl = 0;
	assert_int_equal(faults, 1);
	assert_int_equal(fault_error, PF_WRITE | PF_USER);
	assert_int_equal(cr2, VA + 2 * PAGE_SIZE);
	assert_int_equal(v.hvm.gpr[RCX], 96);
	assert_int_equal(v.hvm.gpr[RDI], VA + 2 * PAGE_SIZE - 1);
	assert_int_equal(v.hvm.rip, 0);
	assert_int_equal(stream_pos, 8); /* the port was not touched for the one that faults */
	hole = 0;
	faults = 0;
	no_memory = true;
	run_string(&exit);
	assert_int_equal(crashes, 1);
}

static void prefixes_choose_segment_and_width(void **state)
{
	struct hvm_exit exit = { .len = 3, .io = { 0x100, 1, true, true, true } };

	assert_int_equal(io_register(&d, 0x100, 4, stream, NULL), 0);
	for (unsigned int b = 0; b < NR_BYTES; b++)
		memory[b] = (uint8_t)(b - 0x140);
	code = (const uint8_t *)"\x64\x6e"; /* FS */
	v.hvm.gpr[RSI] = VA + 0x100;
	v.hvm.gpr[RCX] = 5;
	run_string(&exit);
	assert_int_equal(v.hvm.gpr[RSI], VA + 0x105);
	code = (const uint8_t *)"\x67\x6e"; /* 32-bit addresses: beyond this guest's memory */
	v.hvm.gpr[RCX] = 0xffffffff00000000; /* ECX is 0 */
	assert_int_equal(run_string(&exit), 1);
	assert_int_equal(v.hvm.gpr[RSI], VA + 0x105);
	v.hvm.gpr[RCX] = 1;
	run_string(&exit);
	assert_int_equal(faults, 1);
	assert_int_equal(cr2, (uint32_t)(VA + 0x105));
}

/* --- the machine's ports --- */

static void make_dom0(void)
{
	d.is_hwdom = true;
	assert_int_equal(dev_setup(&d), 0);
}

static void s5_is_a_shutdown(void **state)
{
	make_dom0();
	out(PM1_CNT, 2, 1); /* SCI_EN goes to the chip */
	assert_int_equal(fake_port_last.val, 1);
	out(PM1_CNT, 2, PM1_S5);
	assert_int_equal(shutdowns, 1);
	assert_int_equal(fake_port_writes, 1);
	assert_int_equal(in(PM1_CNT, 2), 1);
}

static void s5_by_the_upper_byte_too(void **state)
{
	make_dom0();
	out(PM1_CNT + 1, 1, PM1_S5 >> 8);
	assert_int_equal(shutdowns, 1);
	assert_int_equal(fake_port_writes, 0);
	out(PM1_CNT, 1, 0xff); /* the lower byte has no sleep bits */
	assert_int_equal(shutdowns, 1);
	assert_int_equal(fake_port_last.port, PM1_CNT);
	out(PM1_CNT + 1, 1, 5 << 2); /* the type alone */
	assert_int_equal(fake_port_last.port, PM1_CNT + 1);
	out(PM1_CNT, 4, PM1_S5); /* wider than the register: by bytes */
	assert_int_equal(shutdowns, 2);
	out(PM1_CNT - 1, 2, (uint32_t)PM1_S5 & 0xff00); /* its upper half is our lower byte */
	assert_int_equal(shutdowns, 2);
}

static void other_sleep_states_are_refused(void **state)
{
	make_dom0();
	out(PM1_CNT, 2, PM1_S3);
	out(PM1_CNT + 1, 1, PM1_S3 >> 8);
	acpi.have_s5 = false;
	out(PM1_CNT, 2, PM1_S5);
	assert_int_equal(shutdowns, 0);
	assert_int_equal(fake_port_writes, 0);
	assert_int_equal(fake_log_count, 3);
}

static void the_clock_keeps_its_index(void **state)
{
	make_dom0();
	out(0x70, 1, 0x8d); /* NMI masking stays ours */
	assert_int_equal(fake_port_writes, 0);
	fake_port_bytes[0x70] = 0x22; /* another one's index in the chip */
	fake_port_bytes[0x71] = 0x80;
	assert_int_equal(in(0x71, 1), 0x80);
	assert_int_equal(fake_port_bytes[0x70], 0x0d);
	assert_int_equal(in(0x70, 1), 0xff);
	out(0x71, 1, 0x26);
	assert_int_equal(fake_port_bytes[0x70], 0x0d);
	assert_int_equal(fake_port_bytes[0x71], 0x26);
	assert_int_equal(in(0x71, 2), 0xff26);
}

static void debug_lines_are_cut_and_cleaned(void **state)
{
	assert_int_equal(dev_setup(&d), 0);
	assert_int_equal(in(0xe9, 1), 0xe9);
	for (const char *c = "a\x1b[b\r\n\n"; *c; c++)
		out(0xe9, 1, (uint8_t)*c);
	assert_int_equal(fake_log_count, 1); /* an empty line is none */
	assert_non_null(strstr(fake_log_last, "a?[b"));
	for (unsigned int i = 0; i < 1000; i++)
		out(0xe9, 1, 'x');
	assert_int_equal(fake_log_count, 1 + 1000 / 119);
}

static void what_is_not_there_reads_as_ones(void **state)
{
	static const uint16_t absent[] = { 0x20, 0x21, 0xa0, 0xa1, 0x43, 0x4d0, 0x60, 0xcf8, PM1_CNT };

	assert_int_equal(dev_setup(&d), 0); /* a guest */
	for (unsigned int i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_int_equal(in(absent[i], 1), 0xff);
	assert_int_equal(in(0x20, 4), ~0u);
	assert_int_equal(in(0x42, 1), 0);
	assert_int_equal(in(0x61, 1), 0x20);
	out(PM1_CNT, 2, PM1_S5);
	assert_int_equal(shutdowns + fake_port_writes, 0);
}

static void running_out_of_memory_leaves_nothing(void **state)
{
	int64_t budget = 0;
	int rc;

	d.is_hwdom = true;
	do {
		fake_kalloc_budget = budget++;
		rc = dev_setup(&d);
		fake_kalloc_budget = -1;
		if (rc)
			dev_free(&d);
		assert_true(rc == 0 || rc == -ENOMEM);
		assert_true(!rc || !fake_kalloc_live);
	} while (rc);
	assert_true(budget > 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_byte_goes_to_its_owner), T(the_table_is_bounded), T(in_merges_into_rax),
		T(strings_arrive_in_order), T(strings_run_backwards), T(a_page_fault_is_the_guests),
		T(prefixes_choose_segment_and_width), T(s5_is_a_shutdown),
		T(s5_by_the_upper_byte_too), T(other_sleep_states_are_refused),
		T(the_clock_keeps_its_index), T(debug_lines_are_cut_and_cleaned),
		T(what_is_not_there_reads_as_ones), T(running_out_of_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
