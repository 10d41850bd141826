/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The p2m with both entry formats: rules of mapping, splitting, merging, references, teardown,
 * and a random sequence against a flat array. After every operation the whole tree is walked:
 * leaves aligned and as the array says, nothing left unmerged, every table counted.
 */
#include "unit.h"
#include "fakes/fakes.h"
#include "lib/compiler.h"
#include "lib/errno.h"
#include "mem/amdvi.h"
#include "mem/kalloc.h"
#include "mem/p2m_entry.h"
#include "x86/cpu.h"

#define NR_FRAMES 4096
#define DOM	  3
#define OTHER	  4
#define NR_GFNS	  3072	     /* of the model: three 2 MiB pieces on each side of a 1 GiB border */
#define BASE	  (0x40000ull - 1536)
#define RAM_MFN	  0x100000ull /* made-up frames for what holds no reference here */

static uint32_t table[NR_FRAMES];
static struct p2m p;

static const struct p2m_format *format_of(void **state)
{
	return *state;
}

static int setup(void **state)
{
	fake_frames_init(NR_FRAMES);
	frame_init(table, NR_FRAMES);
	frame_give_heap(MFN(0), NR_FRAMES);
	fake_cpus_init(2);
	assert_int_equal(p2m_init(&p, format_of(state), DOM, true), 0);
	return 0;
}

static void put_nothing(struct p2m *q, struct p2m_entry e)
{
}

static int teardown(void **state)
{
	while (p2m_destroy(&p, 100, put_nothing) == -ERESTART)
		;
	p2m_free(&p);
	if (frame_nr_free() != NR_FRAMES || fake_locks_held)
		return 1;
	fake_frames_init(0);
	return 0;
}

static uint32_t check_below(mfn_t t, unsigned int level)
{
	uint64_t *slot = table_map(t);
	uint32_t nr = 1;

	assert_int_equal(page_owner(t), OWNER_HV);
	for (unsigned int i = 0; i < P2M_SLOTS; i++) {
		if (entry_is_table(slot[i])) {
			assert_true(level > 1);
			nr += check_below(entry_mfn(slot[i]), level - 1);
		} else if (slot[i]) {
			assert_true(level < 4);
			assert_int_equal(entry_mfn(slot[i]).n & ((1ULL << level_order(level)) - 1),
					 0);
			assert_int_equal(slot[i],
					 entry_of_leaf(&p, entry_mfn(slot[i]), entry_type(slot[i]),
						       level_order(level)));
		}
	}
	return nr;
}

static void check(void)
{
	uint32_t nr = check_below(p.root, P2M_LEVELS);

	for (mfn_t m = p.retired; !mfn_eq(m, INVALID_MFN); nr++) {
		uint64_t next = *table_map(m);

		for (unsigned int i = 1; i < P2M_SLOTS; i++)
			assert_int_equal(table_map(m)[i], 0);
		m = next ? entry_mfn(next) : INVALID_MFN;
	}
	assert_int_equal(nr, p.nr_tables);
	assert_int_equal(fake_locks_held, 0);
}

/*
 * The same tree as AMD's IOMMU reads it, by its specification (48882, 2.2.3): PR is bit 0, NextLevel bits 9-11, IR and
 * IW bits 61 and 62 of each entry on the way; bits 52-58 must be 0.
 */
static struct p2m_entry look_as_amdvi(uint64_t gfn)
{
	uint64_t address = gfn << 12, table_at = p.root.n << 12, rights = 3;

	for (unsigned int level = 4;;) {
		uint64_t e = table_map(MFN(table_at >> 12))[address >> (3 + 9 * level) & 511];
		unsigned int next = e >> 9 & 7;

		if (!(e & 1))
			return (struct p2m_entry){ .type = P2M_NONE };
		assert_int_equal(e >> 52 & 0x7f, 0);
		rights &= e >> 61;
		table_at = e & 0x000ffffffffff000;
		if (!next) {
			uint64_t offset = gfn & ((1ULL << 9 * (level - 1)) - 1);

			assert_true(rights & 1);
			return (struct p2m_entry){ .mfn = MFN((table_at >> 12) + offset),
						   .type = rights & 2 ? P2M_RAM : P2M_GRANT_RO };
		}
		assert_true(next < level);
		level = next;
	}
}

static void check_amdvi(uint64_t gfn, struct p2m_entry e)
{
	struct p2m_entry seen;

	if (!p2m_iommu_bits.read)
		return;
	seen = look_as_amdvi(gfn);
	assert_int_equal(seen.type == P2M_NONE, e.type == P2M_NONE);
	if (e.type == P2M_NONE)
		return;
	assert_int_equal(seen.type == P2M_GRANT_RO, p2m_is_read_only(e.type));
	assert_int_equal(seen.mfn.n, e.mfn.n);
}

static struct p2m_entry look(uint64_t gfn)
{
	return p2m_lookup(&p, GFN(gfn));
}

static void what_may_be_mapped_where(void **state)
{
	assert_int_equal(p2m_map(&p, GFN(1), MFN(RAM_MFN), 9, P2M_RAM), -EINVAL);
	assert_int_equal(p2m_map(&p, GFN(512), MFN(RAM_MFN + 1), 9, P2M_RAM), -EINVAL);
	assert_int_equal(p2m_map(&p, GFN(0), MFN(RAM_MFN), 1, P2M_RAM), -EINVAL);
	assert_int_equal(p2m_map(&p, GFN(P2M_MAX_GFN + 1), MFN(RAM_MFN), 0, P2M_RAM), -EINVAL);
	assert_int_equal(p2m_map(&p, GFN(0), INVALID_MFN, 0, P2M_RAM), -EINVAL);
	assert_int_equal(p2m_map(&p, GFN(0), MFN(RAM_MFN), 0, P2M_NONE), -EINVAL);
	assert_int_equal(look(P2M_MAX_GFN + 1).type, P2M_NONE);
	assert_int_equal(p2m_map(&p, GFN(P2M_MAX_GFN), MFN(RAM_MFN), 0, P2M_RAM), 0);
	assert_int_equal(p.max_gfn, P2M_MAX_GFN);
	assert_int_equal(look(P2M_MAX_GFN).mfn.n, RAM_MFN);
	check();

	assert_int_equal(p2m_map(&p, GFN(5), MFN(5), 0, P2M_MMIO), 0);
	assert_int_equal(p2m_map(&p, GFN(5), MFN(RAM_MFN), 0, P2M_GRANT_RO), 0);
	assert_int_equal(p2m_map(&p, GFN(5), MFN(RAM_MFN), 0, P2M_RAM), -EEXIST);
	assert_int_equal(p2m_map(&p, GFN(0), MFN(RAM_MFN), 9, P2M_RAM), -EEXIST);
	assert_int_equal(look(5).type, P2M_GRANT_RO);
	assert_int_equal(look(6).type, P2M_NONE);
	assert_int_equal(look(6).mfn.n, INVALID_MFN.n);
	check();
}

/* What was looked up stays good through changes that are about other gfns, up to seven of them. */
static void only_changes_of_its_own_gfns_spoil_a_version(void **state)
{
	uint64_t seen, on_700 = p2m_bit(700), gfn;
	struct p2m_entry e;
	unsigned int i;

	assert_int_equal(p2m_map(&p, GFN(512), MFN(RAM_MFN), 9, P2M_RAM), 0);
	assert_int_equal(p2m_map(&p, GFN(5 * 512), MFN(RAM_MFN + 512), 9, P2M_RAM), 0);
	for (i = 0; i < 10; i++) {
		bool is_other = i % 3; /* in another 2 MiB than 700 */

		gfn = (is_other ? 5 * 512 : 700) + i;
		e = look(gfn);
		seen = p.version;
		assert_int_equal(p2m_unmap(&p, GFN(gfn), e), 0);
		assert_true(p.version != seen);
		assert_int_equal(p2m_renew(&p, &seen, on_700), is_other);
		assert_int_equal(seen == p.version, is_other);
		assert_int_equal(p2m_map(&p, GFN(gfn), e.mfn, 0, P2M_RAM), 0);
		assert_int_equal(p2m_is_version(&p, seen), is_other);
	}
	seen = p.version;
	gfn = 5 * 512 + 1;
	for (i = 1; i <= P2M_CHANGES; i++) {
		e = look(gfn);
		assert_int_equal(p2m_unmap(&p, GFN(gfn), e), 0);
		assert_int_equal(p2m_map(&p, GFN(gfn), e.mfn, 0, P2M_RAM), 0);
		if (i == P2M_CHANGES - 1) {
			uint64_t long_ago = seen;

			assert_true(p2m_renew(&p, &long_ago, on_700));
		}
	}
	assert_false(p2m_renew(&p, &seen, on_700));
	seen = p.version;
	assert_int_equal(p2m_map(&p, GFN(5), MFN(5), 0, P2M_MMIO), 0);
	assert_int_equal(p2m_map(&p, GFN(5), MFN(RAM_MFN + 600), 0, P2M_RAM), 0);
	assert_false(p2m_renew(&p, &seen, on_700)); /* not said which */
	seen = 0;
	assert_false(p2m_renew(&p, &seen, 0));
}

static void unmap_wants_what_was_seen(void **state)
{
	struct p2m_entry e;

	assert_int_equal(p2m_map(&p, GFN(512), MFN(RAM_MFN), 9, P2M_RAM), 0);
	e = look(700);
	assert_int_equal(e.mfn.n, RAM_MFN + 188);
	assert_int_equal(e.order, 9);
	assert_int_equal(p2m_unmap(&p, GFN(701), e), -ENOENT);
	assert_int_equal(p2m_unmap(&p, GFN(P2M_MAX_GFN + 1), e), -EINVAL);
	assert_int_equal(p2m_unmap(&p, GFN(700), e), 0);
	assert_int_equal(p2m_unmap(&p, GFN(700), e), -ENOENT);
	assert_int_equal(look(700).type, P2M_NONE);
	assert_int_equal(p2m_map(&p, GFN(700), e.mfn, 0, P2M_RAM), 0);
	assert_int_equal(look(700).order, 0); /* one in the middle merges nothing */
	e = look(1023);
	assert_int_equal(p2m_unmap(&p, GFN(1023), e), 0);
	assert_int_equal(look(701).mfn.n, RAM_MFN + 189);
	assert_int_equal(look(701).order, 0);
	assert_int_equal(p2m_count_type(&p, P2M_RAM), 511);
	check();
	/* the last piece back: one entry again */
	assert_int_equal(p2m_map(&p, GFN(1023), e.mfn, 0, P2M_RAM), 0);
	assert_int_equal(look(700).order, 9);
	check();
}

/* The same frame as another type. */
static void retype(uint64_t gfn, enum p2m_type to)
{
	struct p2m_entry e = look(gfn);

	assert_int_equal(p2m_unmap(&p, GFN(gfn), e), 0);
	assert_int_equal(p2m_map(&p, GFN(gfn), e.mfn, 0, to), 0);
}

static void neighbours_keep_their_type(void **state)
{
	assert_int_equal(p2m_map(&p, GFN(512), MFN(RAM_MFN), 9, P2M_RAM), 0);
	retype(512, P2M_GRANT_RO);
	assert_int_equal(look(512).type, P2M_GRANT_RO);
	assert_int_equal(look(513).type, P2M_RAM);
	retype(512, P2M_RAM);
	assert_int_equal(look(513).order, 9);
	check();
}

static void gigabytes(void **state)
{
	uint64_t g = 1ULL << 18;

	assert_int_equal(p2m_map(&p, GFN(g), MFN(g), 18, P2M_RAM), 0);
	assert_int_equal(look(g + 511).order, 18);
	assert_int_equal(look(g + 511).mfn.n, g + 511);
	assert_int_equal(p.nr_tables, 2);
	assert_int_equal(p2m_unmap(&p, GFN(g + 511), look(g + 511)), 0);
	assert_int_equal(p.nr_tables, 4);
	assert_int_equal(p2m_count_type(&p, P2M_RAM), g - 1);
	check();
	assert_int_equal(p2m_map(&p, GFN(g + 511), MFN(g + 511), 0, P2M_RAM), 0);
	assert_int_equal(look(g).order, 18); /* last of the first: both levels merge */
	check();

	p.use_1g = false;
	assert_int_equal(p2m_map(&p, GFN(g), MFN(g), 18, P2M_RAM), -EEXIST);
	assert_int_equal(p2m_map(&p, GFN(2 * g), MFN(2 * g), 18, P2M_RAM), 0);
	assert_int_equal(look(3 * g - 1).order, 9);
	assert_int_equal(p2m_map_range(&p, GFN(4 * g + 3), MFN(4 * g + 3), g, P2M_MMIO), 0);
	assert_int_equal(look(4 * g + 3).order, 0);
	assert_int_equal(look(4 * g + 512).order, 9);
	assert_int_equal(look(5 * g + 2).mfn.n, 5 * g + 2);
	assert_int_equal(look(5 * g + 3).type, P2M_NONE);
}

static void empty_tables_make_room(void **state)
{
	assert_int_equal(p2m_map(&p, GFN(3), MFN(RAM_MFN), 0, P2M_RAM), 0);
	assert_int_equal(p2m_map(&p, GFN(9), MFN(9), 0, P2M_MMIO), 0);
	assert_int_equal(p2m_unmap(&p, GFN(3), look(3)), 0);
	assert_int_equal(p2m_map(&p, GFN(0), MFN(RAM_MFN), 9, P2M_RAM), 0);
	assert_int_equal(look(9).mfn.n, RAM_MFN + 9);
	assert_false(mfn_eq(p.retired, INVALID_MFN));
	check();
	assert_int_equal(p2m_map(&p, GFN(512), MFN(RAM_MFN), 0, P2M_RAM), 0);
	assert_true(mfn_eq(p.retired, INVALID_MFN));
	check();
}

static void tables_are_limited(void **state)
{
	size_t size = 2000 * PAGE_SIZE;
	uint64_t i;
	void *hog;

	p.max_tables = 6;
	assert_int_equal(p2m_map(&p, GFN(0), MFN(RAM_MFN), 0, P2M_RAM), 0);
	assert_int_equal(p2m_map(&p, GFN(512), MFN(RAM_MFN), 0, P2M_RAM), 0);
	assert_int_equal(p2m_map(&p, GFN(1024), MFN(RAM_MFN), 0, P2M_RAM), 0);
	assert_int_equal(p2m_map(&p, GFN(2048), MFN(RAM_MFN), 0, P2M_RAM), -ENOMEM);
	assert_int_equal(p2m_map(&p, GFN(2048), MFN(RAM_MFN), 9, P2M_RAM), 0);
	assert_int_equal(p2m_unmap(&p, GFN(2048), look(2048)), -ENOMEM);
	assert_int_equal(look(2048).type, P2M_RAM);
	check();
	hog = kalloc(size);
	assert_non_null(hog);
	p.max_tables = 10000;
	for (i = 1; p2m_map(&p, GFN(i << 18), MFN(RAM_MFN), 0, P2M_RAM) == 0; i++)
		assert_true(i < NR_FRAMES);
	assert_int_equal(frame_nr_free(), 0);
	check();
	kfree(hog, size);
}

static void pages_are_referenced(void **state)
{
	mfn_t m = frame_alloc_domain(DOM, 0, PAGE_RAM), got;
	mfn_t f = frame_alloc_domain(OTHER, 0, PAGE_RAM);
	struct p2m_entry e;

	assert_int_equal(p2m_map(&p, GFN(1), m, 0, P2M_RAM), 0);
	assert_int_equal(p2m_map(&p, GFN(2), f, 0, P2M_GRANT_RO), 0);
	assert_int_equal(p2m_map(&p, GFN(3), MFN(3), 0, P2M_MMIO), 0);
	assert_true(p2m_check(&p));
	assert_true(p2m_get_page(&p, GFN(1), true, &got, &e));
	assert_true(mfn_eq(got, m));
	assert_int_equal(e.type, P2M_RAM);
	assert_int_equal(page_count(m), 2);
	page_put(got);
	assert_false(p2m_get_page(&p, GFN(2), true, &got, NULL));
	assert_true(p2m_get_page(&p, GFN(2), false, &got, NULL));
	assert_int_equal(page_count(f), 2);
	page_put(got);
	assert_false(p2m_get_page(&p, GFN(3), false, &got, NULL));
	assert_false(p2m_get_page(&p, GFN(4), false, &got, NULL));
	assert_false(p2m_get_page(&p, INVALID_GFN, false, &got, NULL));
	page_put(f);
	assert_false(p2m_check(&p)); /* a frame mapped without a reference */
	assert_int_equal(p2m_unmap(&p, GFN(2), look(2)), 0);
	assert_true(p2m_check(&p));
	page_put(m);
}

static bool read_word(uint64_t gpa, void *dst, unsigned int size)
{
	struct p2m_spot s;

	if (!p2m_locate(&p, gpa, &s))
		return false;
	memcpy(dst, hpa_map(s.hpa), size);
	return p2m_is_version(&p, s.version);
}

/* The per-CPU memory of large entries must never outlive what it remembers. */
static void remembered_entries_are_forgotten(void **state)
{
	mfn_t m = frame_alloc_domain(DOM, 9, PAGE_RAM), got;
	struct p2m_entry e;
	uint64_t word;
	uint32_t half;

	assert_int_equal(p2m_map(&p, GFN(1024), m, 9, P2M_RAM), 0);
	*(uint64_t *)((char *)frame_map(mfn_add(m, 5)) + 64) = 0x1122334455667788;
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(read_word((1029 << 12) + 64, &word, 8));
		assert_int_equal(word, 0x1122334455667788);
		assert_true(read_word((1029 << 12) + 68, &half, 4));
		assert_int_equal(half, 0x11223344);
		assert_true(p2m_get_page(&p, GFN(1029), true, &got, &e));
		assert_int_equal(got.n, m.n + 5);
		assert_int_equal(e.order, 9);
		page_put(got);
	}
	assert_false(read_word(1023ull << 12, &word, 8));
	assert_false(read_word(~7ull, &word, 8));
	retype(1029, P2M_GRANT_RO);
	assert_false(p2m_get_page(&p, GFN(1029), true, &got, NULL));
	assert_true(read_word((1029 << 12) + 64, &word, 8));
	assert_int_equal(p2m_unmap(&p, GFN(1029), look(1029)), 0);
	assert_false(p2m_get_page(&p, GFN(1029), false, &got, NULL));
	assert_false(read_word((1029 << 12) + 64, &word, 8));
	assert_true(p2m_get_page(&p, GFN(1030), true, &got, NULL));
	page_put(got);
	/* a hole is not remembered */
	assert_int_equal(p2m_map(&p, GFN(1029), mfn_add(m, 5), 0, P2M_RAM), 0);
	assert_true(p2m_get_page(&p, GFN(1029), true, &got, NULL));
	page_put(got);
	for (unsigned int i = 0; i < 512; i++)
		page_put(mfn_add(m, i));
}

static uint64_t nr_put;

static void count_put(struct p2m *q, struct p2m_entry e)
{
	assert_int_equal(q->lock.head, q->lock.tail);
	assert_int_equal(p2m_lookup(q, GFN(e.mfn.n)).type, P2M_NONE); /* gone before it is put */
	nr_put++;
}

static void destroy_is_preemptible_and_complete(void **state)
{
	uint64_t i, calls = 0, before;
	int rc;

	assert_int_equal(p2m_map(&p, GFN(1ULL << 18), MFN(1ULL << 18), 18, P2M_RAM), 0);
	assert_int_equal(p2m_map(&p, GFN(512), MFN(512), 9, P2M_RAM), 0);
	assert_int_equal(p2m_map(&p, GFN(0), MFN(1ULL << 19), 9, P2M_MMIO), 0);
	for (i = 1024; i < 1100; i += 3)
		assert_int_equal(p2m_map(&p, GFN(i), MFN(i), 0, P2M_FOREIGN), 0);
	nr_put = 0;
	do {
		before = nr_put;
		rc = p2m_destroy(&p, 1000, count_put);
		assert_true(nr_put - before <= 1000);
		calls++;
		assert_int_equal(p2m_map(&p, GFN(5), MFN(5), 0, P2M_RAM), -ESRCH);
	} while (rc == -ERESTART);
	assert_int_equal(rc, 0);
	assert_int_equal(nr_put, (1ULL << 18) + 512 + 26);
	assert_true(calls > 262);
	assert_int_equal(p.nr_tables, 1 + 3); /* kept for lookups until p2m_free() */
	assert_int_equal(p2m_destroy(&p, 1, count_put), 0);
}

/* --- TLB --- */

static void kicked_cpu_leaves(unsigned int cpu)
{
	unsigned int me = cpu_id();

	fake_cpu_become(cpu);
	p2m_leave();
	fake_cpu_become(me);
}

static void flush_kicks_who_is_inside(void **state)
{
	uint64_t seen[2] = { 0, 0 };

	fake_ipi_hook = kicked_cpu_leaves;
	fake_ipi_kicks = 0;
	fake_cpu_become(1);
	assert_true(p2m_enter(&p, &seen[1]));
	p2m_leave();
	assert_false(p2m_enter(&p, &seen[1]));
	fake_cpu_become(0);
	p2m_flush(&p);
	assert_int_equal(fake_ipi_kicks, 2);
	fake_ipi_kicks = 0;
	p2m_flush(&p);
	assert_int_equal(fake_ipi_kicks, 0);
	assert_true(p2m_enter(&p, &seen[0]));
	p2m_leave();
	fake_cpu_become(1);
	assert_true(p2m_enter(&p, &seen[1]));
	p2m_leave();
	fake_ipi_hook = NULL;
}

/* --- an IOMMU beside the CPUs --- */

static struct p2m_entry seen_by_iommu; /* at gfn 512, when it was told to forget */
static unsigned int nr_iommu_flushes;

static void iommu_flush(void)
{
	seen_by_iommu = p2m_lookup(&p, GFN(512));
	assert_true(mfn_eq(p.retired, INVALID_MFN)); /* a table is not used again before */
	nr_iommu_flushes++;
}

static void iommu_forgets_when_the_cpus_do(void **state)
{
	struct p2m_entry e;

	p.iommu_flush = iommu_flush;
	p.is_incoherent = true;
	nr_iommu_flushes = 0;
	p2m_flush(&p);
	assert_int_equal(nr_iommu_flushes, 1);
	for (uint64_t i = 0; i < 512; i++)
		assert_int_equal(p2m_map(&p, GFN(512 + i), MFN(RAM_MFN + i), 0, P2M_MMIO), 0);
	assert_int_equal(nr_iommu_flushes, 2); /* 512 entries became one */
	assert_int_equal(seen_by_iommu.order, 9);
	assert_true(mfn_eq(seen_by_iommu.mfn, MFN(RAM_MFN)));
	assert_int_equal(p2m_take(&p, GFN(700), 1u << P2M_MMIO, INVALID_MFN, &e), 0);
	assert_int_equal(nr_iommu_flushes, 2); /* that is the caller's to do */
	assert_int_equal(p2m_lookup(&p, GFN(701)).mfn.n, RAM_MFN + 701 - 512);
	p.iommu_flush = NULL;
}

/* --- against a flat array --- */

struct model {
	uint64_t mfn;
	enum p2m_type type;
};

static struct model model[NR_GFNS];

static bool model_has_room(uint64_t first, uint64_t nr)
{
	for (; nr; nr--, first++)
		if (model[first].type != P2M_NONE && model[first].type != P2M_MMIO)
			return false;
	return true;
}

static void random_map(void)
{
	unsigned int order = unit_below(3) ? 0 : 9;
	enum p2m_type type =
		unit_below(4) ? P2M_RAM : (enum p2m_type)(1 + unit_below(P2M_GRANT_RO));
	uint64_t i = unit_below(NR_GFNS) >> order << order, nr = 1ULL << order, j;
	uint64_t mfn = RAM_MFN + i; /* mostly the same frame for a gfn, so that merges happen */

	if (type == P2M_MMIO)
		mfn = BASE + i;
	if (!unit_below(10))
		mfn = RAM_MFN + (unit_below(NR_GFNS) >> order << order);
	if (!model_has_room(i, nr)) {
		assert_int_equal(p2m_map(&p, GFN(BASE + i), MFN(mfn), order, type), -EEXIST);
		return;
	}
	assert_int_equal(p2m_map(&p, GFN(BASE + i), MFN(mfn), order, type), 0);
	for (j = 0; j < nr; j++)
		model[i + j] = (struct model){ mfn + j, type };
}

/* Fill the holes of one 2 MiB piece with the frames that make it mergeable. */
static void random_fill(void)
{
	uint64_t i = unit_below(NR_GFNS / 512) * 512, j;

	for (j = i; j < i + 512; j++)
		if (model[j].type == P2M_NONE || j == i + 511) {
			struct p2m_entry e = { .mfn = MFN(model[j].mfn), .type = model[j].type };

			if (e.type != P2M_NONE)
				assert_int_equal(p2m_unmap(&p, GFN(BASE + j), e), 0);
			assert_int_equal(p2m_map(&p, GFN(BASE + j), MFN(RAM_MFN + j), 0, P2M_RAM),
					 0);
			model[j] = (struct model){ RAM_MFN + j, P2M_RAM };
		}
}

static void random_unmap(void)
{
	uint64_t i = unit_below(NR_GFNS), nr = unit_below(4) ? 1 : unit_below(700);
	bool keep = !unit_below(4);

	for (; nr && i < NR_GFNS; nr--, i++) {
		struct p2m_entry e = { .mfn = MFN(model[i].mfn), .type = model[i].type };

		if (e.type == P2M_NONE) {
			assert_int_equal(p2m_unmap(&p, GFN(BASE + i), e), -ENOENT);
		} else if (keep) {
			model[i].type = e.type == P2M_RAM ? P2M_GRANT_RO : P2M_RAM;
			retype(BASE + i, model[i].type);
		} else {
			assert_int_equal(p2m_unmap(&p, GFN(BASE + i), e), 0);
			model[i].type = P2M_NONE;
		}
	}
}

static void compare_all(void)
{
	for (uint64_t i = 0; i < NR_GFNS; i++) {
		struct p2m_entry e = look(BASE + i);

		assert_int_equal(e.type, model[i].type);
		if (e.type != P2M_NONE)
			assert_int_equal(e.mfn.n, model[i].mfn);
		check_amdvi(BASE + i, e);
	}
}

static void random_sequence(void **state)
{
	memset(model, 0, sizeof(model));
	unit_seed();
	for (unsigned int step = 0; step < 1500; step++) {
		switch (unit_below(8)) {
		case 0:
			random_fill();
			break;
		case 1: case 2: case 3:
			random_unmap();
			break;
		default:
			random_map();
		}
		check();
		compare_all();
	}
}

static void amdvi_reads_the_same(void **state)
{
	p2m_iommu_bits = (struct p2m_iommu_bits){ PTE_IR, PTE_IW, 1ULL << PTE_LEVEL_SHIFT };
	random_sequence(state);
	memset(&p2m_iommu_bits, 0, sizeof(p2m_iommu_bits));
}

static unsigned int nr_iommu_flushes;

static void count_iommu_flush(void)
{
	nr_iommu_flushes++;
}

static void iommu_is_flushed(void **state)
{
	p.iommu_flush = count_iommu_flush;
	nr_iommu_flushes = 0;
	assert_int_equal(p2m_map(&p, GFN(5), MFN(RAM_MFN), 0, P2M_FOREIGN), 0);
	assert_int_equal(nr_iommu_flushes, 0);
	p2m_flush(&p);
	assert_int_equal(nr_iommu_flushes, 1);
	p.flush_filled = true;
	assert_int_equal(p2m_map(&p, GFN(6), MFN(RAM_MFN), 0, P2M_FOREIGN), 0);
	assert_int_equal(nr_iommu_flushes, 2);
	assert_int_equal(p2m_map(&p, GFN(6), MFN(RAM_MFN), 0, P2M_FOREIGN), -EEXIST);
	assert_int_equal(nr_iommu_flushes, 2);
	p.iommu_flush = NULL;
	p.flush_filled = false;
}

#define CASE(f, format) { #f " " #format, f, setup, teardown, (void *)&p2m_format_##format }
#define BOTH(f) CASE(f, npt), CASE(f, ept)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(what_may_be_mapped_where),
		BOTH(only_changes_of_its_own_gfns_spoil_a_version),
		BOTH(unmap_wants_what_was_seen),
		BOTH(neighbours_keep_their_type),
		BOTH(gigabytes),
		BOTH(empty_tables_make_room),
		BOTH(tables_are_limited),
		BOTH(pages_are_referenced),
		BOTH(remembered_entries_are_forgotten),
		BOTH(destroy_is_preemptible_and_complete),
		CASE(flush_kicks_who_is_inside, npt),
		BOTH(iommu_forgets_when_the_cpus_do),
		BOTH(random_sequence),
		BOTH(amdvi_reads_the_same),
		CASE(iommu_is_flushed, npt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
