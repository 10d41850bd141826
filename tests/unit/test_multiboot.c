/* SPDX-License-Identifier: GPL-2.0-only */
/* Both multiboot parsers and the memory map behind them: good, damaged, and random information. */
#include "unit.h"

#include "boot/multiboot.h"
#include "lib/compiler.h"
#include "lib/errno.h"

#define ARENA 0x10000
static uint8_t arena[ARENA] __aligned(8); /* physical 0 .. ARENA-1 */
static struct boot_info bi;

const void *boot_map(uint64_t hpa, uint64_t size)
{
	return hpa < ARENA && size <= ARENA - hpa ? arena + hpa : NULL;
}

/* --- the map --- */

static void check_map(void)
{
	for (unsigned int i = 0; i < bi.nr_ranges; i++) {
		struct boot_range *r = &bi.ranges[i];

		assert_true(r->size > 0 && r->base + r->size > r->base);
		assert_in_range(r->type, BOOT_MEM_RAM, BOOT_MEM_BAD);
		if (i)
			assert_true(r[-1].base + r[-1].size <= r->base);
	}
	assert_in_range(bi.nr_ranges, 0, BOOT_MAX_RANGES);
}

static uint32_t type_at(uint64_t a)
{
	for (unsigned int i = 0; i < bi.nr_ranges; i++)
		if (a - bi.ranges[i].base < bi.ranges[i].size)
			return bi.ranges[i].type;
	return 0;
}

static void map_sorts_and_merges(void **state)
{
	memset(&bi, 0, sizeof(bi));
	boot_info_add_range(&bi, 0x3000, 0x1000, BOOT_MEM_RAM);
	boot_info_add_range(&bi, 0x1000, 0x1000, BOOT_MEM_RAM);
	boot_info_add_range(&bi, 0x2000, 0x1000, BOOT_MEM_RAM);
	boot_info_add_range(&bi, 0x9000, 0, BOOT_MEM_RAM);
	assert_int_equal(boot_info_finish(&bi), 0);
	assert_int_equal(bi.nr_ranges, 1);
	assert_int_equal(bi.ranges[0].base, 0x1000);
	assert_int_equal(bi.ranges[0].size, 0x3000);
}

static void map_overlap_takes_the_cautious_type(void **state)
{
	memset(&bi, 0, sizeof(bi));
	boot_info_add_range(&bi, 0x1000, 0x8000, BOOT_MEM_RAM);
	boot_info_add_range(&bi, 0x2000, 0x1000, BOOT_MEM_RESERVED);
	boot_info_add_range(&bi, 0x0000, 0x10000, BOOT_MEM_ACPI);
	boot_info_add_range(&bi, 0x5000, 0x1000, 77); /* unknown: reserved */
	assert_int_equal(boot_info_finish(&bi), -EINVAL); /* no RAM left */
	check_map();
	assert_int_equal(type_at(0x1000), BOOT_MEM_ACPI);
	assert_int_equal(type_at(0x2800), BOOT_MEM_RESERVED);
	assert_int_equal(type_at(0x5fff), BOOT_MEM_RESERVED);
	assert_int_equal(type_at(0x6000), BOOT_MEM_ACPI);
	assert_int_equal(type_at(0x10000), 0);
}

/* Against a model: one type per page, the most cautious of all ranges that touch it. */
static void map_random(void **state)
{
	static const uint8_t rank[] = { 0, 1, 4, 2, 3, 5 };
	enum { PAGES = 64 };

	unit_seed();
	for (unsigned int round = 0; round < 3000; round++) {
		uint32_t model[PAGES] = { 0 };
		unsigned int n = unit_below(20);

		memset(&bi, 0, sizeof(bi));
		while (n--) {
			unsigned int base = unit_below(PAGES), size = unit_below(PAGES - base + 1);
			uint32_t type = 1 + unit_below(5);

			boot_info_add_range(&bi, base * PAGE_SIZE, size * PAGE_SIZE, type);
			check_map();
			for (unsigned int p = base; p < base + size; p++)
				if (rank[type] > rank[model[p]])
					model[p] = type;
		}
		(void)boot_info_finish(&bi);
		check_map();
		for (unsigned int p = 0; p < PAGES; p++)
			assert_int_equal(type_at(p * PAGE_SIZE), model[p]);
	}
}

static void map_full_is_said(void **state)
{
	memset(&bi, 0, sizeof(bi));
	for (unsigned int i = 0; i < BOOT_MAX_RANGES + 5; i++)
		boot_info_add_range(&bi, i * 0x2000, 0x1000, BOOT_MEM_RAM);
	assert_true(bi.truncated);
	check_map();
}

static void map_wrapping_range_is_cut(void **state)
{
	memset(&bi, 0, sizeof(bi));
	boot_info_add_range(&bi, 0xfffffffffffff000, 0x5000, BOOT_MEM_RESERVED);
	check_map();
	assert_int_equal(bi.nr_ranges, 1);
}

/* --- multiboot2 --- */

static uint32_t tag_at; /* offset of the next tag */

static void mb2_begin(void)
{
	memset(arena, 0, sizeof(arena));
	memset(&bi, 0, sizeof(bi));
	tag_at = 0x1008;
}

static uint8_t *mb2_tag(uint32_t type, const void *body, uint32_t size)
{
	uint32_t head[2] = { type, size + 8 };
	uint8_t *at = arena + tag_at;

	memcpy(at, head, 8);
	if (size)
		memcpy(at + 8, body, size);
	tag_at += round_up(size + 8, 8U);
	*(uint32_t *)(arena + 0x1000) = tag_at - 0x1000;
	return at;
}

static int mb2_end(void)
{
	mb2_tag(0, NULL, 0);
	return mb2_parse(&bi, 0x1000);
}

static uint8_t *mb2_mmap(void)
{
	struct {
		uint32_t entry_size, version;
		uint64_t base0, len0;
		uint32_t type0, zero0;
		uint64_t base1, len1;
		uint32_t type1, zero1;
	} m = { 24, 0, 0, 0xa0000, 1, 0, 0x100000, 0x1ff00000, 1, 0 };

	return mb2_tag(6, &m, sizeof(m));
}

static void mb2_whole(void **state)
{
	struct { uint32_t start, end; char text[12]; } mod = { 0x300000, 0x3186a0, "vmlinuz a=b" };
	char rsdp[36] = "RSD PTR ";
	uint64_t efi = 0x3f9ec018;

	mb2_begin();
	mb2_tag(1, "console=com1", 13);
	mb2_tag(2, "GRUB 2.06", 10);
	mb2_tag(3, &mod, sizeof(mod));
	mb2_mmap();
	mb2_tag(12, &efi, 8);
	mb2_tag(15, rsdp, 36);
	mb2_tag(14, rsdp, 20); /* the older copy does not replace the newer */
	mb2_tag(99, "?", 1);
	assert_int_equal(mb2_end(), 0);
	assert_string_equal(bi.cmdline, "console=com1");
	assert_string_equal(bi.loader, "GRUB 2.06");
	assert_int_equal(bi.nr_modules, 1);
	assert_int_equal(bi.modules[0].base, 0x300000);
	assert_int_equal(bi.modules[0].size, 0x186a0);
	assert_string_equal(bi.modules[0].cmdline, "vmlinuz a=b");
	assert_int_equal(bi.nr_ranges, 2);
	assert_int_equal(bi.efi_systab, efi);
	assert_int_equal(bi.rsdp_size, 36);
	assert_false(bi.truncated);
}

struct efi_entry {
	uint64_t type, base, virt, nr_pages, attributes, more; /* entries may be longer than what we know */
};

static void mb2_efi_mmap(const struct efi_entry *e, unsigned int nr)
{
	struct {
		uint32_t entry_size, version;
		struct efi_entry e[BOOT_MAX_RANGES + 2];
	} m = { sizeof(*e), 1, { { 0 } } };

	memcpy(m.e, e, nr * sizeof(*e));
	mb2_tag(17, &m, 8 + nr * sizeof(*e));
}

static void mb2_efi_memory_types(void **state)
{
	static const struct efi_entry map[] = {
		{ 7, 0x0, 0, 0xa0, 0xf, 0 },		       /* conventional */
		{ 4, 0x100000, 0, 0x100, 0xf, 0 },	       /* boot services data: free by now */
		{ 2, 0x200000, 0, 0x100, 0xf, 0 },	       /* loader data */
		{ 7, 0x300000, 0, 0x100, 0x1, 0 },	       /* cannot be cached */
		{ 9, 0x400000, 0, 1, 0xf, 0 },		       /* ACPI tables */
		{ 10, 0x401000, 0, 1, 0xf, 0 },		       /* ACPI NVS */
		{ 5, 0x402000, 0, 2, 1ULL << 63 | 0xf, 0 },    /* runtime code */
		{ 8, 0x404000, 0, 1, 0xf, 0 },		       /* broken */
		{ 11, 0xffc00000, 0, 0x400, 1ULL << 63 | 1, 0 }, /* flash */
		{ 77, 0x405000, 0, 1, 0xf, 0 },		       /* not known */
	};
	static const struct boot_range want[] = {
		{ 0x0, 0xa0000, 1 }, { 0x100000, 0x200000, 1 }, { 0x300000, 0x100000, 2 }, { 0x400000, 0x1000, 3 },
		{ 0x401000, 0x1000, 4 }, { 0x402000, 0x2000, 2 }, { 0x404000, 0x1000, 5 }, { 0x405000, 0x1000, 2 },
		{ 0xffc00000, 0x400000, 2 },
	};

	mb2_begin();
	mb2_efi_mmap(map, ARRAY_SIZE(map));
	assert_int_equal(mb2_end(), 0);
	assert_int_equal(bi.nr_ranges, ARRAY_SIZE(want));
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++)
		assert_true(bi.ranges[i].base == want[i].base && bi.ranges[i].size == want[i].size &&
			    bi.ranges[i].type == want[i].type);
	assert_int_equal(bi.nr_runtime, 2);
	assert_true(bi.runtime[0].base == 0x402000 && bi.runtime[0].size == 0x2000 && bi.runtime[0].type == 5);
	assert_true(bi.runtime[1].base == 0xffc00000 && bi.runtime[1].type == 11);
}

/* UEFI cuts its RAM into more pieces than there is room for ranges. */
static void mb2_efi_map_in_pieces(void **state)
{
	static struct efi_entry map[BOOT_MAX_RANGES + 2];

	for (unsigned int i = 0; i < ARRAY_SIZE(map); i++)
		map[i] = (struct efi_entry){ i % 2 ? 3 : 7, 0x100000 + i * 0x1000, 0, 1, 0xf, 0 };
	mb2_begin();
	mb2_efi_mmap(map, ARRAY_SIZE(map));
	assert_int_equal(mb2_end(), 0);
	assert_int_equal(bi.nr_ranges, 1);
	assert_int_equal(bi.ranges[0].size, ARRAY_SIZE(map) * 0x1000);
	assert_false(bi.truncated);
}

static void mb2_too_much_runtime(void **state)
{
	static struct efi_entry map[BOOT_MAX_RUNTIME + 1];

	for (unsigned int i = 0; i < ARRAY_SIZE(map); i++)
		map[i] = (struct efi_entry){ 6, 0x100000 + i * 0x1000, 0, 1, 1ULL << 63 | 0xf, 0 };
	mb2_begin();
	mb2_mmap();
	mb2_efi_mmap(map, ARRAY_SIZE(map));
	assert_int_equal(mb2_end(), 0);
	assert_int_equal(bi.nr_runtime, BOOT_MAX_RUNTIME);
	assert_true(bi.truncated);
}

static void mb2_string_without_end(void **state)
{
	mb2_begin();
	mb2_mmap();
	mb2_tag(1, "abc", 3);
	assert_int_equal(mb2_end(), 0);
	assert_string_equal(bi.cmdline, "abc");
}

static void mb2_empty_strings(void **state)
{
	mb2_begin();
	mb2_mmap();
	mb2_tag(1, "", 0);
	assert_int_equal(mb2_end(), 0);
	assert_string_equal(bi.cmdline, "");
	assert_string_equal(bi.loader, "");
}

static void mb2_damaged(void **state)
{
	uint8_t *t;

	assert_int_equal(mb2_parse(&bi, ARENA), -EINVAL); /* out of reach */
	mb2_begin();
	assert_int_equal(mb2_end(), -EINVAL); /* no memory map */
	mb2_begin();
	t = mb2_mmap();
	*(uint32_t *)(t + 4) = 12; /* too short for its header */
	assert_int_equal(mb2_end(), -EINVAL);
	mb2_begin();
	t = mb2_mmap();
	*(uint32_t *)(t + 4) = 0x10000; /* leaves the block */
	assert_int_equal(mb2_end(), -EINVAL);
	mb2_begin();
	t = mb2_mmap();
	*(uint32_t *)(t + 8) = 0; /* entries of no size */
	assert_int_equal(mb2_end(), -EINVAL);
	mb2_begin();
	mb2_mmap();
	mb2_tag(3, "1234", 4); /* module without its end */
	assert_int_equal(mb2_end(), -EINVAL);
	mb2_begin();
	mb2_mmap(); /* no end tag */
	assert_int_equal(mb2_parse(&bi, 0x1000), -EINVAL);
	mb2_begin();
	mb2_mmap();
	mb2_tag(0, NULL, 0);
	*(uint32_t *)(arena + 0x1000) = 0xffffffff; /* total size */
	assert_int_equal(mb2_parse(&bi, 0x1000), -EINVAL);
}

static void mb2_too_many_modules(void **state)
{
	uint32_t mod[3] = { 0x1000, 0x2000, 0 };

	mb2_begin();
	mb2_mmap();
	for (unsigned int i = 0; i < BOOT_MAX_MODULES + 1; i++)
		mb2_tag(3, mod, sizeof(mod));
	assert_int_equal(mb2_end(), 0);
	assert_int_equal(bi.nr_modules, BOOT_MAX_MODULES);
	assert_true(bi.truncated);
}

static void mb2_long_strings(void **state)
{
	static char text[BOOT_STRINGS + 100];

	mb2_begin();
	mb2_mmap();
	memset(text, 'x', sizeof(text) - 1);
	mb2_tag(1, text, sizeof(text));
	assert_int_equal(mb2_end(), 0);
	assert_string_equal(bi.cmdline, "");
	assert_true(bi.truncated);
}

/* Whatever bytes flip: no access outside the arena (the sanitizers watch), and a sound map. */
static void mb2_random_damage(void **state)
{
	static const struct efi_entry efi[] = {
		{ 7, 0x20000000, 0, 0x1000, 0xf, 0 }, { 5, 0x402000, 0, 2, 1ULL << 63 | 0xf, 0 },
	};
	struct { uint32_t start, end; char text[12]; } mod = { 0x300000, 0x3186a0, "vmlinuz a=b" };
	char rsdp[36] = "RSD PTR ";

	unit_seed();
	for (unsigned int round = 0; round < 20000; round++) {
		mb2_begin();
		mb2_tag(1, "console=com1", 13);
		mb2_tag(3, &mod, sizeof(mod));
		mb2_mmap();
		mb2_efi_mmap(efi, ARRAY_SIZE(efi));
		mb2_tag(8, rsdp, 32);
		mb2_tag(15, rsdp, 36);
		mb2_tag(0, NULL, 0);
		for (unsigned int n = unit_below(6) + 1; n; n--)
			arena[0x1000 + unit_below(tag_at - 0x1000)] = unit_rand();
		if (mb2_parse(&bi, 0x1000) == 0)
			assert_non_null(bi.cmdline);
		check_map();
	}
}

/* --- multiboot1 --- */

#define MB1_AT	 0x1000
#define MMAP_AT	 0x2000
#define MODS_AT	 0x3000
#define TEXT_AT	 0x4000

static void mb1_begin(void)
{
	static const uint32_t info[] = {
		0x24c, 0, 0, 0, TEXT_AT, 1, MODS_AT, 0, 0, 0, 0, 48, MMAP_AT, 0, 0, 0, TEXT_AT + 0x100,
	};
	static const uint32_t mods[] = { 0x300000, 0x310000, TEXT_AT + 0x200, 0 };
	static const uint32_t mmap[] = {
		20, 0, 0, 0x9fc00, 0, 1,
		20, 0x100000, 0, 0x1fee0000, 0, 1,
	};

	memset(&bi, 0, sizeof(bi));
	memset(arena, 0, sizeof(arena));
	memcpy(arena + MB1_AT, info, sizeof(info));
	memcpy(arena + MODS_AT, mods, sizeof(mods));
	memcpy(arena + MMAP_AT, mmap, sizeof(mmap));
	strcpy((char *)arena + TEXT_AT, "helium console=com1");
	strcpy((char *)arena + TEXT_AT + 0x100, "qemu");
	strcpy((char *)arena + TEXT_AT + 0x200, "vmlinuz quiet");
}

static uint32_t *mb1_word(unsigned int i)
{
	return (uint32_t *)(arena + MB1_AT) + i;
}

static void mb1_whole(void **state)
{
	mb1_begin();
	assert_int_equal(mb1_parse(&bi, MB1_AT), 0);
	assert_string_equal(bi.cmdline, "helium console=com1");
	assert_string_equal(bi.loader, "qemu");
	assert_int_equal(bi.nr_modules, 1);
	assert_string_equal(bi.modules[0].cmdline, "vmlinuz quiet");
	assert_int_equal(bi.nr_ranges, 2);
	assert_int_equal(bi.ranges[1].size, 0x1fee0000);
}

static void mb1_damaged(void **state)
{
	mb1_begin();
	*mb1_word(0) &= ~(1u << 6); /* no map */
	assert_int_equal(mb1_parse(&bi, MB1_AT), -EINVAL);
	mb1_begin();
	*mb1_word(11) = 0xfffff000; /* map out of reach */
	assert_int_equal(mb1_parse(&bi, MB1_AT), -EINVAL);
	mb1_begin();
	*(uint32_t *)(arena + MMAP_AT) = 4; /* entry too small */
	assert_int_equal(mb1_parse(&bi, MB1_AT), -EINVAL);
	mb1_begin();
	*(uint32_t *)(arena + MMAP_AT) = 0xfffffffc;
	assert_int_equal(mb1_parse(&bi, MB1_AT), -EINVAL);
	mb1_begin();
	*mb1_word(5) = 0x10000000; /* modules */
	assert_int_equal(mb1_parse(&bi, MB1_AT), -EINVAL);
	mb1_begin();
	*mb1_word(4) = 0; /* no command line after all */
	assert_int_equal(mb1_parse(&bi, MB1_AT), 0);
	assert_string_equal(bi.cmdline, "");
}

static void mb1_random_damage(void **state)
{
	static const uint32_t where[] = { MB1_AT, MODS_AT, MMAP_AT };

	unit_seed();
	for (unsigned int round = 0; round < 20000; round++) {
		mb1_begin();
		for (unsigned int n = unit_below(6) + 1; n; n--)
			arena[where[unit_below(3)] + unit_below(68)] = unit_rand();
		if (mb1_parse(&bi, MB1_AT) == 0)
			assert_non_null(bi.cmdline);
		check_map();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_sorts_and_merges), cmocka_unit_test(map_overlap_takes_the_cautious_type),
		cmocka_unit_test(map_random), cmocka_unit_test(map_full_is_said),
		cmocka_unit_test(map_wrapping_range_is_cut), cmocka_unit_test(mb2_whole),
		cmocka_unit_test(mb2_efi_memory_types),
		cmocka_unit_test(mb2_efi_map_in_pieces), cmocka_unit_test(mb2_too_much_runtime),
		cmocka_unit_test(mb2_string_without_end), cmocka_unit_test(mb2_empty_strings),
		cmocka_unit_test(mb2_damaged), cmocka_unit_test(mb2_too_many_modules),
		cmocka_unit_test(mb2_long_strings), cmocka_unit_test(mb2_random_damage),
		cmocka_unit_test(mb1_whole), cmocka_unit_test(mb1_damaged), cmocka_unit_test(mb1_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
