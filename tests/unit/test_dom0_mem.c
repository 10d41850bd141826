/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dividing RAM: known machines, too little of it, and random firmware maps. After each split the
 * invariants hold: sorted, no overlap, every byte of RAM in one place, nothing of the hypervisor's
 * in Dom0's RAM.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "init/dom0_mem.h"
#include "lib/errno.h"

#define RAM	 BOOT_MEM_RAM
#define RESERVED BOOT_MEM_RESERVED

static struct mem_split s;
static struct options options;

static bool overlap(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end)
{
	return a < b_end && b < a_end;
}

/* RAM of Dom0's must come from firmware RAM and touch nothing that is kept. */
static void check_dom0_ram(const struct mem_request *r, uint64_t start, uint64_t end)
{
	bool from_ram = false;
	unsigned int i;

	assert_int_equal(start % PAGE_SIZE, 0);
	assert_int_equal(end % PAGE_SIZE, 0);
	for (i = 0; i < r->nr_kept; i++)
		assert_false(overlap(start, end, r->kept[i].start, r->kept[i].end));
	for (i = 0; i < s.nr_heap; i++)
		assert_false(overlap(start, end, s.heap[i].start, s.heap[i].end));
	for (i = 0; i < s.nr_late; i++)
		assert_false(overlap(start, end, s.late[i].start, s.late[i].end));
	while (start < end) {
		from_ram = false;
		for (i = 0; i < r->nr_firmware && !from_ram; i++) {
			const struct boot_range *f = &r->firmware[i];

			if (f->type == RAM && start >= f->base && start < f->base + f->size) {
				start = f->base + f->size;
				from_ram = true;
			}
		}
		assert_true(from_ram);
	}
}

static uint64_t check_list(const struct mem_request *r, const struct mem_range *list,
			   unsigned int nr)
{
	uint64_t sum = 0;
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		assert_true(list[i].start < list[i].end);
		assert_int_equal((list[i].start | list[i].end) % PAGE_SIZE, 0);
		assert_true(!i || list[i - 1].end <= list[i].start);
		for (j = 0; j < r->nr_kept; j++)
			assert_false(overlap(list[i].start, list[i].end, r->kept[j].start,
					     r->kept[j].end));
		sum += list[i].end - list[i].start;
	}
	return sum;
}

static void check_invariants(const struct mem_request *r)
{
	uint64_t dom0 = 0, acpi = 0, kept = 0, p, last = 0;
	unsigned int i, j;

	for (i = 0; i < s.nr_map; i++) {
		const struct boot_range *m = &s.map[i];

		assert_true(m->size > 0);
		assert_true(m->base >= last);
		last = m->base + m->size;
		if (m->type == RAM) {
			dom0 += m->size;
			check_dom0_ram(r, m->base, last);
		}
		if (m->base == s.acpi.start) {
			acpi = m->size;
			assert_int_equal(m->type, BOOT_MEM_ACPI);
			check_dom0_ram(r, s.acpi.start, s.acpi.end);
		}
	}
	assert_true(s.acpi.end - s.acpi.start == DOM0_ACPI_SIZE && acpi >= DOM0_ACPI_SIZE);
	assert_true(s.acpi.end <= GIB(4));
	assert_int_equal(dom0, s.dom0_bytes);
	assert_int_equal(check_list(r, s.heap, s.nr_heap) + check_list(r, s.late, s.nr_late),
			 s.heap_bytes);
	for (i = 0; i < s.nr_heap; i++)
		for (j = 0; j < r->nr_held; j++)
			assert_false(overlap(s.heap[i].start, s.heap[i].end, r->held[j].start,
					     r->held[j].end));
	/* what the hypervisor keeps, counted page by page as the sum of the three lists' complement */
	for (i = 0; i < r->nr_firmware; i++) {
		uint64_t start = round_up(r->firmware[i].base, PAGE_SIZE);
		uint64_t end = round_down(r->firmware[i].base + r->firmware[i].size, PAGE_SIZE);

		for (j = 0; j < r->nr_kept && r->firmware[i].type == RAM; j++)
			for (p = round_down(r->kept[j].start, PAGE_SIZE); p < r->kept[j].end;
			     p += PAGE_SIZE)
				kept += p >= start && p < end ? PAGE_SIZE : 0;
	}
	assert_int_equal(s.dom0_bytes + DOM0_ACPI_SIZE + s.heap_bytes + kept, s.host_bytes);
}

static const struct boot_range pc_2g[] = {
	{ 0, 0x9fc00, RAM }, { 0x9fc00, 0x400, RESERVED }, { 0xf0000, 0x10000, RESERVED },
	{ MIB(1), 0x7ffdf000 - MIB(1), RAM }, { 0x7ffdf000, 0x21000, RESERVED },
	{ 0xb0000000, 0x10000000, RESERVED }, { 0xfffc0000, 0x40000, RESERVED },
};
static const struct boot_range pc_6g[] = {
	{ 0, 0x9fc00, RAM }, { 0x9fc00, 0x400, RESERVED }, { 0xf0000, 0x10000, RESERVED },
	{ MIB(1), 0x7ffdf000 - MIB(1), RAM }, { 0x7ffdf000, 0x21000, RESERVED },
	{ 0xb0000000, 0x10000000, RESERVED }, { 0xfffc0000, 0x40000, RESERVED },
	{ GIB(4), GIB(4), RAM },
};
static const struct mem_range image[] = { { MIB(2), MIB(4) } };

static int split_with(const char *cmdline, const struct boot_range *fw, unsigned int nr,
		      const struct mem_range *held, unsigned int nr_held)
{
	struct mem_request r = { fw, nr, image, 1, held, nr_held, &options };
	const char *why = NULL;
	int rc;

	cmdline_parse(&options, cmdline, NULL);
	rc = mem_split(&s, &r, &why);
	if (rc)
		assert_non_null(why);
	else
		check_invariants(&r);
	return rc;
}

static void test_pc_2g(void **state)
{
	assert_int_equal(split_with("dom0_mem=1G", pc_2g, ARRAY_SIZE(pc_2g), NULL, 0), 0);
	assert_in_range(s.dom0_bytes, GIB(1) - MIB(2) - DOM0_ACPI_SIZE, GIB(1));
	assert_int_equal(s.map[0].base, 0);
	assert_int_equal(s.map[0].size, 0x9f000);
	assert_int_equal(s.map[0].type, RAM);
	assert_int_equal(s.heap[0].start % MIB(2), 0);
	assert_int_equal(s.nr_heap, 1);
}

static void test_default_share(void **state)
{
	assert_int_equal(split_with("", pc_2g, ARRAY_SIZE(pc_2g), NULL, 0), 0);
	assert_in_range(s.dom0_bytes, MIB(508), MIB(512));
	assert_int_equal(split_with("", pc_6g, ARRAY_SIZE(pc_6g), NULL, 0), 0);
	assert_in_range(s.dom0_bytes, MIB(1530), MIB(1536));
}

static void test_pc_6g_dom0_on_both_sides_of_the_hole(void **state)
{
	assert_int_equal(split_with("dom0_mem=4G", pc_6g, ARRAY_SIZE(pc_6g), NULL, 0), 0);
	assert_in_range(s.dom0_bytes, GIB(4) - MIB(2) - DOM0_ACPI_SIZE, GIB(4));
	assert_true(s.acpi.end <= 0x7ffdf000);
	assert_true(s.heap[0].start > GIB(4));
}

static void test_asks_for_too_much(void **state)
{
	assert_int_equal(split_with("dom0_mem=16G", pc_2g, ARRAY_SIZE(pc_2g), NULL, 0), 0);
	assert_int_equal(s.want_bytes, GIB(16));
	assert_true(s.dom0_bytes < GIB(2) - MIB(32));
	assert_true(s.heap_bytes >= MIB(32));
	assert_int_equal(split_with("dom0_mem=16G,max:256M", pc_2g, ARRAY_SIZE(pc_2g), NULL, 0), 0);
	assert_in_range(s.dom0_bytes, MIB(253), MIB(256));
	assert_int_equal(split_with("dom0_mem=128M,min:256M", pc_2g, ARRAY_SIZE(pc_2g), NULL, 0), 0);
	assert_in_range(s.dom0_bytes, MIB(253), MIB(256));
}

/* As OVMF's maps: the last 2 MiB must not come in crumbs from between firmware ranges. */
static void test_no_crumbs_after_the_last_piece(void **state)
{
	static const struct boot_range efi[] = {
		{ 0, 0xa0000, RAM }, { MIB(1), MIB(800), RAM },
		{ MIB(801), MIB(1), RESERVED }, { MIB(802), MIB(4), RAM },
	};

	assert_int_equal(split_with("dom0_mem=512M", efi, ARRAY_SIZE(efi), NULL, 0), 0);
	assert_true(s.acpi.end <= MIB(801));
	assert_int_equal(s.map[s.nr_map - 1].type, MEM_UNUSABLE);
}

static void test_too_little(void **state)
{
	static const struct boot_range tiny[] = { { 0, 0x9f000, RAM }, { MIB(1), MIB(31), RAM } };

	assert_int_equal(split_with("", tiny, ARRAY_SIZE(tiny), NULL, 0), -ENOMEM);
	assert_int_equal(split_with("", NULL, 0, NULL, 0), -ENOMEM);
	assert_int_equal(split_with("dom0_mem=8M", pc_2g, ARRAY_SIZE(pc_2g), NULL, 0), -ENOMEM);
}

static void test_no_ram_for_acpi(void **state)
{
	static const struct boot_range high[] = { { 0, 0x9f000, RAM }, { GIB(4), GIB(1), RAM } };

	assert_int_equal(split_with("", high, ARRAY_SIZE(high), NULL, 0), -ENOMEM);
}

static void test_modules_are_held(void **state)
{
	struct mem_range held[] = { { GIB(1) + 5, GIB(1) + MIB(8) }, { MIB(64), MIB(80) },
				    { GIB(1) + MIB(8), GIB(1) + MIB(9) } };

	assert_int_equal(split_with("dom0_mem=512M", pc_2g, ARRAY_SIZE(pc_2g), held, 3), 0);
	assert_int_equal(s.nr_late, 1);
	assert_int_equal(s.late[0].start, GIB(1));
	assert_int_equal(s.late[0].end, GIB(1) + MIB(9));
	assert_int_equal(s.nr_heap, 2);
}

static char msg[200];

static int place(struct dom0_place *p)
{
	msg[0] = '\0';
	p->tables_size = 0x3000;
	return dom0_mem_place(&s, p, msg, sizeof(msg));
}

static void check_placed(const struct dom0_place *p)
{
	uint64_t end = p->initrd_to + (p->initrd.end - p->initrd.start);
	uint64_t tables_end = p->tables_at + p->tables_size;

	assert_int_equal((p->initrd_to | p->tables_at) % PAGE_SIZE, 0);
	assert_false(overlap(p->initrd_to, end, p->kernel.start, p->kernel.end));
	assert_false(overlap(p->initrd_to, end, p->kernel_file.start, p->kernel_file.end));
	assert_false(overlap(p->initrd_to, end, p->tables_at, tables_end));
	assert_false(overlap(p->kernel.start, p->kernel.end, p->tables_at, tables_end));
	assert_true(end <= GIB(4) && tables_end <= GIB(1));
}

static void test_place(void **state)
{
	struct dom0_place p = { .kernel = { MIB(16), MIB(80) },
				.kernel_file = { MIB(400), MIB(466) } };

	assert_int_equal(split_with("dom0_mem=512M", pc_2g, ARRAY_SIZE(pc_2g), NULL, 0), 0);
	assert_int_equal(place(&p), 0); /* no initrd */
	check_placed(&p);
	p.initrd = (struct mem_range){ MIB(100), MIB(120) + 17 };
	assert_int_equal(place(&p), 0);
	assert_int_equal(p.initrd_to, MIB(100)); /* stays */
	check_placed(&p);
	p.initrd = (struct mem_range){ MIB(10), MIB(30) }; /* in the kernel's way */
	assert_int_equal(place(&p), 0);
	check_placed(&p);
	p.initrd = (struct mem_range){ GIB(1), GIB(1) + MIB(20) }; /* not Dom0's RAM */
	assert_int_equal(place(&p), 0);
	check_placed(&p);
}

static void test_place_conflicts(void **state)
{
	struct dom0_place p = { .kernel = { MIB(16), MIB(80) },
				.kernel_file = { MIB(400), MIB(466) },
				.initrd = { GIB(1), GIB(1) + MIB(480) } };

	assert_int_equal(split_with("dom0_mem=512M", pc_2g, ARRAY_SIZE(pc_2g), NULL, 0), 0);
	assert_int_equal(place(&p), -ENOMEM);
	assert_non_null(strstr(msg, "initrd of 480 MiB"));
	p.initrd = (struct mem_range){ 0, 0 };
	p.kernel = (struct mem_range){ MIB(1), MIB(40) }; /* over the hypervisor */
	assert_int_equal(place(&p), -ENOMEM);
	assert_non_null(strstr(msg, "1 to 40 MiB"));
	p.kernel = (struct mem_range){ MIB(16), MIB(401) };
	assert_int_equal(place(&p), -ENOMEM);
	assert_non_null(strstr(msg, "unpack"));
}

static void test_find(void **state)
{
	struct mem_range busy[] = { { MIB(500), MIB(600) }, { MIB(300), MIB(450) } };
	uint64_t at;

	assert_int_equal(split_with("dom0_mem=512M", pc_2g, ARRAY_SIZE(pc_2g), NULL, 0), 0);
	at = dom0_mem_find(&s, MIB(50), MIB(2), GIB(4), busy, 2);
	assert_int_equal(at, MIB(450));
	at = dom0_mem_find(&s, MIB(52), MIB(2), GIB(4), busy, 2);
	assert_int_equal(at, MIB(248));
	assert_int_equal(dom0_mem_find(&s, MIB(300), MIB(2), GIB(4), busy, 2), 0);
	assert_int_equal(dom0_mem_find(&s, 0, MIB(2), GIB(4), busy, 2), 0);
	assert_int_equal(dom0_mem_find(&s, GIB(8), MIB(2), GIB(4), NULL, 0), 0);
}

static void test_find_early(void **state)
{
	struct mem_range busy[] = { { MIB(2), MIB(4) }, { MIB(4), MIB(15) } };

	assert_int_equal(mem_find_early(pc_2g, ARRAY_SIZE(pc_2g), MIB(2), busy, 1), MIB(14));
	assert_int_equal(mem_find_early(pc_2g, ARRAY_SIZE(pc_2g), MIB(1), busy, 2), MIB(15));
	assert_int_equal(mem_find_early(pc_2g, ARRAY_SIZE(pc_2g), MIB(2), busy, 2),
			 0x7ffdf000 - MIB(2));
	assert_int_equal(mem_find_early(pc_6g, ARRAY_SIZE(pc_6g), MIB(8), busy, 2),
			 0x7ffdf000 - MIB(8));
	assert_int_equal(mem_find_early(pc_2g, ARRAY_SIZE(pc_2g), GIB(2), busy, 2), 0);
}

/* GRUB may put a small module there; the page is wiped when the CPUs run. */
static void test_low_page_avoids_modules(void **state)
{
	struct mem_range module[] = { { 0x8c123, 0x8f000 }, { 0x2000, 0x8c000 } };

	assert_int_equal(split_with("", pc_2g, ARRAY_SIZE(pc_2g), NULL, 0), 0);
	assert_int_equal(mem_find_low_page(&s, NULL, 0), 0x8f000);
	assert_int_equal(mem_find_low_page(&s, module, 1), 0x8f000);
	module[0].end = 0x8f001;
	assert_int_equal(mem_find_low_page(&s, module, 1), 0x8b000);
	assert_int_equal(mem_find_low_page(&s, module, 2), 0x1000);
	module[1].start = 0x1fff;
	assert_int_equal(mem_find_low_page(&s, module, 2), 0);
}

static uint64_t rnd(uint64_t n)
{
	return ((uint64_t)rand() << 31 ^ (uint64_t)rand()) % n;
}

/* A firmware map of random holes and types, not page aligned. */
static unsigned int random_map(struct boot_range *fw, unsigned int max)
{
	static const uint32_t types[] = { RAM, RAM, RAM, RESERVED, BOOT_MEM_ACPI, BOOT_MEM_NVS };
	uint64_t at = rnd(2) ? 0 : rnd(10000);
	unsigned int nr = 0, want = 1 + rnd(max);

	for (; nr < want; nr++) {
		uint64_t size = 1 + (rnd(3) ? rnd(MIB(64)) : rnd(20000));

		fw[nr] = (struct boot_range){ at, size, types[rnd(ARRAY_SIZE(types))] };
		at += size + (rnd(2) ? 0 : rnd(MIB(40)));
	}
	return nr;
}

static void test_random_maps(void **state)
{
	static const char *const lines[] = { "", "dom0_mem=100M", "dom0_mem=-100M", "dom0_mem=50%",
					     "dom0_mem=100G", "dom0_mem=300M,max:200M" };
	const char *env = getenv("UNIT_SEED");
	unsigned int seed = env ? (unsigned int)atoi(env) : (unsigned int)time(NULL);
	unsigned int i, j, nr_good = 0;

	print_message("UNIT_SEED=%u\n", seed);
	srand(seed);
	for (i = 0; i < 3000; i++) {
		struct boot_range fw[128];
		struct mem_range kept[3], held[3];
		unsigned int nr = random_map(fw, i % 8 ? 40 : 128);
		struct mem_request r = { fw, nr, kept, 3, held, 3, &options };
		const char *why;
		uint64_t at = 0;

		for (j = 0; j < 3; j++) {
			at += rnd(GIB(1));
			kept[j] = (struct mem_range){ at, at + 1 + rnd(MIB(4)) };
			kept[j].start = round_down(kept[j].start, PAGE_SIZE);
			kept[j].end = round_up(kept[j].end, PAGE_SIZE);
			at = kept[j].end;
			held[j].start = rnd(GIB(2));
			held[j].end = held[j].start + 1 + rnd(MIB(30));
		}
		cmdline_parse(&options, lines[rnd(ARRAY_SIZE(lines))], NULL);
		if (mem_split(&s, &r, &why) == 0) {
			struct dom0_place p = { .kernel = { MIB(16), MIB(16) + PAGE_SIZE + rnd(MIB(60)) },
						.initrd = held[0] };
			uint64_t size = PAGE_SIZE + rnd(MIB(60));

			check_invariants(&r);
			nr_good++;
			p.kernel_file.start = dom0_mem_find(&s, size, PAGE_SIZE, UINT64_MAX, held, 3);
			p.kernel_file.end = p.kernel_file.start + size;
			if (p.kernel_file.start && !place(&p))
				check_placed(&p);
		}
	}
	assert_true(nr_good > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pc_2g),
		cmocka_unit_test(test_default_share),
		cmocka_unit_test(test_pc_6g_dom0_on_both_sides_of_the_hole),
		cmocka_unit_test(test_asks_for_too_much),
		cmocka_unit_test(test_no_crumbs_after_the_last_piece),
		cmocka_unit_test(test_too_little),
		cmocka_unit_test(test_no_ram_for_acpi),
		cmocka_unit_test(test_modules_are_held),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_place_conflicts),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_early),
		cmocka_unit_test(test_low_page_avoids_modules),
		cmocka_unit_test(test_random_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
