/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading Dom0 into an arena of RAM: whatever boot loaders do with the modules, the kernel's bytes,
 * the initrd's and the tables must be right afterwards; and what cannot work is said.
 */
#include <elf.h>
#include <zlib.h>
#include "unit.h"
#include "fakes/fakes.h"

#include "init/dom0_load.h"
#include "init/image.h"
#include "lib/errno.h"
#include "x86/acpi.h"
#include "x86/hostmap.h"

#include <xen/xen.h>
#include <xen/arch-x86/hvm/start_info.h>

#define ARENA	    MIB(192)
#define TEXT_SIZE   70000
#define DATA_SIZE   300
#define BSS_SIZE    MIB(1)
#define INITRD_SIZE 3000001

struct acpi_info acpi;

static const struct boot_range firmware[] = {
	{ 0, 0x9fc00, BOOT_MEM_RAM },
	{ 0xf0000, 0x10000, BOOT_MEM_RESERVED },
	{ MIB(1), ARENA - MIB(1) - 0x21000, BOOT_MEM_RAM },
	{ ARENA - 0x21000, 0x21000, BOOT_MEM_ACPI },
};
static const struct mem_range image[] = { { MIB(2), MIB(3) } };

static struct boot_info bi;
static struct mem_split split;
static uint8_t elf[MIB(1)], packed[MIB(1)], initrd[INITRD_SIZE];
static uint8_t text[TEXT_SIZE], data[DATA_SIZE];

void unpack_begin(struct unpack *u)
{
}

void unpack_end(void)
{
}

static void fill(uint8_t *p, size_t size)
{
	while (size--)
		*p++ = (uint8_t)unit_rand();
}

/* A kernel at 16 MiB with text, data and bss, and its PVH entry note. Returns the file's size. */
static size_t make_elf(void)
{
	Elf64_Ehdr *eh = (Elf64_Ehdr *)elf;
	Elf64_Phdr *ph = (Elf64_Phdr *)(eh + 1);
	Elf64_Nhdr note = { 4, 4, 18 };
	uint32_t entry = (uint32_t)MIB(16) + 0x40;

	memset(elf, 0, sizeof(elf));
	memcpy(eh->e_ident, ELFMAG "\2\1\1", 7);
	eh->e_type = ET_EXEC;
	eh->e_machine = EM_X86_64;
	eh->e_phoff = sizeof(*eh);
	eh->e_phentsize = sizeof(*ph);
	eh->e_phnum = 3;
	ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x1000, .p_filesz = TEXT_SIZE,
			      .p_memsz = TEXT_SIZE, .p_paddr = MIB(16) };
	ph[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x20000, .p_filesz = DATA_SIZE,
			      .p_memsz = DATA_SIZE + BSS_SIZE, .p_paddr = MIB(17) };
	ph[2] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = 0x30000, .p_filesz = 20 };
	fill(text, TEXT_SIZE);
	fill(data, DATA_SIZE);
	memcpy(elf + 0x1000, text, TEXT_SIZE);
	memcpy(elf + 0x20000, data, DATA_SIZE);
	memcpy(elf + 0x30000, &note, sizeof(note));
	memcpy(elf + 0x3000c, "Xen", 4);
	memcpy(elf + 0x30010, &entry, 4);
	return 0x30014;
}

static size_t pack(size_t size)
{
	z_stream z = { .next_in = elf, .avail_in = (unsigned int)size, .next_out = packed,
		       .avail_out = sizeof(packed) };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static void put_module(unsigned int i, uint64_t base, const void *from, size_t size,
		       const char *cmdline)
{
	memcpy(phys_to_virt(base), from, size);
	bi.modules[i] = (struct boot_module){ base, size, cmdline };
	bi.nr_modules = max(bi.nr_modules, i + 1);
}

static void divide(const char *cmdline)
{
	static struct options options;
	struct mem_range held[BOOT_MAX_MODULES];
	struct mem_request r = { firmware, ARRAY_SIZE(firmware), image, 1, held, bi.nr_modules,
				 &options };
	const char *why;
	unsigned int i;

	for (i = 0; i < bi.nr_modules; i++)
		held[i] = (struct mem_range){ bi.modules[i].base,
					      bi.modules[i].base + bi.modules[i].size };
	cmdline_parse(&options, cmdline, NULL);
	assert_int_equal(mem_split(&split, &r, &why), 0);
}

static int setup(void **state)
{
	memset(&bi, 0, sizeof(bi));
	fake_frames_init(ARENA / PAGE_SIZE);
	memset(phys_to_virt(0), 0xcc, ARENA); /* RAM is not zero at power-on */
	acpi = (struct acpi_info){ .nr_ioapics = 1 };
	return 0;
}

static int teardown(void **state)
{
	fake_frames_init(0);
	return 0;
}

static bool is_dom0_ram(uint64_t start, uint64_t size)
{
	unsigned int i;

	for (i = 0; i < split.nr_map; i++)
		if (split.map[i].type == BOOT_MEM_RAM && start >= split.map[i].base &&
		    start + size <= split.map[i].base + split.map[i].size)
			return true;
	return false;
}

static void check_tables(const struct dom0_start *start, const char *cmdline, bool has_initrd)
{
	const struct hvm_start_info *info = phys_to_virt(start->start_info);
	const struct hvm_memmap_table_entry *map = phys_to_virt(info->memmap_paddr);
	unsigned int i;

	assert_int_equal(info->magic, XEN_HVM_START_MAGIC_VALUE);
	assert_int_equal(info->version, 1);
	assert_int_equal(info->flags, SIF_PRIVILEGED | SIF_INITDOMAIN);
	assert_string_equal(phys_to_virt(info->cmdline_paddr), cmdline);
	assert_int_equal(info->rsdp_paddr, split.acpi.start);
	assert_memory_equal(phys_to_virt(info->rsdp_paddr), "RSD PTR ", 8);
	assert_int_equal(info->memmap_entries, split.nr_map);
	for (i = 0; i < split.nr_map; i++) {
		assert_int_equal(map[i].addr, split.map[i].base);
		assert_int_equal(map[i].size, split.map[i].size);
		assert_int_equal(map[i].type, split.map[i].type);
	}
	assert_int_equal(info->nr_modules, has_initrd);
	assert_true(is_dom0_ram(start->start_info, PAGE_SIZE));
}

static void check_loaded(const struct dom0_start *start, const char *cmdline, bool has_initrd)
{
	const struct hvm_start_info *info = phys_to_virt(start->start_info);
	const uint8_t *bss = phys_to_virt(MIB(17) + DATA_SIZE);
	unsigned int i;

	assert_int_equal(start->entry, MIB(16) + 0x40);
	assert_memory_equal(phys_to_virt(MIB(16)), text, TEXT_SIZE);
	assert_memory_equal(phys_to_virt(MIB(17)), data, DATA_SIZE);
	for (i = 0; i < BSS_SIZE; i++)
		assert_int_equal(bss[i], 0);
	check_tables(start, cmdline, has_initrd);
	if (has_initrd) {
		const struct hvm_modlist_entry *m = phys_to_virt(info->modlist_paddr);

		assert_int_equal(m->size, INITRD_SIZE);
		assert_int_equal(m->paddr % PAGE_SIZE, 0);
		assert_true(is_dom0_ram(m->paddr, m->size));
		assert_memory_equal(phys_to_virt(m->paddr), initrd, INITRD_SIZE);
	}
}

static void test_plain_elf_alone(void **state)
{
	struct dom0_start start;

	put_module(0, MIB(64), elf, make_elf(), "placeholder console=hvc0");
	divide("dom0_mem=96M");
	dom0_load(&start, &bi, &split, 2, true);
	check_loaded(&start, "console=hvc0 swiotlb=force", false);
}

/* What QEMU does: both modules right behind the hypervisor, across the kernel's place. */
static void test_modules_in_the_way(void **state)
{
	struct dom0_start start;
	size_t size = make_elf();

	fill(initrd, sizeof(initrd));
	put_module(0, MIB(16) - 0x1000, elf, size, "");
	put_module(1, MIB(17) - 0x1000, initrd, sizeof(initrd), "");
	divide("dom0_mem=96M");
	dom0_load(&start, &bi, &split, 2, true);
	check_loaded(&start, "swiotlb=force", true);
}

static void test_modules_outside_dom0(void **state)
{
	struct dom0_start start;
	size_t size = pack(make_elf());

	fill(initrd, sizeof(initrd));
	put_module(0, MIB(150), packed, size, "vmlinuz ro");
	put_module(1, MIB(170) + 12, initrd, sizeof(initrd), "");
	divide("dom0_mem=96M");
	dom0_load(&start, &bi, &split, 2, true);
	check_loaded(&start, "ro swiotlb=force", true);
}

/* Modules anywhere, every kind of kernel; they never overlap each other or the hypervisor. */
static void test_random_places(void **state)
{
	unsigned int i;

	unit_seed();
	for (i = 0; i < 12; i++) {
		bool zipped = unit_below(2);
		uint64_t a = MIB(4) + unit_below(MIB(80)), b = MIB(90) + unit_below(MIB(90));
		bool swap = unit_below(2);
		struct dom0_start start;
		size_t size;

		setup(NULL);
		size = make_elf();
		if (zipped)
			size = pack(size);
		fill(initrd, 5000);
		a = unit_below(2) ? a : MIB(15) + unit_below(MIB(3));
		put_module(0, swap ? b : a, zipped ? packed : elf, size, "ro");
		put_module(1, swap ? a : b, initrd, sizeof(initrd), "");
		divide(unit_below(2) ? "dom0_mem=96M" : "dom0_mem=160M");
		dom0_load(&start, &bi, &split, 1 + (unsigned int)unit_below(8), true);
		check_loaded(&start, "ro swiotlb=force", true);
	}
}

static void test_refused(void **state)
{
	static char long_line[4000];
	struct dom0_start start;
	size_t size = make_elf();

	divide("dom0_mem=96M");
	expect_assert_failure(dom0_load(&start, &bi, &split, 2, true)); /* no module at all */
	put_module(0, MIB(64), elf, size, "");
	expect_assert_failure(dom0_load(&start, &bi, &split, 5000, true)); /* ACPI tables do not fit */
	memset(long_line, 'x', sizeof(long_line) - 1);
	bi.modules[0].cmdline = long_line;
	expect_assert_failure(dom0_load(&start, &bi, &split, 2, true));
	bi.modules[0].cmdline = "";
	elf[0x30008] = 17; /* not the PVH note */
	put_module(0, MIB(64), elf, size, "");
	expect_assert_failure(dom0_load(&start, &bi, &split, 2, true));
	elf[0] = 'x';
	put_module(0, MIB(64), elf, size, "");
	expect_assert_failure(dom0_load(&start, &bi, &split, 2, true));
	make_elf();
	((Elf64_Phdr *)(elf + sizeof(Elf64_Ehdr)))->p_paddr = MIB(150); /* not Dom0's RAM */
	put_module(0, MIB(64), elf, size, "");
	expect_assert_failure(dom0_load(&start, &bi, &split, 2, true));
}

static void test_initrd_too_large(void **state)
{
	struct dom0_start start;

	put_module(0, MIB(64), elf, make_elf(), "");
	bi.modules[1] = (struct boot_module){ MIB(100), MIB(90), "" };
	bi.nr_modules = 2;
	divide("dom0_mem=96M");
	expect_assert_failure(dom0_load(&start, &bi, &split, 2, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain_elf_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modules_in_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modules_outside_dom0, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_initrd_too_large, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
