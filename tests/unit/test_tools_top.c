/* SPDX-License-Identifier: GPL-2.0-only */
/* hl top: percentages from two samples, columns that stand below their names, JSON, Dom0's counters. */
#include "unit.h"
#include <json-c/json.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dom0-tools/cli/top.h"

static struct top_domain domains[2], earlier[1];
static struct top_sample sample, before;

static int make(void **state)
{
	domains[0] = (struct top_domain){
		.name = "Domain-0", .domid = 0, .state = "-----r", .cpu_ns = 12345678901ULL,
		.mem_kib = 1048576, .max_kib = TOP_NO_LIMIT, .vcpus = 2, .vcpus_online = 2,
	};
	domains[1] = (struct top_domain){
		.name = "a-long-name-of-a-guest", .domid = 4, .state = "--b---", .cpu_ns = 9000000000ULL,
		.mem_kib = 262144, .max_kib = 262144, .vcpus = 4, .vcpus_online = 1, .nets = 1,
		.tx_bytes = 2048, .rx_bytes = 10240, .vbds = 2, .vbd_oo = 1, .vbd_rd = 22,
		.vbd_wr = 333, .vbd_rsect = 4444, .vbd_wsect = 55555,
	};
	earlier[0] = (struct top_domain){ .domid = 4, .cpu_ns = 6000000000ULL };
	sample = (struct top_sample){
		.at_ns = 14000000000ULL, .total_kib = 2097152, .free_kib = 786432, .nr_cpus = 3,
		.cpu_khz = 2345678, .nr = 2, .version = "Xen 4.17-helium", .domain = domains,
	};
	before = (struct top_sample){ .at_ns = 12000000000ULL, .nr = 1, .domain = earlier };
	return 0;
}

static void test_percent(void **state)
{
	top_compare(&sample, &before);
	assert_true(domains[0].cpu_percent == 0); /* it is new */
	assert_true(domains[1].cpu_percent == 150);
	make(NULL);
	earlier[0].cpu_ns = 99000000000ULL; /* another domain with that id */
	top_compare(&sample, &before);
	assert_true(domains[1].cpu_percent == 0);
	before.at_ns = sample.at_ns;
	top_compare(&sample, &before);
	assert_true(domains[1].cpu_percent == 0);
}

static void test_columns(void **state)
{
	char head[TOP_LINE], row[TOP_LINE];

	top_header(head);
	top_compare(&sample, &before);
	top_row(&sample, &domains[1], false, row);
	assert_string_equal(head, "      NAME STATE    CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) "
			    "MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k) VBDS   VBD_OO   VBD_RD   VBD_WR"
			    "  VBD_RSECT  VBD_WSECT SSID");
	assert_string_equal(row, "a-long-nam --b---          9  150.0     262144   12.5     262144 "
			    "     12.5     4    1        2       10    2        1       22      333"
			    "       4444      55555    0");
	assert_int_equal(strlen(head), strlen(row));
	top_row(&sample, &domains[0], false, row);
	assert_int_equal(strlen(head), strlen(row));
	assert_non_null(strstr(row, "  no limit       n/a "));
	top_row(&sample, &domains[1], true, row);
	assert_memory_equal(row, "a-long-name-of-a-guest --b---", 29);
}

static void test_longest(void **state)
{
	char line[TOP_LINE];

	memset(domains[1].name, 'x', sizeof(domains[1].name) - 1);
	domains[1].cpu_ns = domains[1].mem_kib = domains[1].tx_bytes = domains[1].rx_bytes = ~0ULL;
	domains[1].max_kib = ~1ULL;
	domains[1].vbd_oo = domains[1].vbd_rd = domains[1].vbd_wr = ~0ULL;
	domains[1].vbd_rsect = domains[1].vbd_wsect = ~0ULL;
	top_row(&sample, &domains[1], true, line);
	assert_true(strlen(line) < TOP_LINE);
}

static void test_summary(void **state)
{
	char line[TOP_LINE];

	assert_true(top_summary(&sample, "12:34:56", 0, line));
	assert_string_equal(line, "hl top - 12:34:56   Xen 4.17-helium");
	assert_true(top_summary(&sample, "12:34:56", 1, line));
	assert_string_equal(line, "2 domains: 1 running, 1 blocked, 0 paused, 0 crashed, 0 dying, 0 shutdown");
	assert_true(top_summary(&sample, "12:34:56", 2, line));
	assert_string_equal(line, "Mem: 2097152k total, 1310720k used, 786432k free    CPUs: 3 @ 2345MHz");
	assert_false(top_summary(&sample, "12:34:56", 3, line));
}

static void test_order(void **state)
{
	static const unsigned int first[] = { 0, 4, 0, 0 };

	for (unsigned int order = 0; order < TOP_NR_ORDERS; order++) {
		make(NULL);
		top_compare(&sample, &before);
		top_sort(&sample, order);
		assert_int_equal(sample.domain[0].domid, first[order]);
	}
}

static void test_json(void **state)
{
	struct json_object *o = top_json(&sample, 1.5), *list, *d, *n;

	assert_true(json_object_object_get_ex(o, "domains", &list));
	assert_int_equal(json_object_array_length(list), 2);
	d = json_object_array_get_idx(list, 1);
	assert_true(json_object_object_get_ex(d, "vbd_written_sectors", &n));
	assert_int_equal(json_object_get_int64(n), 55555);
	assert_true(json_object_object_get_ex(d, "memory_max_kib", &n));
	d = json_object_array_get_idx(list, 0);
	assert_false(json_object_object_get_ex(d, "memory_max_kib", &n));
	json_object_put(o);
}

/* A file below the folder, with the folders on the way. */
static void put(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	for (char *p = path + strlen(folder) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = 0;
		mkdir(path, 0700);
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_devices(void **state)
{
	char folder[] = "/tmp/test-top-XXXXXX", command[64];

	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < 2; i++)
		domains[i].nets = domains[i].vbds = domains[i].tx_bytes = domains[i].rx_bytes =
			domains[i].vbd_rd = domains[i].vbd_wsect = 0;
	put(folder, "vif-4-0/net/any-name/statistics/rx_bytes", "1000\n");
	put(folder, "vif-4-0/net/any-name/statistics/tx_bytes", "50\n");
	put(folder, "vif-4-1/net/vif4.1/statistics/rx_bytes", "24\n");
	put(folder, "vbd-4-51712/statistics/rd_req", "5\n");
	put(folder, "vbd-4-51728/statistics/rd_req", "rubbish\n");
	put(folder, "vbd-4-51728/statistics/wr_sect", "77\n");
	put(folder, "vbd-9-51712/statistics/rd_req", "5\n");	/* of a domain that has come since */
	put(folder, "console-4-0/statistics/rd_req", "5\n");
	top_add_devices(&sample, folder);
	assert_int_equal(domains[1].nets, 2);
	assert_int_equal(domains[1].tx_bytes, 1024);
	assert_int_equal(domains[1].rx_bytes, 50);
	assert_int_equal(domains[1].vbds, 2);
	assert_int_equal(domains[1].vbd_rd, 5);
	assert_int_equal(domains[1].vbd_wsect, 77);
	assert_int_equal(domains[0].nets + domains[0].vbds, 0);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	top_add_devices(&sample, folder); /* no backend has been loaded yet */
	assert_int_equal(domains[1].nets, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_percent, make),
		cmocka_unit_test_setup(test_columns, make),
		cmocka_unit_test_setup(test_longest, make),
		cmocka_unit_test_setup(test_summary, make),
		cmocka_unit_test_setup(test_order, make),
		cmocka_unit_test_setup(test_json, make),
		cmocka_unit_test_setup(test_devices, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
