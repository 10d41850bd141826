/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains and who holds them: an id is taken from the first moment and free after the last; nobody finds
 * what is not published or already gone; a dead domain stays as long as one of its pages does; a new domain
 * at a dead one's address is a new domain to the branch predictors, too. Memory is reused at once, as the real
 * heap does.
 */
#include "unit.h"
#include "core/domain.h"
#include "fakes/fakes.h"
#include "lib/errno.h"
#include "mem/kalloc.h"
#include "x86/fpu.h"
#include "x86/spec.h"

#define NR_DOMIDS 0x7ff0

bool hvm_has_1g_pages;
static int p2m_rc;
static unsigned int nr_freed, nr_vcpus, nr_shutdowns, barriers, dumps;
static domid_t last_freed;
static bool found_while_freed;

/* --- a heap that gives out what was freed last --- */

#define NR_OBJECTS 64
static struct object {
	void *p;
	size_t size;
	bool used;
} objects[NR_OBJECTS];
static int64_t budget = -1;
static void *freed_last;

void *kalloc(size_t size)
{
	struct object *o = NULL;

	if (budget == 0)
		return NULL;
	budget -= budget > 0;
	for (unsigned int i = 0; i < NR_OBJECTS && (!o || o->p != freed_last); i++)
		if (!objects[i].used && (!objects[i].p || objects[i].size == size))
			o = &objects[i];
	assert_non_null(o);
	if (!o->p)
		o->p = malloc(size);
	o->size = size;
	o->used = true;
	return memset(o->p, 0, size);
}

void kfree(void *p, size_t size)
{
	for (unsigned int i = 0; p && i < NR_OBJECTS; i++)
		if (objects[i].p == p) {
			assert_true(objects[i].used && objects[i].size == size);
			objects[i].used = false;
			memset(p, 0xdd, size);
			freed_last = p;
			return;
		}
	assert_null(p);
}

static unsigned int nr_objects(void)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < NR_OBJECTS; i++)
		nr += objects[i].used;
	return nr;
}

/* --- what core asks of others --- */

void (*frame_freed_hook)(domid_t owner, enum page_type type);

int p2m_init(struct p2m *p, const struct p2m_format *f, domid_t owner, bool huge)
{
	return p2m_rc;
}
void p2m_free(struct p2m *p) { }
int p2m_destroy(struct p2m *p, unsigned int nr, void (*put)(struct p2m *, struct p2m_entry))
{
	return 0;
}
void sched_domain_init(struct domain *d) { }
void sched_vcpu_init(struct vcpu *v) { nr_vcpus++; }
void sched_vcpu_remove(struct vcpu *v) { nr_vcpus--; }
void sched_update(struct vcpu *v) { }
size_t fpu_area_size(void) { return 512; }
void fpu_area_init(void *area) { }
void fpu_save(void *area, uint64_t *xcr0) { }
void fpu_restore(const void *area, uint64_t xcr0) { }
void spec_domain_switch(void) { barriers++; }
void vcpu_dump(struct vcpu *v) { dumps++; }

int hvm_domain_init(struct hvm_domain *hd) { return 0; }
void hvm_domain_free(struct hvm_domain *hd) { }
static int vcpu_init(struct hvm_vcpu *hv, unsigned int id, struct hvm_domain *hd, struct p2m *p)
{
	return 0;
}
static void vcpu_free_hvm(struct hvm_vcpu *hv) { }
static void load_or_save(struct hvm_vcpu *hv) { }
static void set_tsc_offset(struct hvm_vcpu *hv, uint64_t offset) { }

static const struct hvm_ops ops = {
	.vcpu_init = vcpu_init, .vcpu_free = vcpu_free_hvm, .load = load_or_save,
	.save = load_or_save, .set_tsc_offset = set_tsc_offset,
};
const struct hvm_ops *hvm_ops = &ops;

static int on_vcpu_create(struct vcpu *v) { return 0; }
static void on_vcpu_free(struct vcpu *v) { }
static void on_shutdown(struct domain *d) { nr_shutdowns++; }

static void on_free(struct domain *d)
{
	struct domain *found = domain_get(d->id);

	nr_freed++;
	last_freed = d->id;
	found_while_freed |= found != NULL;
}

static int setup(void **state)
{
	fake_cpus_init(2);
	domain_free_hook = on_free;
	domain_shutdown_hook = on_shutdown;
	vcpu_create_hook = on_vcpu_create;
	vcpu_free_hook = on_vcpu_free;
	nr_freed = nr_shutdowns = barriers = dumps = 0;
	p2m_rc = 0;
	found_while_freed = false;
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(nr_objects(), 0);
	assert_int_equal(nr_vcpus, 0);
	assert_int_equal(fake_locks_held, 0);
	assert_false(found_while_freed);
	return 0;
}

static struct domain *make(domid_t id)
{
	int rc = 1;
	struct domain *d = domain_alloc(id, false, &rc);

	assert_non_null(d);
	assert_int_equal(rc, 0);
	return d;
}

static void refused(domid_t id, int want)
{
	int rc = 1;

	assert_null(domain_alloc(id, false, &rc));
	assert_int_equal(rc, want);
}

/* --- ids --- */

/* Two creators of the same id at once: between choosing and publishing it was free to both. */
static void an_id_is_taken_before_it_is_published(void **state)
{
	struct domain *d = make(5);

	refused(5, -EEXIST);
	assert_null(domain_get(5));
	assert_null(domain_get_from(0));
	domain_publish(d);
	refused(5, -EEXIST);
	assert_ptr_equal(domain_get(5), d);
	domain_put(d);
	domain_put(d);
	assert_int_equal(nr_freed, 1);
	assert_null(domain_get(5));
	domain_put(make(5));
}

static void a_failed_creation_gives_its_id_back(void **state)
{
	p2m_rc = -ENOMEM;
	refused(5, -ENOMEM);
	p2m_rc = 0;
	budget = 0;
	refused(5, -ENOMEM);
	budget = -1;
	domain_put(make(5));
	refused(NR_DOMIDS, -EINVAL);
	refused(0x7fff, -EINVAL);
}

/* Ids of our choice go up, wrap, pass by what is taken and leave 0 to Dom0. */
static void ids_go_round(void **state)
{
	struct domain *stays = make(DOMID_ANY), *d;
	domid_t last = stays->id;

	for (unsigned int i = 0; i < 2 * NR_DOMIDS; i++) {
		domid_t want = last + 1 == NR_DOMIDS ? 1 : (domid_t)(last + 1);

		if (want == stays->id)
			want = (domid_t)(want + 1);
		d = make(DOMID_ANY);
		assert_int_equal(d->id, want);
		last = d->id;
		domain_put(d);
	}
	domain_put(stays);
}

static void the_list_is_ascending(void **state)
{
	static const domid_t ids[] = { 7, 3, 9, 1, 8 }, sorted[] = { 1, 3, 7, 8, 9 };
	struct domain *d, *made[5];
	unsigned int n = 0;

	for (unsigned int i = 0; i < 5; i++) {
		made[i] = make(ids[i]);
		domain_publish(made[i]);
	}
	for_each_domain(each)
		assert_int_equal(each->id, sorted[n++]);
	assert_int_equal(n, 5);
	d = domain_get_from(4);
	assert_int_equal(d->id, 7);
	domain_put(d);
	for (unsigned int i = 0; i < 5; i++)
		domain_put(made[i]);
	assert_int_equal(nr_freed, 5);
}

/* --- the end --- */

static void pages_keep_their_domain(void **state)
{
	struct domain *d = make(4);

	domain_publish(d);
	d->max_pages = 3;
	assert_true(domain_charge_pages(d, 3));
	assert_false(domain_charge_pages(d, 1));
	assert_false(domain_charge_pages(d, UINT32_MAX));
	frame_freed_hook(4, PAGE_RAM);
	assert_true(domain_charge_pages(d, 1));
	domain_torn_down(d);
	assert_int_equal(nr_freed, 0);
	frame_freed_hook(4, PAGE_RAM);
	frame_freed_hook(3, PAGE_RAM); /* another's */
	domain_uncharge_pages(d, 1);
	assert_int_equal(nr_freed, 0);
	assert_ptr_equal(domain_get(4), d);
	frame_freed_hook(4, PAGE_RAM);
	assert_int_equal(nr_freed, 0); /* ours is left */
	domain_put(d);
	assert_int_equal(nr_freed, 1);
}

static void the_first_reference_goes_once(void **state)
{
	struct domain *d = make(4);

	domain_publish(d);
	domain_ref(d);
	d->max_pages = 1;
	assert_true(domain_charge_pages(d, 1));
	frame_freed_hook(4, PAGE_RAM); /* no page left, but it is not torn down */
	domain_torn_down(d);
	domain_torn_down(d);
	assert_true(domain_charge_pages(d, 1)); /* a late one comes and goes */
	domain_uncharge_pages(d, 1);
	assert_int_equal(nr_freed, 0);
	domain_put(d);
	assert_int_equal(nr_freed, 1);
	assert_int_equal(last_freed, 4);
}

/* --- vCPUs --- */

static void vcpus_are_made_once_and_go_with_it(void **state)
{
	struct domain *d = make(1);

	assert_int_equal(domain_set_max_vcpus(d, 0), -EINVAL);
	assert_int_equal(domain_set_max_vcpus(d, MAX_VCPUS + 1), -EINVAL);
	assert_int_equal(domain_set_max_vcpus(d, 3), 0);
	assert_int_equal(domain_set_max_vcpus(d, 3), -EINVAL);
	assert_int_equal(nr_vcpus, 3);
	assert_non_null(domain_vcpu(d, 2));
	assert_null(domain_vcpu(d, 3));
	assert_null(domain_vcpu(d, ~0u));
	domain_put(d);
	for (int64_t n = 0; n < 7; n++) { /* the table, then two objects for each */
		d = make(1);
		budget = n;
		assert_int_equal(domain_set_max_vcpus(d, 3), -ENOMEM);
		budget = -1;
		domain_put(d);
		assert_int_equal(nr_vcpus, 0);
	}
}

static void pauses_count(void **state)
{
	struct domain *d = make(1);

	assert_int_equal(domain_set_max_vcpus(d, 2), 0);
	assert_true(d->vcpus[1]->wait & WAIT_PAUSED);
	domain_pause(d);
	domain_unpause(d);
	assert_true(d->vcpus[1]->wait & WAIT_PAUSED);
	domain_unpause(d);
	assert_false(d->vcpus[1]->wait & WAIT_PAUSED);
	domain_shutdown(d, 1);
	domain_shutdown(d, 3);
	assert_int_equal(d->shutdown_code, 1);
	assert_int_equal(nr_shutdowns, 1);
	assert_int_equal(d->pause_count, 1);
	domain_crash(d->vcpus[0], "again");
	domain_crash(d->vcpus[1], "and again");
	assert_int_equal(dumps, 1);
	domain_put(d);
}

static struct domain *make_running(domid_t id)
{
	struct domain *d = make(id);

	assert_int_equal(domain_set_max_vcpus(d, 1), 0);
	vcpu_load(d->vcpus[0]);
	vcpu_save(d->vcpus[0]);
	return d;
}

static void a_barrier_for_each_change_of_domain(void **state)
{
	struct domain *a = make_running(1), *b = make_running(2);

	assert_int_equal(barriers, 2);
	for (unsigned int i = 0; i < 5; i++)
		vcpu_load(b->vcpus[0]);
	assert_int_equal(barriers, 2);
	vcpu_load(a->vcpus[0]);
	assert_int_equal(barriers, 3);
	fake_cpu_become(1); /* each CPU for itself */
	vcpu_load(a->vcpus[0]);
	assert_int_equal(barriers, 4);
	fake_cpu_become(0);
	domain_put(a);
	domain_put(b);
}

static void a_new_domain_at_an_old_address_gets_a_barrier(void **state)
{
	struct domain *old = make_running(1), *new;

	fake_cpu_become(1);
	vcpu_load(old->vcpus[0]);
	fake_cpu_become(0);
	domain_put(old);
	barriers = 0;
	new = make_running(2);
	assert_ptr_equal(new, old); /* else this test says nothing */
	assert_int_equal(barriers, 1);
	fake_cpu_become(1);
	vcpu_load(new->vcpus[0]);
	assert_int_equal(barriers, 2);
	fake_cpu_become(0);
	domain_put(new);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_id_is_taken_before_it_is_published), T(a_failed_creation_gives_its_id_back),
		T(ids_go_round), T(the_list_is_ascending), T(pages_keep_their_domain),
		T(the_first_reference_goes_once), T(vcpus_are_made_once_and_go_with_it),
		T(pauses_count), T(a_barrier_for_each_change_of_domain),
		T(a_new_domain_at_an_old_address_gets_a_barrier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
