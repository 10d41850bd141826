/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tools' PVH builder: kernel images made here (ELF of both classes, bzImage with each
 * compression) and damaged in every byte of their headers and at random; the memory plan; the start
 * info; the ACPI tables' links and checksums; the CPUID topology.
 */
#include "unit.h"
#include <elf.h>
#include <errno.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include "dom0-tools/builder/acpi.h"
#include "dom0-tools/builder/cpuid.h"
#include "dom0-tools/builder/layout.h"

#define TEXT_SIZE	70000
#define BSS_SIZE	50000
#define LOAD_GPA	0x1000000ULL
#define ENTRY		0x1000850U
#define ELF_SIZE	(512 + TEXT_SIZE)
#define SETUP_SIZE	(3 * 512)
#define PAYLOAD_AT	100

static uint8_t elf[ELF_SIZE], image[2 * ELF_SIZE + SETUP_SIZE];

struct note {
	Elf64_Nhdr h;
	char name[4];
	uint64_t desc;
};

/* Two notes, of which the second counts, and two segments: text, and one that is only zeros. */
static void make_elf64(void)
{
	Elf64_Ehdr h = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
		.e_machine = EM_X86_64,
		.e_phoff = sizeof(h),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	Elf64_Phdr p[] = {
		{ .p_type = PT_NOTE, .p_offset = 256, .p_filesz = 2 * sizeof(struct note) },
		{ .p_type = PT_LOAD, .p_offset = 512, .p_paddr = LOAD_GPA, .p_filesz = TEXT_SIZE,
		  .p_memsz = TEXT_SIZE + BSS_SIZE },
		{ .p_type = PT_LOAD, .p_offset = 512, .p_paddr = 0x2000000, .p_memsz = 4096 },
	};
	struct note n[] = {
		{ .h = { 4, 8, 6 }, .name = "Xen" },
		{ .h = { 4, 8, 18 }, .name = "Xen", .desc = ENTRY },
	};

	memset(elf, 0, 512);
	for (size_t i = 512; i < sizeof(elf); i++)
		elf[i] = i % 251 ^ i / 1000;
	memcpy(elf, &h, sizeof(h));
	memcpy(elf + sizeof(h), p, sizeof(p));
	memcpy(elf + 256, n, sizeof(n));
}

static void make_elf32(void)
{
	Elf32_Ehdr h = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1 }, .e_machine = EM_386,
		.e_phoff = sizeof(h), .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 2,
	};
	Elf32_Phdr p[] = {
		{ .p_type = PT_LOAD,
		  .p_offset = 512,
		  .p_paddr = 0x100000,
		  .p_filesz = 1000,
		  .p_memsz = 1000 },
		{ .p_type = PT_NOTE, .p_offset = 256, .p_filesz = 20 },
	};
	uint32_t n[] = { 4, 4, 18, 0x006e6558, 0x100010 };

	memset(elf, 0, 512);
	memcpy(elf, &h, sizeof(h));
	memcpy(elf + sizeof(h), p, sizeof(p));
	memcpy(elf + 256, n, sizeof(n));
}

static size_t pack(const char *how, uint8_t *out, size_t room)
{
	size_t size = 0;

	if (!strcmp(how, "gzip")) {
		z_stream z = {
			.next_in = elf, .avail_in = sizeof(elf), .next_out = out, .avail_out = room
		};

		assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, 0), Z_OK);
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		size = z.total_out;
		deflateEnd(&z);
	} else if (!strcmp(how, "xz")) {
		assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, elf,
							 sizeof(elf), out, &size, room),
				 LZMA_OK);
	} else if (!strcmp(how, "zstd")) {
		size = ZSTD_compress(out, room, elf, sizeof(elf), 3);
		assert_false(ZSTD_isError(size));
	} else {
		memcpy(out, how, size = strlen(how));
	}
	return size;
}

/* A bzImage around the current elf; returns its size. */
static size_t make_bzimage(const char *how)
{
	uint8_t *payload = image + SETUP_SIZE + PAYLOAD_AT;
	uint32_t length, plain = sizeof(elf), at = PAYLOAD_AT;

	memset(image, 0, sizeof(image));
	length = pack(how, payload, sizeof(image) - SETUP_SIZE - PAYLOAD_AT - 4);
	memcpy(payload + length, &plain, 4);
	length += 4;
	image[0x1f1] = SETUP_SIZE / 512 - 1;
	image[0x1fe] = 0x55;
	image[0x1ff] = 0xaa;
	memcpy(image + 0x202, "HdrS\x0f\x02", 6);
	memcpy(image + 0x248, &at, 4);
	memcpy(image + 0x24c, &length, 4);
	return SETUP_SIZE + PAYLOAD_AT + length;
}

static void check_kernel(const struct kernel *k)
{
	assert_int_equal(k->entry, ENTRY);
	assert_int_equal(k->nr_segments, 2);
	assert_int_equal(k->segment[0].gpa, LOAD_GPA);
	assert_int_equal(k->segment[0].file_size, TEXT_SIZE);
	assert_int_equal(k->segment[0].mem_size, TEXT_SIZE + BSS_SIZE);
	assert_memory_equal(k->segment[0].data, elf + 512, TEXT_SIZE);
	assert_int_equal(k->segment[1].file_size, 0);
}

static void test_good_images(void **state)
{
	static const char *const how[] = { "gzip", "xz", "zstd" };
	struct diag dg = { "" };
	struct kernel k;

	make_elf64();
	assert_int_equal(kernel_read(&k, elf, sizeof(elf), "elf", &dg), 0);
	check_kernel(&k);
	kernel_free(&k);
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		assert_int_equal(kernel_read(&k, image, make_bzimage(how[i]), how[i], &dg), 0);
		check_kernel(&k);
		kernel_free(&k);
	}
	make_elf32();
	assert_int_equal(kernel_read(&k, elf, sizeof(elf), "elf32", &dg), 0);
	assert_int_equal(k.entry, 0x100010);
	kernel_free(&k);
}

static void expect_error(size_t size, const char *message)
{
	struct diag dg = { "" };
	struct kernel k;

	assert_int_equal(kernel_read(&k, image, size, "vmlinuz", &dg), -ENOEXEC);
	if (strncmp(dg.text, "vmlinuz: ", 9) || !strstr(dg.text, message))
		fail_msg("got '%s', not '%s'", dg.text, message);
	assert_null(k.unpacked);
}

static void test_bad_images(void **state)
{
	size_t size;

	make_elf64();
	size = make_bzimage("gzip");
	expect_error(size - 1, "outside the file");
	expect_error(100, "not a kernel");
	image[0x207] = 1;
	expect_error(size, "too old");
	make_bzimage("xz");
	image[SETUP_SIZE + PAYLOAD_AT + 200] ^= 1;
	expect_error(size, "xz data is damaged");
	size = make_bzimage("gzip");
	image[size - 4]++;
	expect_error(size, "unpacks to");
	image[size - 1] = 0xff;
	expect_error(size, "claims to unpack to");
	expect_error(make_bzimage("BZh91AY"), "compressed with bzip2");
	expect_error(make_bzimage("\x02\x21\x4c\x18"), "compressed with lz4");
	expect_error(make_bzimage("What?"), "unknown compression (starts with 57 68 61 74)");
	elf[256 + sizeof(struct note) + 8]++; /* the note's type */
	expect_error(make_bzimage("zstd"), "no PHYS32_ENTRY note");
	make_elf64();
	elf[256 + sizeof(struct note) + 16] = 0xff; /* far from the text */
	elf[256 + sizeof(struct note) + 19] = 0xff;
	expect_error(make_bzimage("zstd"), "lies outside its segments");
}

/* Whatever is read must lie in the file and in order; and the sanitizers watch. */
static void check_any(const uint8_t *file, size_t size)
{
	struct diag dg = { "" };
	struct kernel k;
	uint64_t end = 0;

	if (kernel_read(&k, file, size, "x", &dg)) {
		assert_string_not_equal(dg.text, "");
		return;
	}
	for (unsigned int i = 0; i < k.nr_segments; i++) {
		const struct kernel_segment *s = &k.segment[i];

		assert_true(s->data >= k.elf && s->file_size <= k.elf_size - (s->data - k.elf));
		assert_true(s->file_size <= s->mem_size);
		assert_true(s->gpa >= end);
		end = s->gpa + s->mem_size;
	}
	kernel_free(&k);
}

static void test_damage(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t size;

	unit_seed();
	make_elf64();
	for (size_t at = 0; at < 512; at++)
		for (size_t v = 0; v < sizeof(values); v++) {
			uint8_t old = elf[at];

			elf[at] = values[v];
			check_any(elf, sizeof(elf));
			elf[at] = old;
		}
	size = make_bzimage("gzip");
	for (int run = 0; run < 3000; run++) {
		static uint8_t copy[sizeof(image)];
		size_t cut = unit_below(4) ? size : unit_below(size);

		memcpy(copy, image, size);
		for (unsigned int n = unit_below(5); n; n--)
			copy[unit_below(3) ? 0x1f0 + unit_below(0x60) : unit_below(size)] =
				unit_rand();
		check_any(copy, cut);
	}
}

static void test_layout(void **state)
{
	struct guest_layout l;
	struct diag dg = { "" };
	struct kernel k;
	const struct hvm_start_info *info;
	const struct hvm_modlist_entry *mod;
	uint8_t *blob;

	make_elf64();
	assert_int_equal(kernel_read(&k, elf, sizeof(elf), "elf", &dg), 0);
	assert_int_equal(layout_plan(&l, &k, 128ULL << 20, 5000000, "quiet", &dg), 0);
	assert_int_equal(l.ram_low_end, 128ULL << 20);
	assert_int_equal(l.ram_high_end, 1ULL << 32);
	assert_int_equal(l.nr_map, 3);
	assert_int_equal(l.info_gpa, 0x2001000);
	assert_true(l.initrd_gpa >= l.info_gpa + l.info_size);
	blob = layout_start_info(&l, "quiet", 0xfc000000);
	info = (void *)blob;
	assert_int_equal(info->magic, XEN_HVM_START_MAGIC_VALUE);
	assert_int_equal(info->version, 1);
	assert_int_equal(info->nr_modules, 1);
	mod = (void *)(blob + (info->modlist_paddr - l.info_gpa));
	assert_int_equal(mod->paddr, l.initrd_gpa);
	assert_int_equal(mod->size, 5000000);
	assert_string_equal((char *)blob + (info->cmdline_paddr - l.info_gpa), "quiet");
	assert_memory_equal(blob + (info->memmap_paddr - l.info_gpa), l.map,
			    info->memmap_entries * sizeof(l.map[0]));
	free(blob);

	/* A large guest continues above 4 GiB, with exactly the RAM asked for. */
	assert_int_equal(layout_plan(&l, &k, 6ULL << 30, 0, "", &dg), 0);
	assert_int_equal(l.ram_low_end, GUEST_ACPI_GPA);
	assert_int_equal(l.ram_low_end + l.ram_high_end - (1ULL << 32), 6ULL << 30);
	assert_int_equal(l.nr_map, 4);

	assert_int_equal(layout_plan(&l, &k, 32ULL << 20, 0, "", &dg), -ENOSPC);
	assert_non_null(strstr(dg.text, "set memory to 33 or more"));
	assert_int_equal(layout_plan(&l, &k, 8ULL << 30, 4ULL << 30, "", &dg), -E2BIG);
	kernel_free(&k);
}

static uint8_t sum(const uint8_t *p, size_t n)
{
	uint8_t s = 0;

	while (n--)
		s += *p++;
	return s;
}

static uint64_t get(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	memcpy(&v, p, bytes);
	return v;
}

static void test_acpi(void **state)
{
	static uint8_t buf[GUEST_ACPI_SIZE];
	const uint64_t gpa = GUEST_ACPI_GPA;

	for (unsigned int vcpus = 1; vcpus <= 200; vcpus += 33) {
		uint64_t rsdp_gpa;
		size_t used = acpi_build(buf, sizeof(buf), gpa, vcpus, &rsdp_gpa);
		const uint8_t *rsdp = buf + (rsdp_gpa - gpa), *xsdt, *table, *entry;
		unsigned int nr = 0;

		assert_true(used > 0);
		assert_memory_equal(rsdp, "RSD PTR ", 8);
		assert_int_equal(sum(rsdp, 20), 0);
		assert_int_equal(sum(rsdp, 36), 0);
		xsdt = buf + (get(rsdp + 24, 8) - gpa);
		assert_memory_equal(xsdt, "XSDT", 4);
		assert_int_equal(sum(xsdt, get(xsdt + 4, 4)), 0);
		table = buf + (get(xsdt + 36, 8) - gpa);
		assert_memory_equal(table, "FACP", 4);
		assert_int_equal(sum(table, get(table + 4, 4)), 0);
		assert_true(get(table + 112, 4) & 1U << 20);
		table = buf + (get(table + 140, 8) - gpa);
		assert_memory_equal(table, "DSDT", 4);
		assert_int_equal(sum(table, get(table + 4, 4)), 0);
		table = buf + (get(xsdt + 44, 8) - gpa);
		assert_memory_equal(table, "APIC", 4);
		assert_int_equal(sum(table, get(table + 4, 4)), 0);
		assert_int_equal(get(table + 40, 4), 0);
		for (entry = table + 44; entry < table + get(table + 4, 4); entry += entry[1], nr++)
			assert_int_equal(entry[0] ? get(entry + 4, 4) : entry[3], 2 * nr);
		assert_int_equal(nr, vcpus);
		/* One byte less than needed is refused, not overrun. */
		assert_int_equal(acpi_build(buf, used - 1, gpa, vcpus, &rsdp_gpa), 0);
	}
}

static void test_cpuid(void **state)
{
	xen_cpuid_leaf_t leaf[] = {
		{ .leaf = 1, .b = 0xaa01bbcc, .d = 0 },
		{ .leaf = 4, .subleaf = 0, .a = 0xfc01c121 },
		{ .leaf = 4, .subleaf = 4, .a = 0 },
		{ .leaf = 0x80000001, .c = 0xff },
		{ .leaf = 0x80000008, .c = 0x1001 },
	};

	cpuid_set_topology(leaf, 5, 3);
	assert_int_equal(leaf[0].b, 0xaa06bbcc);
	assert_int_equal(leaf[0].d, 1 << 28);
	assert_int_equal(leaf[1].a, 5 << 26 | 0x121);
	assert_int_equal(leaf[2].a, 0);
	assert_int_equal(leaf[3].c, 0xfd);
	assert_int_equal(leaf[4].c, 3 << 12 | 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_images),
		cmocka_unit_test(test_bad_images),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_acpi),
		cmocka_unit_test(test_cpuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
