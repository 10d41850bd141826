/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network interfaces as the configuration writes them: good strings with every field, bad ones with
 * the column and the words, addresses that are derived, and random damage under sanitizers.
 */
#include <errno.h>
#include "unit.h"
#include "dom0-tools/config/vif.h"

static void test_whole(void **state)
{
	struct vif_config v;
	struct diag dg = { "" };
	unsigned int column;
	char mac[VIF_MAC_TEXT];

	assert_int_equal(vif_parse(" mac=00:16:3E:0a:b0:Ff, bridge=xenbr0 ,ip=10.1.2.3  fe80::1/64,"
				   "script=/etc/my script,vifname=web0,rate=10Mb/s,mtu=9000,type=vif,"
				   "backend=Domain-0,model=e1000,accel=0,gatewaydev=eth0,",
				   &v, &column, &dg), 0);
	assert_true(v.has_mac);
	vif_format_mac(v.mac, mac);
	assert_string_equal(mac, "00:16:3e:0a:b0:ff");
	assert_string_equal(v.bridge, "xenbr0");
	assert_string_equal(v.ip, "10.1.2.3 fe80::1/64");
	assert_string_equal(v.script, "/etc/my script");
	assert_string_equal(v.vifname, "web0");
	assert_string_equal(v.gatewaydev, "eth0");
	assert_int_equal(v.rate_bytes, 62500);
	assert_int_equal(v.rate_interval_us, 50000);
	assert_int_equal(v.mtu, 9000);
}

static void test_empty(void **state)
{
	static const struct vif_config nothing;
	struct vif_config v;
	struct diag dg = { "" };
	unsigned int column;

	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(vif_parse(i ? "  " : "", &v, &column, &dg), 0);
		assert_memory_equal(&v, &nothing, sizeof(v));
	}
}

static void test_rates(void **state)
{
	static const struct {
		const char *text;
		uint32_t bytes, us;
	} rates[] = {
		{ "rate=1MB/s", 50000, 50000 },
		{ "rate=1MB/s@20ms", 20000, 20000 },
		{ "rate=8Kb/s@1s", 1000, 1000000 },
		{ "rate=1GB/s@4s", 4000000000U, 4000000 },
		{ "rate=200B/s@5000us", 1, 5000 },
	};
	struct vif_config v;
	struct diag dg = { "" };
	unsigned int column;

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		assert_int_equal(vif_parse(rates[i].text, &v, &column, &dg), 0);
		assert_int_equal(v.rate_bytes, rates[i].bytes);
		assert_int_equal(v.rate_interval_us, rates[i].us);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text;
		unsigned int column;
		const char *says;
	} bad[] = {
		{ "bridge", 1, "expected KEY=VALUE, found 'bridge'" },
		{ ",", 1, "expected KEY=VALUE" },
		{ "mac=00:16:3e:00:00:01,,bridge=a", 23, "expected KEY=VALUE" },
		{ "=x", 1, "unknown key ''" },
		{ "brigde=xenbr0", 1, "unknown key 'brigde'" },
		{ "MAC=00:16:3e:00:00:01", 1, "unknown key 'MAC'" },
		{ "mac=00:16:3e:00:00", 5, "six pairs" },
		{ "mac=00:16:3e:00:00:0g", 5, "six pairs" },
		{ "mac=00:16:3e:00:00:011", 5, "six pairs" },
		{ "mac=00-16-3e-00-00-01", 5, "six pairs" },
		{ "mac=", 5, "six pairs" },
		{ "mac=01:16:3e:00:00:01", 5, "group's address" },
		{ "mac=00:00:00:00:00:00", 5, "all zeros" },
		{ "bridge=", 8, "expected a value" },
		{ "bridge=0123456789abcdef", 8, "15 characters" },
		{ "bridge=a/b", 8, "no '/'" },
		{ "mtu=1500, vifname=a b", 19, "no '/', ':' or space" },
		{ "ip=10.0.0", 4, "IPv4 or IPv6" },
		{ "ip=10.0.0.1/33", 4, "IPv4 or IPv6" },
		{ "ip=::1/129", 4, "IPv4 or IPv6" },
		{ "ip=10.0.0.1/", 4, "IPv4 or IPv6" },
		{ "ip=", 4, "expected an address" },
		{ "mtu=67", 5, "68 to 65535" },
		{ "mtu=9000x", 5, "68 to 65535" },
		{ "mtu=-9000", 5, "68 to 65535" },
		{ "rate=fast", 6, "expected a rate" },
		{ "rate=10M/s", 6, "expected a rate" },
		{ "rate=10MB", 6, "expected a rate" },
		{ "rate=10MB/s@", 6, "expected a rate" },
		{ "rate=10MB/s@20", 6, "expected a rate" },
		{ "rate=10MB/s@0ms", 6, "interval" },
		{ "rate=10MB/s@4295s", 6, "interval" },
		{ "rate=99999999999999999999B/s", 6, "too large" },
		{ "rate=5GB/s@1s", 6, "more than 4 GiB" },
		{ "rate=1b/s", 6, "less than one byte" },
		{ "type=ioemu", 6, "type=vif only" },
		{ "backend=driver", 9, "driver domains" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vif_config v;
		struct diag dg = { "" };
		unsigned int column = 0;

		if (vif_parse(bad[i].text, &v, &column, &dg) != -EINVAL ||
		    column != bad[i].column || !strstr(dg.text, bad[i].says))
			fail_msg("%s: column %u: %s", bad[i].text, column, dg.text);
	}
}

static void test_argument(void **state)
{
	struct vif_config v;
	struct diag dg = { "" };

	assert_int_equal(vif_parse_argument("bridge=a,mtu=x", &v, &dg), -EINVAL);
	assert_string_equal(dg.text, "\"bridge=a,mtu=x\", column 14: mtu=x: expected a number of bytes, 68 to 65535");
	assert_int_equal(vif_parse_argument("bridge=a", &v, &dg), 0);
}

/* The same guest and index give the same address; any difference gives another one. */
static void test_derive(void **state)
{
	uint8_t uuid[16] = { 1, 2, 3 }, mac[6], again[6], other[6];

	vif_derive_mac(uuid, 0, 0, mac);
	vif_derive_mac(uuid, 0, 0, again);
	assert_memory_equal(mac, again, 6);
	assert_memory_equal(mac, "\x00\x16\x3e", 3);
	assert_true(mac[3] < 0x80);
	vif_derive_mac(uuid, 1, 0, other);
	assert_memory_not_equal(mac, other, 6);
	vif_derive_mac(uuid, 0, 1, other);
	assert_memory_not_equal(mac, other, 6);
	uuid[15] ^= 1;
	vif_derive_mac(uuid, 0, 0, other);
	assert_memory_not_equal(mac, other, 6);
}

static void test_damage(void **state)
{
	static const char good[] = "mac=00:16:3e:00:00:01, bridge=xenbr0,ip=10.0.0.1 fe80::1/64,"
				   "rate=1MB/s@20ms,mtu=1500,script=vif-nat,vifname=v0";

	unit_seed();
	for (unsigned int round = 0; round < 20000; round++) {
		struct vif_config v;
		struct diag dg = { "" };
		unsigned int column = 0;
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		for (unsigned int n = unit_rand() % 4 + 1; n; n--)
			text[unit_rand() % (sizeof(text) - 1)] = unit_rand();
		if (!vif_parse(text, &v, &column, &dg))
			continue;
		assert_in_range(column, 1, sizeof(good));
		assert_true(dg.text[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole), cmocka_unit_test(test_empty),
		cmocka_unit_test(test_rates), cmocka_unit_test(test_bad),
		cmocka_unit_test(test_argument), cmocka_unit_test(test_derive),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
