/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Creating a guest against a fake hypervisor and a fake xenstore: once each operation in turn
 * fails, and nothing may be left of the guest; then random memory sizes and random failures to get
 * large extents, and every page must be populated exactly once and nothing loaded outside.
 */
#include "unit.h"
#include <errno.h>
#include <elf.h>
#include <xenstore.h>
#include "dom0-tools/builder/guest.h"
#include "dom0-tools/builder/layout.h"
#include "dom0-tools/device/device.h"

#define DOMID		7
#define MAX_PAGES	(1UL << 21)	/* 8 GiB */
#define FREE_MIB	6000

static uint8_t *populated;		/* one byte per page */
static unsigned int steps, fail_at;	/* fail_at: which step fails; 0: none */
static unsigned int extent_fails; /* one in so many populate calls for large extents is cut short */
static bool exists, introduced, started, attached;
static unsigned int nodes;
static uint32_t next_port;

/* Every fake begins with this. */
static int fake(int rc)
{
	return ++steps == fail_at ? -EBUSY : rc;
}

int hl_physinfo(struct hl *hl, struct xen_sysctl_physinfo *info)
{
	*info = (struct xen_sysctl_physinfo){ .free_pages = FREE_MIB * 256 };
	return fake(0);
}

int hl_domain_create(struct hl *hl, const struct hl_domain_limits *lim, uint32_t *domid)
{
	int rc = fake(0);

	assert_int_equal(lim->max_evtchn_port, 2047);
	exists = !rc;
	*domid = rc ? 0 : DOMID;
	return rc;
}

int hl_domain_destroy(struct hl *hl, uint32_t domid)
{
	assert_int_equal(domid, DOMID);
	assert_true(exists);
	exists = introduced = false;
	return 0;
}

int hl_domain_max_vcpus(struct hl *hl, uint32_t domid, uint32_t vcpus)
{
	return fake(0);
}

int hl_domain_paging_pool(struct hl *hl, uint32_t domid, uint64_t bytes)
{
	return fake(0);
}

int hl_domain_max_mem(struct hl *hl, uint32_t domid, uint64_t kib)
{
	return fake(0);
}

int hl_domain_tsc_mode(struct hl *hl, uint32_t domid, uint32_t mode)
{
	assert_int_equal(mode, 2);
	return fake(0);
}

int hl_default_leaves(struct hl *hl, xen_cpuid_leaf_t **leaf)
{
	int rc = fake(2);

	*leaf = rc < 0 ? NULL : calloc(2, sizeof(**leaf));
	return rc;
}

int hl_domain_cpu_policy(struct hl *hl, uint32_t domid, const xen_cpuid_leaf_t *leaf, uint32_t nr,
			 struct diag *dg)
{
	int rc = fake(0);

	assert_int_equal(nr, 2);
	return rc ? diag_fail(dg, rc, "refused") : 0;
}

int hl_vcpu_set_affinity(struct hl *hl, uint32_t domid, uint32_t vcpu, struct hl_cpumap *hard)
{
	assert_int_equal(hard->bits[0], 1);
	return fake(0);
}

int hl_sched_get(struct hl *hl, uint32_t domid, struct xen_domctl_sched_credit2 *p)
{
	*p = (struct xen_domctl_sched_credit2){ .weight = 256 };
	return fake(0);
}

int hl_sched_put(struct hl *hl, uint32_t domid, const struct xen_domctl_sched_credit2 *p)
{
	assert_int_equal(p->weight, 300);
	return fake(0);
}

int hl_mem_populate(struct hl *hl, uint32_t domid, const xen_pfn_t *gfn, unsigned int nr,
		    unsigned int order)
{
	unsigned int i;
	int rc = fake(nr);

	if (rc < 0 && !order)
		return rc;
	if (order && extent_fails && !unit_below(extent_fails))
		nr = unit_below(nr);
	for (i = 0; i < nr; i++) {
		assert_int_equal(gfn[i] & ((1UL << order) - 1), 0);
		assert_true(gfn[i] + (1UL << order) <= MAX_PAGES);
		for (xen_pfn_t p = gfn[i]; p < gfn[i] + (1UL << order); p++) {
			assert_int_equal(populated[p], 0);
			populated[p] = 1;
		}
	}
	return i;
}

int hl_mem_set_map(struct hl *hl, uint32_t domid, const struct hl_e820 *map, unsigned int nr)
{
	assert_true(nr >= 3);
	return fake(0);
}

int hl_mem_load(struct hl *hl, uint32_t domid, uint64_t gpa, const void *data, uint64_t size)
{
	assert_true(size > 0);
	for (uint64_t p = gpa / 4096; p <= (gpa + size - 1) / 4096; p++)
		assert_int_equal(populated[p], 1);
	return fake(0);
}

int hl_evtchn_alloc(struct hl *hl, uint32_t domid, uint32_t remote, uint32_t *port)
{
	*port = ++next_port;
	return fake(0);
}

int hl_hvm_set_params(struct hl *hl, uint32_t domid, const xen_domctl_hl_param_t *p,
		      unsigned int nr)
{
	assert_int_equal(nr, 4);
	return fake(0);
}

int hl_grant_seed(struct hl *hl, uint32_t domid, uint32_t ref, uint64_t gfn, uint32_t backend)
{
	assert_int_equal(populated[gfn], 1);
	return fake(0);
}

static bool by_memory; /* the local APICs' mode */

int hl_xapic_start(struct hl *hl, uint32_t domid, uint32_t vcpus)
{
	assert_false(started);
	by_memory = true;
	return fake(0);
}

int hl_pvh_start(struct hl *hl, uint32_t domid, uint32_t vcpus, uint32_t entry, uint32_t start_info)
{
	started = true;
	return fake(0);
}

static int store; /* whatever its address is, is the handle */

struct xs_handle *hl_store(struct hl *hl)
{
	return fake(0) ? NULL : (struct xs_handle *)&store;
}

char *store_read(struct hl *hl, const char *path, ...)
{
	return nodes ? strdup("/vm/x") : NULL;
}

int store_remove(struct hl *hl, const char *path, ...)
{
	nodes = 0;
	return 0;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	errno = EIO;
	return fake(0) ? XBT_NULL : 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
	bool ok = !fake(0);

	if (ok && !abort)
		nodes = 1;
	errno = steps % 2 ? EAGAIN : EIO; /* one is worth another try, the other not */
	return ok;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	errno = ENOSPC;
	return !fake(0);
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num_perms)
{
	/* What a guest may write, it owns alone; the rest is Dom0's. */
	assert_int_equal(perms[0].id, num_perms == 1 ? DOMID : 0);
	/* A console that the guest could redirect would be a door into Dom0. */
	assert_false(strstr(path, "/console") && num_perms == 1);
	errno = EACCES;
	return !fake(0);
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid, unsigned long gfn,
			 unsigned int port)
{
	errno = EINVAL;
	introduced = !fake(0);
	return introduced;
}

int hl_domain_pause(struct hl *hl, uint32_t domid)
{
	return 0;
}

/* Devices come last, to a guest that xenstored knows. */
int devices_attach_all(struct hl *hl, const struct guest_config *c, uint32_t domid, struct diag *dg)
{
	assert_true(introduced && nodes);
	attached = !fake(0);
	return attached ? 0 : diag_fail(dg, -ENODEV, "no backend");
}

int devices_remove_all(struct hl *hl, uint32_t domid, struct diag *dg)
{
	assert_true(exists);
	attached = false;
	return 0;
}

/* A kernel of one segment, and a ramdisk. */
static uint8_t image[70000], ramdisk[9000];

static struct guest_files some_files(void)
{
	return (struct guest_files){
		.ramdisk = ramdisk, .ramdisk_size = sizeof(ramdisk),
		.kernel = {
			.entry = 0x1000000, .nr_segments = 1,
			.segment = { { .gpa = 0x1000000, .data = image, .file_size = sizeof(image),
				       .mem_size = 3000000 } },
		},
	};
}

static int create(struct guest_config *c, struct diag *dg)
{
	struct guest_files f = some_files();
	uint32_t domid = 0;
	int rc;

	steps = next_port = 0;
	exists = introduced = started = attached = by_memory = false;
	nodes = 0;
	memset(populated, 0, MAX_PAGES);
	rc = guest_create(NULL, c, &f, &domid, dg);
	if (!rc)
		assert_int_equal(domid, DOMID);
	return rc;
}

static struct guest_config some_config(void)
{
	static struct guest_cpus cpus = { { 1 } };

	return (struct guest_config){
		.name = "g",
		.cmdline = "quiet",
		.tsc_mode = "native",
		.memory_mib = 64,
		.maxmem_mib = 64,
		.vcpus = 2,
		.maxvcpus = 3,
		.weight = 300,
		.max_evtchn_port = 2047,
		.nr_cpus = 1,
		.cpus = &cpus,
		.has_uuid = true,
	};
}

/* UEFI reaches its local APIC by memory; GRUB needs none, Linux finds its own way. */
static void test_apic_mode(void **state)
{
	static char ovmf[] = "ovmf", uefi[] = "uefi", pvgrub[] = "pvgrub64";
	char *firmware[] = { ovmf, uefi, pvgrub, NULL };
	struct guest_config c = some_config();
	struct diag dg = { "" };

	fail_at = extent_fails = 0;
	for (unsigned int i = 0; i < 4; i++) {
		c.firmware = firmware[i];
		assert_int_equal(create(&c, &dg), 0);
		assert_int_equal(by_memory, i < 2);
	}
}

static void test_every_failure(void **state)
{
	struct guest_config c = some_config();
	struct diag dg = { "" };
	unsigned int all;

	fail_at = extent_fails = 0;
	assert_int_equal(create(&c, &dg), 0);
	assert_true(exists && introduced && started && nodes && attached);
	all = steps;
	assert_true(all > 60);
	for (fail_at = 1; fail_at <= all; fail_at++) {
		dg.text[0] = 0;
		if (!create(&c, &dg)) {
			/* A large extent refused, or a transaction tried again. */
			assert_true(exists && introduced && nodes && attached);
			continue;
		}
		assert_false(exists);
		assert_false(introduced || attached);
		assert_int_equal(nodes, 0);
		assert_string_not_equal(dg.text, "");
	}
	fail_at = 0;
}

static void test_memory(void **state)
{
	struct guest_config c = some_config();
	struct diag dg = { "" };

	unit_seed();
	for (int run = 0; run < 40; run++) {
		unsigned long ram = 0, low_pages;

		c.maxmem_mib = 24 + unit_below(run % 4 ? 300 : 5500);
		extent_fails = unit_below(4);
		assert_int_equal(create(&c, &dg), 0);
		low_pages = GUEST_ACPI_GPA / 4096;
		for (unsigned long p = 0; p < MAX_PAGES; p++)
			ram += populated[p] && (p < low_pages || p >= 1UL << 20);
		assert_int_equal(ram, c.maxmem_mib * 256UL);
		assert_int_equal(populated[GUEST_STORE_GFN] + populated[GUEST_CONSOLE_GFN], 2);
	}
	extent_fails = 0;
}

static void test_too_large(void **state)
{
	struct guest_config c = some_config();
	struct diag dg = { "" };

	c.maxmem_mib = FREE_MIB;
	assert_int_equal(create(&c, &dg), -ENOMEM);
	assert_false(exists);
	/* 1 MiB of slack, 3 for the vCPUs, 46 for page tables. */
	assert_non_null(strstr(
		dg.text, "needs 6050 MiB (6000 of its own), 6000 MiB are free: 50 MiB short"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apic_mode),
		cmocka_unit_test(test_every_failure),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_too_large),
	};

	populated = malloc(MAX_PAGES);
	return cmocka_run_group_tests(tests, NULL, NULL) || !populated;
}
