/* SPDX-License-Identifier: GPL-2.0-only */
/* The ELF reader: a good kernel, each way to damage one, and random damage under sanitizers. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "lib/elf.h"
#include "lib/errno.h"

#define FILE_SIZE 0x400
#define NOTES_AT  0x200

static struct {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[3];
	uint8_t rest[FILE_SIZE - sizeof(Elf64_Ehdr) - 3 * sizeof(Elf64_Phdr)];
} file;

static void put_note(uint32_t desc_size, uint64_t desc)
{
	uint8_t *p = (uint8_t *)&file + NOTES_AT;
	Elf64_Nhdr other = { 4, 6, 6 }, note = { 4, desc_size, 18 };

	memcpy(p, &other, sizeof(other));
	memcpy(p + 12, "Xen", 4);
	memcpy(p + 16, "linux", 6); /* padded to 8 */
	memcpy(p + 24, &note, sizeof(note));
	memcpy(p + 36, "Xen", 4);
	memcpy(p + 40, &desc, sizeof(desc));
	file.ph[2] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = NOTES_AT,
				   .p_filesz = 40 + desc_size };
}

static int setup(void **state)
{
	memset(&file, 0, sizeof(file));
	memcpy(file.eh.e_ident, ELFMAG, SELFMAG);
	file.eh.e_ident[EI_CLASS] = ELFCLASS64;
	file.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	file.eh.e_type = ET_EXEC;
	file.eh.e_machine = EM_X86_64;
	file.eh.e_entry = 0x1000000;
	file.eh.e_phoff = sizeof(Elf64_Ehdr);
	file.eh.e_phentsize = sizeof(Elf64_Phdr);
	file.eh.e_phnum = 3;
	file.ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x100, .p_filesz = 0x80,
				   .p_paddr = 0x1000000, .p_memsz = 0x100 };
	file.ph[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 0x180, .p_filesz = 0x10,
				   .p_paddr = 0x2000000, .p_memsz = 0x2000 };
	put_note(8, 0x1000850);
	return 0;
}

static int parse(struct elf_image *img)
{
	const char *why = "unset";
	int rc = elf_parse(img, &file, sizeof(file), &why);

	assert_true(rc ? why && strlen(why) > 5 : !why);
	return rc;
}

static void test_good(void **state)
{
	struct elf_image img;

	assert_int_equal(parse(&img), 0);
	assert_int_equal(img.nr_segments, 2);
	assert_int_equal(img.start, 0x1000000);
	assert_int_equal(img.end, 0x2002000);
	assert_int_equal(img.segments[1].paddr, 0x2000000);
	assert_int_equal(img.segments[1].file_size, 0x10);
	assert_true(img.has_pvh_entry);
	assert_int_equal(img.pvh_entry, 0x1000850);
	put_note(4, 0x1000860);
	assert_int_equal(parse(&img), 0);
	assert_int_equal(img.pvh_entry, 0x1000860);
}

static void test_no_usable_note(void **state)
{
	struct elf_image img;

	put_note(2, 0x1000);
	assert_int_equal(parse(&img), 0);
	assert_false(img.has_pvh_entry);
	put_note(8, 1ULL << 32);
	assert_int_equal(parse(&img), 0);
	assert_false(img.has_pvh_entry);
	put_note(8, 0x1000850);
	file.ph[2].p_filesz = 47; /* cuts the descriptor */
	assert_int_equal(parse(&img), 0);
	assert_false(img.has_pvh_entry);
	file.ph[2].p_offset = FILE_SIZE - 4;
	assert_int_equal(parse(&img), 0);
	assert_false(img.has_pvh_entry);
}

static void test_damaged(void **state)
{
	struct elf_image img;
	const char *why;

#define DAMAGE(field, value, expect)                                                              \
	do {                                                                                      \
		setup(NULL);                                                                      \
		file.field = (value);                                                             \
		assert_int_equal(parse(&img), expect);                                            \
	} while (0)
	DAMAGE(eh.e_ident[0], 0, -ENOEXEC);
	DAMAGE(eh.e_ident[EI_CLASS], ELFCLASS32, -ENOEXEC);
	DAMAGE(eh.e_machine, EM_AARCH64, -ENOEXEC);
	DAMAGE(eh.e_type, ET_REL, -ENOEXEC);
	DAMAGE(eh.e_phentsize, 32, -EINVAL);
	DAMAGE(eh.e_phnum, 0, -EINVAL);
	DAMAGE(eh.e_phnum, 0xffff, -EINVAL);
	DAMAGE(eh.e_phoff, UINT64_MAX - 8, -EINVAL);
	DAMAGE(ph[0].p_offset, FILE_SIZE, -EINVAL);
	DAMAGE(ph[0].p_offset, UINT64_MAX, -EINVAL);
	DAMAGE(ph[0].p_filesz, UINT64_MAX, -EINVAL);
	DAMAGE(ph[0].p_filesz, 0x101, -EINVAL); /* more than memsz */
	DAMAGE(ph[0].p_memsz, UINT64_MAX, -EINVAL);
	DAMAGE(ph[1].p_paddr, 0x10000ff, -EINVAL); /* overlaps the first */
	DAMAGE(ph[0].p_type, PT_NULL, 0);
	setup(NULL);
	file.ph[0].p_type = file.ph[1].p_type = PT_NULL;
	assert_int_equal(parse(&img), -EINVAL);
	assert_int_equal(elf_parse(&img, &file, 10, &why), -ENOEXEC);
	assert_int_equal(elf_parse(&img, &file, sizeof(file.eh), &why), -EINVAL);
}

static void test_too_many_segments(void **state)
{
	static struct {
		Elf64_Ehdr eh;
		Elf64_Phdr ph[ELF_MAX_SEGMENTS + 1];
	} big;
	struct elf_image img;
	const char *why;
	unsigned int i;

	big.eh = file.eh;
	big.eh.e_phnum = ELF_MAX_SEGMENTS + 1;
	for (i = 0; i < big.eh.e_phnum; i++)
		big.ph[i] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_paddr = i << 12, .p_memsz = 16 };
	assert_int_equal(elf_parse(&img, &big, sizeof(big), &why), -E2BIG);
}

/* Flip bytes in headers and notes: whatever is accepted must lie inside the file. */
static void test_random_damage(void **state)
{
	const char *env = getenv("UNIT_SEED");
	unsigned int seed = env ? (unsigned int)atoi(env) : (unsigned int)time(NULL);
	unsigned int i, j;

	print_message("UNIT_SEED=%u\n", seed);
	srand(seed);
	for (i = 0; i < 50000; i++) {
		size_t size = rand() % 8 ? FILE_SIZE : rand() % (FILE_SIZE + 1);
		struct elf_image img;
		const char *why;
		uint8_t *copy = malloc(size ? size : 1);

		setup(NULL);
		memcpy(copy, &file, size);
		for (j = rand() % 6; j > 0 && size; j--)
			copy[rand() % size] = rand() % 3 ? (uint8_t)rand() : 0xff;
		if (!elf_parse(&img, copy, size, &why)) {
			for (j = 0; j < img.nr_segments; j++) {
				const struct elf_segment *s = &img.segments[j];

				assert_true(s->offset + s->file_size <= size);
				assert_true(s->file_size <= s->mem_size);
				assert_true(s->paddr >= img.start && s->paddr + s->mem_size <= img.end);
			}
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good, setup),
		cmocka_unit_test_setup(test_no_usable_note, setup),
		cmocka_unit_test_setup(test_damaged, setup),
		cmocka_unit_test_setup(test_too_many_segments, setup),
		cmocka_unit_test_setup(test_random_damage, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
