/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking a domain for memory and vCPUs, against a hypervisor, a store and a guest that the test plays:
 * what is refused changes nothing; each way in which a guest does not do it has its own words.
 */
#include "unit.h"
#include <errno.h>
#include <unistd.h>
#include "dom0-tools/cli/resize.h"

#define GUEST	7
#define MIB	1024ULL		/* in KiB */

static struct xen_domctl_getdomaininfo now;
static uint64_t limit_kib, free_kib, target_kib, static_max_kib;
static char offer[4][8];
static unsigned int naps, writes, notes;
static bool is_gone;
static void (*guest)(void);	/* what it does in a tenth of a second */

int hl_domain_info(struct hl *hl, uint32_t domid, struct xen_domctl_getdomaininfo *info)
{
	*info = now;
	return is_gone ? -ESRCH : 0;
}

int hl_physinfo(struct hl *hl, struct xen_sysctl_physinfo *info)
{
	*info = (struct xen_sysctl_physinfo){ .free_pages = free_kib / 4 };
	return 0;
}

int hl_domain_max_mem(struct hl *hl, uint32_t domid, uint64_t kib)
{
	limit_kib = kib;
	return 0;
}

char *store_domain_name(struct hl *hl, uint32_t domid)
{
	return strdup("g");
}

static char *number(uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	return n ? strdup(text) : NULL;
}

static char *offer_at(const char *path)
{
	return offer[path[strlen("/local/domain/7/cpu/")] - '0'];
}

char *store_read(struct hl *hl, const char *fmt, ...)
{
	char path[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (strstr(path, "memory/target"))
		return number(target_kib);
	if (strstr(path, "memory/static-max"))
		return number(static_max_kib);
	return *offer_at(path) ? strdup(offer_at(path)) : NULL;
}

int store_write(struct hl *hl, const char *value, const char *fmt, ...)
{
	char path[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	writes++;
	if (!strcmp(path, "/local/domain/7/memory/target"))
		target_kib = strtoull(value, NULL, 10);
	else
		strcpy(offer_at(path), value);
	return 0;
}

int usleep(useconds_t us)
{
	assert_int_equal(us, 100000);
	assert_true(++naps < 10000);
	if (guest)
		guest();
	return 0;
}

static void note(void *arg, uint64_t have_kib)
{
	assert_int_equal(have_kib, now.tot_pages * 4);
	notes++;
}

static void begin(void)
{
	now = (struct xen_domctl_getdomaininfo){
		.domain = GUEST, .tot_pages = 256 * 256 + 11, .max_vcpu_id = 3, .nr_online_vcpus = 2,
	};
	target_kib = static_max_kib = 256 * MIB;
	free_kib = 1000 * MIB;
	limit_kib = naps = writes = notes = 0;
	memset(offer, 0, sizeof(offer));
	strcpy(offer[1], "online");
	strcpy(offer[2], "offline");
	guest = NULL;
	is_gone = false;
}

static void gives_back(void)
{
	now.tot_pages -= now.tot_pages * 4 > target_kib + 44 ? 1000 : 0;
}

static void gives_a_little(void)
{
	now.tot_pages -= naps < 3 ? 5000 : 0;
}

static void takes_some(void)
{
	now.tot_pages += naps < 3 ? 5000 : 0;
}

static void dies(void)
{
	now.flags |= naps > 3 ? XEN_DOMINF_shutdown : 0;
}

static void test_memory(void **state)
{
	static const struct {
		void (*guest)(void);
		uint64_t from, to;
		int rc;
		const char *says;
	} cases[] = {
		{ gives_back, 256, 128, 0, "" },
		{ NULL, 256, 256, 0, "" },
		{ NULL, 256, 128, -ETIMEDOUT, "its balloon driver has done nothing" },
		{ gives_a_little, 256, 128, -ETIMEDOUT, "the rest is in use in the guest" },
		{ takes_some, 128, 256, -ETIMEDOUT, "more could not be had" },
		{ dies, 256, 128, -ESRCH, "g has ended" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag dg = { "" };

		begin();
		guest = cases[i].guest;
		now.tot_pages = cases[i].from * 256 + 11;
		assert_int_equal(resize_ask_memory(NULL, GUEST, cases[i].to * MIB, &dg), 0);
		assert_int_equal(target_kib, cases[i].to * MIB);
		assert_int_equal(limit_kib, (cases[i].to + 1) * MIB);
		assert_int_equal(resize_wait_memory(NULL, GUEST, cases[i].to * MIB, note, NULL, &dg),
				 cases[i].rc);
		assert_non_null(strstr(dg.text, cases[i].says));
		assert_true(notes > 0);
	}
}

static void test_memory_refused(void **state)
{
	struct diag dg;

	begin();
	assert_int_equal(resize_ask_memory(NULL, GUEST, 257 * MIB, &dg), -EINVAL);
	assert_non_null(strstr(dg.text, "cannot have 257 MiB: it was created for 256 MiB"));
	now.tot_pages = 128 * 256;
	free_kib = 100 * MIB;
	assert_int_equal(resize_ask_memory(NULL, GUEST, 256 * MIB, &dg), -ENOMEM);
	assert_non_null(strstr(dg.text, "needs 128 MiB more, but only 100 MiB are free"));
	assert_int_equal(resize_ask_memory(NULL, 0, 256 * MIB, &dg), -EINVAL);
	assert_non_null(strstr(dg.text, "dom0_mem="));
	assert_int_equal(resize_limit_memory(NULL, GUEST, 255 * MIB, &dg), -EINVAL);
	target_kib = 0;
	assert_int_equal(resize_ask_memory(NULL, GUEST, 256 * MIB, &dg), -ENOENT);
	is_gone = true;
	assert_int_equal(resize_ask_memory(NULL, GUEST, 256 * MIB, &dg), -ESRCH);
	assert_int_equal(writes + limit_kib, 0);
}

static void test_limit(void **state)
{
	struct diag dg;

	begin();
	assert_int_equal(resize_limit_memory(NULL, GUEST, 300 * MIB, &dg), 0);
	assert_int_equal(limit_kib, 301 * MIB);
	assert_int_equal(target_kib, 256 * MIB);
}

static void unplugs(void)
{
	if (naps == 7)
		now.nr_online_vcpus = 1;
}

static void test_vcpus(void **state)
{
	struct diag dg = { "" };

	begin();
	guest = unplugs;
	assert_int_equal(resize_ask_vcpus(NULL, GUEST, 1, &dg), 0);
	assert_string_equal(offer[1], "offline");
	assert_string_equal(offer[3], "offline");	/* had no node yet */
	assert_string_equal(offer[0], "");		/* the first one stays */
	assert_int_equal(writes, 2);
	assert_int_equal(resize_wait_vcpus(NULL, GUEST, 1, &dg), 0);
	assert_int_equal(naps, 7);

	guest = NULL;
	assert_int_equal(resize_ask_vcpus(NULL, GUEST, 3, &dg), 0);
	assert_string_equal(offer[2], "online");
	assert_string_equal(offer[3], "offline");
	assert_int_equal(resize_wait_vcpus(NULL, GUEST, 3, &dg), -ETIMEDOUT);
	assert_non_null(strstr(dg.text, "g has 1 of 3 vCPUs online"));
	now.nr_online_vcpus = 4;
	assert_int_equal(resize_wait_vcpus(NULL, GUEST, 3, &dg), -EBUSY);
	assert_non_null(strstr(dg.text, "g still has 4 vCPUs online after 10 s"));
	assert_int_equal(resize_ask_vcpus(NULL, GUEST, 5, &dg), -EINVAL);
	assert_non_null(strstr(dg.text, "1 to 4 vCPUs"));
	assert_int_equal(resize_ask_vcpus(NULL, GUEST, 0, &dg), -EINVAL);
	is_gone = true;
	assert_int_equal(resize_wait_vcpus(NULL, GUEST, 3, &dg), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_refused),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_vcpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
