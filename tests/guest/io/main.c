/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io: ports and addresses where a PVH DomU has nothing: reads give all ones and writes vanish, in
 * every width and as string instructions, never a fault. Linux probes plenty of them. In Dom0,
 * real ones answer: PCI configuration by 0xcf8 and the CMOS clock.
 */
#include "lib/test.h"
#include "lib/traps.h"

static const uint16_t ports[] = { 0x20, 0x21, 0xa0, 0xa1, 0x40, 0x64, 0x80, 0x3f8,
				  0x4d0, 0x1000, 0xfffc };

/* Here Xen has a timer and an ACPI timer. */
static const uint16_t ports_helium[] = { 0x43, 0xb004 };

static void check_absent(const uint16_t *list, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		uint32_t b = inb(list[i]), w = inw(list[i]), l = inl(list[i]);

		if (b != 0xff || w != 0xffff || l != 0xffffffff)
			test_failure("port %x reads %x, %x, %x", list[i], b, w, l);
		outb(list[i], 0x55);
		outw(list[i], 0x5555);
		outl(list[i], 0x55555555);
	}
}

static void check_ports(void)
{
	check_absent(ports, ARRAY_SIZE(ports));
	if (is_helium()) {
		check_absent(ports_helium, ARRAY_SIZE(ports_helium));
		CHECK_EQ(inb(0x42), 0); /* a counter that is done: Linux gives it up at once */
		CHECK_EQ(inw(0x60), 0x20ff);
	}
	outl(0xcf8, 0x80000000);
	CHECK_EQ(inl(0xcfc), 0xffffffff); /* no host bridge */
	inb(0xffff);
	inw(0xffff);
	inl(0xfffd);
}

/* IN to AL or AX keeps the rest of RAX, to EAX clears the upper half. */
static void check_in_merges(void)
{
	uint64_t rax = 0x1122334455667788;

	__asm__ volatile("inb $0x80, %%al" : "+a"(rax));
	CHECK_EQ(rax, 0x11223344556677ff);
	rax = 0x1122334455667788;
	__asm__ volatile("inw $0x80, %%ax" : "+a"(rax));
	CHECK_EQ(rax, 0x112233445566ffff);
	rax = 0x1122334455667788;
	__asm__ volatile("inl $0x80, %%eax" : "+a"(rax));
	CHECK_EQ(rax, 0xffffffff);
}

static void string_io(void *arg)
{
	uint8_t *page = arg, *p = page + 1;
	uint64_t n = 64;

	__asm__ volatile("rep insb" : "+D"(p), "+c"(n) : "d"(0x80) : "memory");
	CHECK_EQ(n, 0);
	CHECK_EQ(p, page + 65);
	CHECK(page[0] == 0 && mem_is(page + 1, 0xff, 64) && page[65] == 0);
	n = 16;
	p = page;
	__asm__ volatile("rep outsb" : "+S"(p), "+c"(n) : "d"(0x80) : "memory");
	CHECK_EQ(n, 0);
	CHECK_EQ(p, page + 16);
	n = 8;
	p = page + PAGE_SIZE - 32;
	__asm__ volatile("std; rep insl; cld" : "+D"(p), "+c"(n) : "d"(0x80) : "memory");
	CHECK_EQ(p, page + PAGE_SIZE - 64);
	CHECK(mem_is(page + PAGE_SIZE - 60, 0xff, 32));
}

static void string_io_bad(void *arg)
{
	uint8_t *p = arg;
	uint64_t n = 4;

	__asm__ volatile("rep insb" : "+D"(p), "+c"(n) : "d"(0x80) : "memory");
}

static void check_mmio(void)
{
	volatile uint8_t *hole = (void *)HOLE_GPA;

	CHECK_EQ(hole[0], 0xff);
	CHECK_EQ(*(volatile uint16_t *)(hole + 2), 0xffff);
	CHECK_EQ(*(volatile uint32_t *)(hole + 4), 0xffffffff);
	CHECK_EQ(*(volatile uint64_t *)(hole + 8), ~0UL);
	hole[0] = 1;
	*(volatile uint16_t *)(hole + 2) = 2;
	*(volatile uint32_t *)(hole + 4) = 3;
	*(volatile uint64_t *)(hole + 8) = 4;
	CHECK_EQ(*(volatile uint32_t *)(hole + 4), 0xffffffff);
	__asm__ volatile("movl $7, (%0)" ::"r"(hole) : "memory");
	for (unsigned int width = 0; width < 2; width++) {
		uint64_t value;

		if (width)
			__asm__ volatile("movzwl (%1), %k0" : "=r"(value) : "r"(hole));
		else
			__asm__ volatile("movzbl (%1), %k0" : "=r"(value) : "r"(hole));
		CHECK_EQ(value, width ? 0xffff : 0xff);
	}
}

static void run_check_mmio(void *arg)
{
	check_mmio();
}

TEST(io, IN_DOMU, 1)
{
	check_ports();
	check_in_merges();
	CHECK_EQ(guard(string_io, page_alloc()), -1);
	CHECK_EQ(guard(string_io_bad, UNMAPPED_PTR), X86_PF);
	CHECK_EQ(guard(run_check_mmio, NULL), -1);
	/* A fault in the middle of a string instruction leaves the counts where it stopped. */
	CHECK_EQ(guard(string_io_bad, window_end_of_page(page_alloc(), 2)), X86_PF);
}

TEST(io_dom0, IN_DOM0, 1)
{
	outl(0xcf8, 0x80000000);
	CHECK_EQ(inw(0xcfc), 0x8086); /* the host bridge */
	outl(0xcf8, 0x80000000 | (inw(0xcfe) == 0x1237 ? 1 : 31) << 11);
	CHECK_EQ(inw(0xcfc), 0x8086); /* the ISA bridge, of a 440FX or of q35 */
	outl(0xcf8, 0x80000000 | 20 << 11);
	CHECK_EQ(inl(0xcfc), 0xffffffff);
	CHECK_EQ(inb(0x20), 0xff); /* no 8259, as Linux checks */
	CHECK_EQ(inb(0xa1), 0xff);
	outb(0x70, 0x0d);
	CHECK(inb(0x71) & 0x80); /* CMOS battery is good */
}
