/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The p2m under real threads: one "CPU" maps, unmaps, splits, merges and lets frames go while
 * others look up, take references and read, without a lock. Each domain frame holds its gfn and
 * its domain in each word, and frames freed are taken by another domain at once: a reader that
 * gets hold of the wrong one sees the wrong words. Spin locks and per-CPU data are real here, so
 * the fakes for those are not linked.
 */
#include <pthread.h>
#include <sched.h>
#include "unit.h"
#include "fakes/fakes.h"
#include "lib/atomic.h"
#include "lib/bug.h"
#include "lib/compiler.h"
#include "lib/spinlock.h"
#include "mem/kalloc.h"
#include "mem/p2m.h"
#include "x86/cpu.h"
#include "x86/ipi.h"

#define NR_FRAMES  8192
#define NR_GFNS	   1536 /* three pieces of 2 MiB */
#define DOM	   3
#define OTHER	   4
#define NR_READERS 2

extern char __start_percpu[], __stop_percpu[];

static uint32_t table[NR_FRAMES];
static struct p2m p2m;
static bool done;
static uint64_t nr_good, nr_holes, nr_renewed;
static __thread uintptr_t my_bias;
static __thread unsigned int my_cpu;

unsigned int nr_cpus = 1 + NR_READERS;
uintptr_t percpu_bias_of[NR_CPUS];

uintptr_t percpu_bias(void)
{
	return my_bias;
}

unsigned int cpu_id(void)
{
	return my_cpu;
}

void ipi_kick(unsigned int cpu)
{
	sched_yield(); /* the "guest" looks at a flag now and then */
}

void spin_lock(spinlock_t *l)
{
	uint16_t ticket = __atomic_fetch_add(&l->tail, 1, __ATOMIC_SEQ_CST);

	while (load_acquire(&l->head) != ticket)
		sched_yield();
}

void spin_unlock(spinlock_t *l)
{
	store_release(&l->head, (uint16_t)(l->head + 1));
}

/* Zeros are good first values for what the p2m keeps per CPU. */
static void cpu_start(unsigned int cpu)
{
	static char areas[1 + NR_READERS][4096] __aligned(64);

	BUG_ON((size_t)(__stop_percpu - __start_percpu) > sizeof(areas[0]));
	my_cpu = cpu;
	my_bias =
		(uintptr_t)areas[cpu] + (uintptr_t)__start_percpu % 64 - (uintptr_t)__start_percpu;
	percpu_bias_of[cpu] = my_bias;
}

static void stamp(mfn_t mfn, uint64_t word)
{
	uint64_t *p = frame_map(mfn);

	for (unsigned int i = 0; i < 512; i += 64)
		WRITE_ONCE(p[i], word);
}

static uint64_t word_of(uint64_t gfn)
{
	return DOM * 0x1000000 + gfn;
}

/* What a reader found once it keeps for as long as the changes are said to be elsewhere. */
static void ask_again(uint64_t gfn)
{
	static __thread struct p2m_spot kept;
	static __thread uint64_t kept_gfn;
	uint64_t word, was = kept.version;

	if (!p2m_renew(&p2m, &kept.version, p2m_bit(kept_gfn))) {
		kept_gfn = gfn;
		if (!p2m_locate(&p2m, gfn << PAGE_SHIFT, &kept))
			kept.version = 0;
		return;
	}
	word = READ_ONCE(*(uint64_t *)hpa_map(kept.hpa));
	BUG_ON(p2m_is_version(&p2m, kept.version) && word != word_of(kept_gfn));
	if (kept.version != was)
		atomic_inc(&nr_renewed);
}

/* A reader asks for one gfn in each way there is. What it gets must be that gfn's, or nothing. */
static void ask(uint64_t gfn)
{
	struct p2m_entry e;
	struct p2m_spot s;
	uint64_t word;
	mfn_t mfn;

	if (p2m_get_page(&p2m, GFN(gfn), true, &mfn, &e)) {
		word = READ_ONCE(((uint64_t *)frame_map(mfn))[64]);
		BUG_ON(word != word_of(gfn));
		BUG_ON(page_owner(mfn) != DOM);
		page_put(mfn);
		atomic_inc(&nr_good);
	} else {
		atomic_inc(&nr_holes);
	}
	if (p2m_locate(&p2m, gfn << PAGE_SHIFT, &s)) {
		word = READ_ONCE(*(uint64_t *)hpa_map(s.hpa));
		BUG_ON(p2m_is_version(&p2m, s.version) && word != word_of(gfn));
	}
	ask_again(gfn);
	e = p2m_lookup(&p2m, GFN(gfn));
	BUG_ON(e.type != P2M_NONE && e.type != P2M_RAM);
}

static void *reader(void *arg)
{
	uint64_t rng = (uintptr_t)arg, seen_gen = 0;

	cpu_start((unsigned int)(uintptr_t)arg);
	while (!load_acquire(&done)) {
		(void)p2m_enter(&p2m, &seen_gen); /* in the guest for a moment */
		sched_yield();
		p2m_leave();
		for (unsigned int i = 0; i < 50; i++) {
			rng = rng * 6364136223846793005ULL + 1442695040888963407ULL;
			ask((rng >> 33) % NR_GFNS);
		}
	}
	return NULL;
}

/* Frames that this domain let go come back with another's words in them. */
static void recycle(void)
{
	mfn_t m[16];
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(m); n++) {
		m[n] = frame_alloc_domain(OTHER, 0, PAGE_RAM);
		if (!frame_valid(m[n]))
			break;
		stamp(m[n], OTHER * 0x1000000);
	}
	while (n--)
		page_put(m[n]);
}

static void map_piece(uint64_t first)
{
	mfn_t m = frame_alloc_domain(DOM, 9, PAGE_RAM);

	if (!frame_valid(m))
		return;
	for (uint64_t i = 0; i < 512; i++)
		stamp(mfn_add(m, i), word_of(first + i));
	if (p2m_map(&p2m, GFN(first), m, 9, P2M_RAM))
		for (uint64_t i = 0; i < 512; i++)
			page_put(mfn_add(m, i));
}

static void map_one(uint64_t gfn)
{
	mfn_t m = frame_alloc_domain(DOM, 0, PAGE_RAM);

	if (!frame_valid(m))
		return;
	stamp(m, word_of(gfn));
	if (p2m_map(&p2m, GFN(gfn), m, 0, P2M_RAM))
		page_put(m);
}

static void unmap(uint64_t gfn, bool back)
{
	struct p2m_entry e = p2m_lookup(&p2m, GFN(gfn));

	if (e.type == P2M_NONE || p2m_unmap(&p2m, GFN(gfn), e))
		return;
	p2m_flush(&p2m);
	if (back &&
	    p2m_map(&p2m, GFN(gfn), e.mfn, 0, P2M_RAM) == 0) /* merges when it was the last */
		return;
	page_put(e.mfn);
}

static void writer(unsigned int nr_steps)
{
	while (nr_steps--) {
		uint64_t gfn = unit_below(NR_GFNS), piece = gfn / 512 * 512, i;

		switch (unit_below(8)) {
		case 0:
			for (i = piece; i < piece + 512; i++)
				unmap(i, false);
			map_piece(piece);
			break;
		case 1:
			unmap(piece + 511, true);
			break;
		case 2: case 3:
			unmap(gfn, true);
			break;
		case 4: case 5:
			map_one(gfn);
			break;
		default:
			unmap(gfn, false);
		}
		recycle();
	}
}

static void put(struct p2m *p, struct p2m_entry e)
{
	page_put(e.mfn);
}

static void lookups_beside_a_writer(void **state)
{
	pthread_t threads[NR_READERS];
	unsigned int steps = getenv("UNIT_STEPS") ? (unsigned int)atoi(getenv("UNIT_STEPS")) : 150;

	unit_seed();
	cpu_start(0);
	fake_frames_init(NR_FRAMES);
	frame_init(table, NR_FRAMES);
	frame_give_heap(MFN(0), NR_FRAMES);
	assert_int_equal(p2m_init(&p2m, &p2m_format_npt, DOM, true), 0);
	for (uintptr_t c = 1; c <= NR_READERS; c++)
		cpu_start((unsigned int)c); /* so that p2m_flush() finds their areas */
	cpu_start(0);
	for (uintptr_t c = 1; c <= NR_READERS; c++)
		assert_int_equal(pthread_create(&threads[c - 1], NULL, reader, (void *)c), 0);
	writer(steps);
	assert_true(p2m_check(&p2m));
	while (p2m_destroy(&p2m, 50, put)) /* readers still there */
		sched_yield();
	store_release(&done, true);
	for (unsigned int c = 0; c < NR_READERS; c++)
		pthread_join(threads[c], NULL);
	print_message("%llu found, %llu not; %llu still good\n", (unsigned long long)nr_good,
		      (unsigned long long)nr_holes, (unsigned long long)nr_renewed);
	p2m_free(&p2m);
	assert_int_equal(frame_nr_free(), NR_FRAMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lookups_beside_a_writer) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
