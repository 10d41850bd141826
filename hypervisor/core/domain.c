/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of domains, their references, and how they pause and stop. The list is short and ascending; looking
 * a domain up is for control operations, hot paths hold references instead.
 */
#include "core/domain.h"
#include "lib/printf.h"
#include "mem/iommu.h"
#include "mem/kalloc.h"

struct domain *hardware_domain;
void (*domain_free_hook)(struct domain *d);
void (*domain_shutdown_hook)(struct domain *d);

static spinlock_t domlist_lock = SPINLOCK_INIT(domlist);
static struct list domlist = LIST_INIT(domlist);
static domid_t last_id; /* the last one chosen by us; domlist lock */

#define NR_DOMIDS 0x7ff0 /* DOMID_FIRST_RESERVED */

/*
 * Freed pages find their owner here: from domain_alloc() to the end, by id, under a lock that may be taken
 * wherever a page is put.
 */
#define NR_BUCKETS 64
static spinlock_t hash_lock = SPINLOCK_INIT(domhash);
static struct domain *hash[NR_BUCKETS];

static void hash_add(struct domain *d)
{
	spin_lock(&hash_lock);
	d->hash_next = hash[d->id % NR_BUCKETS];
	hash[d->id % NR_BUCKETS] = d;
	spin_unlock(&hash_lock);
}

static void hash_remove(struct domain *d)
{
	struct domain **link = &hash[d->id % NR_BUCKETS];

	spin_lock(&hash_lock);
	while (*link != d)
		link = &(*link)->hash_next;
	*link = d->hash_next;
	spin_unlock(&hash_lock);
}

/* The first reference goes when the parts are down and no page is left, whichever comes last. */
static bool takes_first_ref(struct domain *d)
{
	return READ_ONCE(d->is_torn_down) && !READ_ONCE(d->tot_pages) && !atomic_xchg(&d->first_ref_gone, true);
}

void domain_torn_down(struct domain *d)
{
	WRITE_ONCE(d->is_torn_down, true);
	smp_mb(); /* pairs with the decrement in page_freed() */
	if (takes_first_ref(d))
		domain_put(d);
}

/* The last put of a frame that a domain owned. Its RAM keeps the domain, so it is still there. */
static void page_freed(domid_t owner, enum page_type type)
{
	struct domain *d;
	bool last = false;

	if (type != PAGE_RAM)
		return; /* may outlive its domain where Dom0 has it mapped */
	spin_lock(&hash_lock);
	for (d = hash[owner % NR_BUCKETS]; d && d->id != owner; d = d->hash_next)
		;
	if (d)
		last = atomic_sub_return(&d->tot_pages, 1) == 0 && takes_first_ref(d);
	spin_unlock(&hash_lock);
	if (last)
		domain_put(d);
}

static struct domain *find_locked(domid_t id)
{
	list_for_each(struct domain, d, &domlist, list)
		if (d->id == id)
			return d;
	return NULL;
}

static void insert_locked(struct domain *d)
{
	struct list *pos = &domlist;

	list_for_each(struct domain, other, &domlist, list) {
		if (other->id > d->id)
			break;
		pos = &other->list;
	}
	list_add(pos, &d->list);
}

/*
 * Ids go up and come back only after a round, so that a stale id seldom names a new domain. From here on the id
 * is taken, although nobody finds the domain before it is published.
 */
static int take_id(struct domain *d, domid_t id)
{
	int rc = 0;

	spin_lock(&domlist_lock);
	if (id == DOMID_ANY) {
		unsigned int tries = 0;

		do
			last_id = last_id + 1u >= NR_DOMIDS ? 1 : (domid_t)(last_id + 1);
		while (find_locked(last_id) && ++tries < NR_DOMIDS);
		id = last_id;
		rc = tries < NR_DOMIDS ? 0 : -ENOSPC;
	} else if (id >= NR_DOMIDS) {
		rc = -EINVAL;
	} else if (find_locked(id)) {
		rc = -EEXIST;
	}
	if (!rc) {
		d->id = id;
		insert_locked(d);
	}
	spin_unlock(&domlist_lock);
	return rc;
}

static void release_id(struct domain *d)
{
	spin_lock(&domlist_lock);
	list_del(&d->list);
	spin_unlock(&domlist_lock);
}

struct domain *domain_alloc(domid_t id, bool is_hwdom, int *rc)
{
	struct domain *d;

	*rc = -ENOMEM;
	d = kalloc(sizeof(*d));
	if (!d)
		return NULL;
	*rc = take_id(d, id);
	if (*rc < 0)
		goto out;
	d->is_hwdom = d->is_privileged = d->hvm.direct_io = is_hwdom;
	d->refcount = 1;
	d->pause_count = 1;
	d->is_control_paused = true;
	spin_init(&d->lock, LOCK_domain);
	sched_domain_init(d);
	*rc = p2m_init(&d->p2m, hvm_ops->p2m_format, d->id,
		       hvm_has_1g_pages && !(is_hwdom && iommu.lacks_1g));
	if (*rc < 0)
		goto out_id;
	*rc = hvm_domain_init(&d->hvm);
	if (*rc < 0)
		goto out_p2m;
	frame_freed_hook = page_freed;
	hash_add(d);
	return d;

out_p2m:
	p2m_free(&d->p2m);
out_id:
	release_id(d);
out:
	kfree(d, sizeof(*d));
	return NULL;
}

void domain_publish(struct domain *d)
{
	spin_lock(&domlist_lock);
	d->state = DOM_ALIVE;
	spin_unlock(&domlist_lock);
}

/* A reference, unless it is not published yet, or the last one is already gone: a dead object is not revived. */
static bool try_ref(struct domain *d)
{
	uint32_t count = d->state == DOM_NEW ? 0 : READ_ONCE(d->refcount);

	while (count > 0)
		if (atomic_cmpxchg(&d->refcount, &count, count + 1))
			return true;
	return false;
}

struct domain *domain_get(domid_t id)
{
	struct domain *d;

	spin_lock(&domlist_lock);
	d = find_locked(id);
	if (d && !try_ref(d))
		d = NULL;
	spin_unlock(&domlist_lock);
	return d;
}

struct domain *domain_get_from(domid_t id)
{
	struct domain *found = NULL;

	spin_lock(&domlist_lock);
	list_for_each(struct domain, d, &domlist, list)
		if (d->id >= id && try_ref(d)) {
			found = d;
			break;
		}
	spin_unlock(&domlist_lock);
	return found;
}

struct domain *domain_next(struct domain *d)
{
	struct domain *next = domain_get_from((domid_t)(d->id + 1));

	domain_put(d);
	return next;
}

void domain_ref(struct domain *d)
{
	BUG_ON(atomic_add_return(&d->refcount, 1) <= 1);
}

static void domain_free(struct domain *d)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (d->vcpus[i])
			vcpu_free(d->vcpus[i]);
	kfree(d->vcpus, d->max_vcpus * sizeof(d->vcpus[0]));
	domain_free_hook(d);
	hash_remove(d);
	release_id(d);
	vcpu_forget_domain(d);
	hvm_domain_free(&d->hvm);
	BUG_ON(p2m_destroy(&d->p2m, UINT32_MAX, NULL) < 0); /* empty long since */
	p2m_free(&d->p2m);
	kfree(d, sizeof(*d));
}

void domain_put(struct domain *d)
{
	if (atomic_sub_return(&d->refcount, 1) == 0)
		domain_free(d);
}

struct vcpu *domain_vcpu(struct domain *d, unsigned int id)
{
	return id < d->max_vcpus ? d->vcpus[index_nospec(id, d->max_vcpus)] : NULL;
}

int domain_set_max_vcpus(struct domain *d, unsigned int nr)
{
	struct vcpu **vcpus;

	if (nr == 0 || nr > MAX_VCPUS || d->vcpus)
		return -EINVAL;
	vcpus = kalloc(nr * sizeof(vcpus[0]));
	if (!vcpus)
		return -ENOMEM;
	d->vcpus = vcpus;
	d->max_vcpus = nr;
	for (unsigned int i = 0; i < nr; i++) {
		vcpus[i] = vcpu_create(d, i);
		if (!vcpus[i])
			return -ENOMEM; /* those made so far go with the domain */
	}
	return 0;
}

static void change_pause_locked(struct domain *d, int by)
{
	BUG_ON(by < 0 && d->pause_count == 0);
	d->pause_count += (uint32_t)by;
	for_each_vcpu(d, v) {
		if (d->pause_count)
			atomic_or(&v->wait, WAIT_PAUSED);
		else
			atomic_and(&v->wait, ~WAIT_PAUSED);
		sched_update(v);
	}
}

void domain_pause(struct domain *d)
{
	spin_lock(&d->lock);
	change_pause_locked(d, 1);
	spin_unlock(&d->lock);
}

void domain_unpause(struct domain *d)
{
	spin_lock(&d->lock);
	change_pause_locked(d, -1);
	spin_unlock(&d->lock);
}

bool domain_is_running(const struct domain *d)
{
	for_each_vcpu(d, v)
		if (load_acquire(&v->sched.running_on) >= 0)
			return true;
	return false;
}

void domain_shutdown(struct domain *d, unsigned int reason)
{
	bool first;

	spin_lock(&d->lock);
	first = !d->is_shut_down;
	if (first) {
		d->is_shut_down = true;
		d->shutdown_code = (uint8_t)reason;
		change_pause_locked(d, 1);
	}
	spin_unlock(&d->lock);
	if (first && domain_shutdown_hook)
		domain_shutdown_hook(d);
}

void domain_crash(struct vcpu *v, const char *why, ...)
{
	char text[120];
	va_list args;

	va_start(args, why);
	(void)vsnprintf(text, sizeof(text), why, args);
	va_end(args);
	/* Once: with many vCPUs the serial line would keep as many CPUs waiting. */
	if (!atomic_xchg(&v->d->is_crash_told, true)) {
		log_err("d%uv%u: crashed: %s\n", v->d->id, v->id, text);
		vcpu_dump(v);
	}
	domain_shutdown(v->d, 3); /* SHUTDOWN_crash */
}

bool domain_charge_pages(struct domain *d, uint32_t nr)
{
	uint32_t have = READ_ONCE(d->tot_pages);

	do
		if (nr > READ_ONCE(d->max_pages) || have > READ_ONCE(d->max_pages) - nr)
			return false;
	while (!atomic_cmpxchg(&d->tot_pages, &have, have + nr));
	return true;
}

void domain_uncharge_pages(struct domain *d, uint32_t nr)
{
	uint32_t left = atomic_sub_return(&d->tot_pages, nr);

	BUG_ON(left > UINT32_MAX / 2);
	if (left == 0 && takes_first_ref(d))
		domain_put(d);
}
