/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The xenstore side of devices against a store in memory: who may write which directory, what stays
 * when a step fails, and, with drivers played by the test, what each way of not reacting is called.
 */
#include "unit.h"
#include <errno.h>
#include <stdarg.h>
#include <xenstore.h>
#include "dom0-tools/device/device.h"

#define GUEST	7
#define MAX_NODES 100

static struct node {
	char path[128], value[600];
	unsigned int owner, reader;
} node[MAX_NODES], saved[MAX_NODES];
static unsigned int nr_nodes, nr_saved, steps, fail_at, closed;
static void (*drivers)(void);	/* run at each look: what the kernels do meanwhile */

static struct node *find(const char *path)
{
	for (unsigned int i = 0; i < nr_nodes; i++)
		if (!strcmp(node[i].path, path))
			return &node[i];
	return NULL;
}

static void set(const char *path, const char *value)
{
	struct node *n = find(path);

	if (!n) {
		assert_true(nr_nodes < MAX_NODES);
		n = &node[nr_nodes++];
		*n = (struct node){ .owner = ~0U };
		snprintf(n->path, sizeof(n->path), "%s", path);
	}
	snprintf(n->value, sizeof(n->value), "%s", value);
}

static void drop(const char *path)
{
	size_t length = strlen(path);

	for (unsigned int i = nr_nodes; i-- > 0;)
		if (!strncmp(node[i].path, path, length) &&
		    (!node[i].path[length] || node[i].path[length] == '/'))
			node[i] = node[--nr_nodes];
}

static char *value_of(const char *path)
{
	struct node *n = find(path);

	return n ? strdup(n->value) : NULL;
}

#define FORMAT_PATH(path, fmt)				\
	do {						\
		va_list ap;				\
		va_start(ap, fmt);			\
		vsnprintf(path, sizeof(path), fmt, ap);	\
		va_end(ap);				\
	} while (0)

struct xs_handle *hl_store(struct hl *hl)
{
	return (struct xs_handle *)node;
}

char *store_read(struct hl *hl, const char *fmt, ...)
{
	char path[200];

	FORMAT_PATH(path, fmt);
	return value_of(path);
}

int store_write(struct hl *hl, const char *value, const char *fmt, ...)
{
	char path[200];

	FORMAT_PATH(path, fmt);
	set(path, value);
	return 0;
}

int store_remove(struct hl *hl, const char *fmt, ...)
{
	char path[200];

	FORMAT_PATH(path, fmt);
	drop(path);
	return 0;
}

char *store_domain_name(struct hl *hl, uint32_t domid)
{
	return domid == GUEST ? strdup("g") : NULL;
}

int store_wait(struct hl *hl, const char *const *paths, bool (*done)(struct hl *hl, void *arg),
	       void *arg, int timeout_ms)
{
	assert_in_range(timeout_ms, 1000, 60000);
	if (drivers)
		drivers();
	return done(hl, arg) ? 0 : -ETIMEDOUT;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	memcpy(saved, node, sizeof(node));
	nr_saved = nr_nodes;
	return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
	bool ok = ++steps != fail_at;

	if (abort || !ok) {
		memcpy(node, saved, sizeof(node));
		nr_nodes = nr_saved;
	}
	errno = EIO;
	return ok;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	return value_of(path);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	errno = ENOSPC;
	if (++steps == fail_at)
		return false;
	set(path, data);
	return true;
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int nr)
{
	errno = EACCES;
	if (++steps == fail_at)
		return false;
	assert_int_equal(nr, 2);
	assert_int_equal(perms[0].perms, XS_PERM_NONE);
	assert_int_equal(perms[1].perms, XS_PERM_READ);
	find(path)->owner = perms[0].id;
	find(path)->reader = perms[1].id;
	return true;
}

static void name_it(unsigned int id, char *buf, size_t size)
{
	snprintf(buf, size, "no%u", id);
}

static void on_closed(struct hl *hl, const struct device *d)
{
	closed++;
	/* What is to be undone must still be readable. */
	assert_true(device_exists(hl, d));
}

static const struct device_kind kind = { "vtest", "toy", "xen-toyback", name_it, NULL, on_closed, NULL };
const struct device_kind device_kinds[] = {
	{ "vtest", "toy", "xen-toyback", name_it, NULL, on_closed, NULL }, { 0 },
};

static bool unbound;

bool device_has_driver(const struct device *d)
{
	return !unbound;
}

const struct device_kind *device_kind(const char *name)
{
	return strcmp(name, kind.name) ? NULL : &kind;
}

int device_list(struct hl *hl, uint32_t domid, const char *name, struct device **list)
{
	*list = calloc(1, sizeof(**list));
	**list = (struct device){ .kind = "vtest", .domid = GUEST, .id = 3 };
	return device_exists(hl, *list);
}

#define BACK  "/local/domain/0/backend/vtest/7/3"
#define FRONT "/local/domain/7/device/vtest/3"
static const struct device toy = { .kind = "vtest", .domid = GUEST, .id = 3 };

static int add(struct diag *dg)
{
	struct device_nodes front = { 0 }, back = { 0 };

	device_put(&front, "colour", "%s", "red");
	device_put(&back, "params", "/x%d", 5);
	return device_add(NULL, &toy, &front, &back, dg);
}

static int reset(void **state)
{
	nr_nodes = steps = fail_at = closed = 0;
	drivers = NULL;
	return 0;
}

static void test_add(void **state)
{
	struct diag dg = { "" };
	unsigned int all;

	assert_int_equal(add(&dg), 0);
	all = steps;
	for (unsigned int i = 0; i < nr_nodes; i++) {
		bool back = !strncmp(node[i].path, BACK, strlen(BACK));

		assert_true(back || !strncmp(node[i].path, FRONT, strlen(FRONT)));
		assert_int_equal(node[i].owner, back ? 0 : GUEST);
		assert_int_equal(node[i].reader, back ? GUEST : 0);
	}
	assert_string_equal(find(BACK "/frontend")->value, FRONT);
	assert_string_equal(find(FRONT "/backend")->value, BACK);
	assert_string_equal(find(BACK "/state")->value, "1");
	assert_string_equal(find(BACK "/params")->value, "/x5");
	assert_string_equal(find(FRONT "/colour")->value, "red");
	assert_int_equal(add(&dg), -EEXIST);
	for (unsigned int at = 1; at <= all; at++) {
		reset(NULL);
		fail_at = at;
		dg.text[0] = 0;
		assert_true(add(&dg) < 0);
		assert_int_equal(nr_nodes, 0);
		assert_string_not_equal(dg.text, "");
	}
}

static void looks(void)
{
	set(BACK "/state", "2");
}

static void asks(void)
{
	set(BACK "/state", "2");
	set(FRONT "/state", "3");
}

static void complains(void)
{
	set("/local/domain/0/error/backend/vtest/7/3/error", "2 reading colour");
	set(BACK "/state", "5");
}

static void connects(void)
{
	set(BACK "/state", "4");
}

static void test_wait(void **state)
{
	static const struct {
		void (*drivers)(void);
		int rc;
		const char *says;
	} ways[] = {
		{ NULL, -ETIMEDOUT, "toy no3 of guest g: Dom0's driver (xen-toyback) did not look at it" },
		{ looks, -ETIMEDOUT, "the guest did not connect to it within" },
		{ asks, -ETIMEDOUT, "the guest asked to connect, but Dom0's driver" },
		{ complains, -EIO, "(xen-toyback) reports: 2 reading colour" },
		{ connects, 0, "" },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct diag dg = { "" };

		reset(NULL);
		assert_int_equal(add(&dg), 0);
		drivers = ways[i].drivers;
		assert_int_equal(device_wait_backend(NULL, &toy, DEVICE_BIT(XenbusStateConnected),
						     DEVICE_TIMEOUT_MS, &dg), ways[i].rc);
		if (!strstr(dg.text, ways[i].says))
			fail_msg("%s", dg.text);
	}
}

static void closes(void)
{
	assert_string_equal(find(BACK "/online")->value, "0");
	assert_string_equal(find(BACK "/state")->value, "5");
	set(BACK "/state", "6");
}

static void closes_without_guest(void)
{
	if (!find(FRONT "/state"))
		closes();
}

static void test_remove(void **state)
{
	struct diag dg = { "" };

	assert_int_equal(device_remove(NULL, &toy, false, &dg), -ENOENT);
	assert_int_equal(add(&dg), 0);
	drivers = closes_without_guest;
	assert_int_equal(device_remove(NULL, &toy, false, &dg), -EBUSY);
	assert_non_null(strstr(dg.text, "the guest did not let go of it"));
	assert_true(find(FRONT) && find(BACK) && !closed);
	assert_int_equal(device_remove(NULL, &toy, true, &dg), 0);
	assert_int_equal(closed, 1);
	assert_int_equal(nr_nodes, 0);

	assert_int_equal(add(&dg), 0);
	drivers = closes;
	assert_int_equal(device_remove(NULL, &toy, false, &dg), 0);
	assert_int_equal(nr_nodes, 0);

	/* Dom0's driver was taken from it: nobody to wait for */
	assert_int_equal(add(&dg), 0);
	unbound = true;
	drivers = NULL;
	assert_int_equal(device_remove(NULL, &toy, false, &dg), 0);
	unbound = false;
	assert_int_equal(closed, 3);
	assert_int_equal(nr_nodes, 0);

	/* Even when Dom0's driver is stuck, nothing of ours stays, and it is said. */
	assert_int_equal(add(&dg), 0);
	drivers = NULL;
	assert_int_equal(devices_remove_all(NULL, GUEST, &dg), -ETIMEDOUT);
	assert_non_null(strstr(dg.text, "did not close it"));
	assert_int_equal(nr_nodes, 0);
	assert_int_equal(closed, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_add, reset),
		cmocka_unit_test_setup(test_wait, reset),
		cmocka_unit_test_setup(test_remove, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
