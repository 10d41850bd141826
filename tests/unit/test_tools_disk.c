/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disks as the configuration writes them: the forms of xl's manual, bad ones with the column and
 * the words, virtual disks as numbers and back, and random damage under sanitizers.
 */
#include <errno.h>
#include "unit.h"
#include "dom0-tools/config/disk.h"

#define XVDA	0xca00
#define XVDB1	0xca11

static void test_good(void **state)
{
	static const struct {
		const char *text, *target;
		unsigned int id;
		const char *is;	/* qcow2, read-only, cdrom, phy: their letters */
	} good[] = {
		{ "/dev/vg/v,raw,xvda,rw", "/dev/vg/v", XVDA, "" },
		{ "/dev/vg/v,,hda", "/dev/vg/v", 0x300, "" },
		{ "/dev/vg/v,raw,hda,", "/dev/vg/v", 0x300, "" },
		{ "format=raw, vdev=hda, access=rw, target=/dev/vg/v", "/dev/vg/v", 0x300, "" },
		{ "raw:/dev/vg/v,hda,w", "/dev/vg/v", 0x300, "" },
		{ "phy:/dev/vg/v,xvda,r", "/dev/vg/v", XVDA, "rp" },
		{ "file:/i.img,xvdb1,w", "/i.img", XVDB1, "" },
		{ "tap:aio:/i.img,xvda,w", "/i.img", XVDA, "" },
		{ "tap2:qcow2:/i.img,xvda,w", "/i.img", XVDA, "q" },
		{ "/c.iso,,hdc:cdrom,w", "/c.iso", 0x1600, "rc" },
		{ "/c.iso,,hdc,cdrom", "/c.iso", 0x1600, "rc" },
		{ "/c.iso,,xvdc,ro,devtype=cdrom", "/c.iso", 0xca20, "rc" },
		{ " vdev=d5p2 ,\tformat=qcow2 ,backendtype=qdisk,target=/a b,c=d", "/a b,c=d", 0xca52,
		  "q" },
		{ "vdev=xvda,/i.img,direct-io-safe,discard", "/i.img", XVDA, "" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct diag dg = { "" };
		struct disk_config d;
		unsigned int column;
		int rc = disk_parse(good[i].text, &d, &column, &dg);

		if (rc)
			fail_msg("%s: %u: %s", good[i].text, column, dg.text);
		assert_string_equal(d.target, good[i].target);
		assert_string_equal(d.text, good[i].text);
		assert_int_equal(d.id, good[i].id);
		assert_int_equal(d.format == DISK_QCOW2, !!strchr(good[i].is, 'q'));
		assert_int_equal(d.read_only, !!strchr(good[i].is, 'r'));
		assert_int_equal(d.cdrom, !!strchr(good[i].is, 'c'));
		assert_int_equal(d.want_phy, !!strchr(good[i].is, 'p'));
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text;
		unsigned int column;
		const char *says;
	} bad[] = {
		{ "", 1, "expected a file or block device" },
		{ "i.img,raw,xvda,w", 1, "whole path" },
		{ "/i.img,raw", 11, "no virtual disk" },
		{ "vdev=xvda", 10, "no image" },
		{ "/i.img,qcow3,xvda,w", 8, "raw or qcow2" },
		{ "/i.img,vhd,xvda,w", 8, "qemu-img convert" },
		{ "/i.img, raw, xvd, w", 14, "expected a virtual disk" },
		{ "/i.img,raw,xvda,x", 17, "r or w" },
		{ "/i.img,raw,xvda,w,w", 19, "unexpected" },
		{ "/i.img,raw,xvda,vdev=xvdb", 22, "twice" },
		{ "/i.img,raw,xvda,w,target=/j.img", 26, "twice" },
		{ "/i.img,raw,xvda,colour=red", 17, "unknown key" },
		{ "/i.img,raw,xvda,devtype=floppy", 25, "disk or cdrom" },
		{ "/i.img,raw,xvda,script=block-iscsi", 24, "no scripts" },
		{ "/i.img,raw,xvda,backend=storage", 25, "Dom0 only" },
		{ "vdev=hdc,access=r,cdrom,format=empty", 32, "no empty drives" },
		{ "/i.img,raw,hde,w", 12, "expected a virtual disk" },
		{ "/i.img,raw,xvda:floppy,w", 12, "only :cdrom" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct diag dg = { "" };
		struct disk_config d;
		unsigned int column = 0;

		assert_int_equal(disk_parse(bad[i].text, &d, &column, &dg), -EINVAL);
		if (column != bad[i].column || !strstr(dg.text, bad[i].says))
			fail_msg("%s: %u: %s", bad[i].text, column, dg.text);
		assert_int_equal(disk_parse_argument(bad[i].text, &d, &dg), -EINVAL);
		assert_non_null(strstr(dg.text, "column "));
	}
}

static void test_names(void **state)
{
	static const char *const same[] = { "xvda", "xvdp15", "xvdq", "xvdaa1", "xvda16", "xvdbgqcv",
					    "hda", "hdd63", "sda", "sdp15" };
	static const char *const none[] = { "", "xvd", "xvda0", "xvda256", "xvdbgqcw", "xvdaaaaaaaaaaaa",
					    "hde", "hda64", "sdq", "sda16", "d", "d1p", "d1p0", "dx",
					    "xvdA", "12x", "99999999999", "xvda1p1" };
	unsigned int id;
	char name[32];

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_true(disk_number(same[i], &id));
		disk_name(id, name, sizeof(name));
		assert_string_equal(name, same[i]);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (disk_number(none[i], &id))
			fail_msg("%s is taken for %u", none[i], id);
	assert_true(disk_number("51712", &id) && id == XVDA);
	assert_true(disk_number("0xca11", &id) && id == XVDB1);
	assert_true(disk_number("d16", &id) && id == (1U << 28 | 16 << 8));
}

static void test_damage(void **state)
{
	static const char whole[] = "tap:qcow2:/i.img,xvda1,w,devtype=cdrom,format=raw,target=/x,y";

	unit_seed();
	for (int run = 0; run < 20000; run++) {
		char text[sizeof(whole)];
		struct diag dg = { "" };
		struct disk_config d;
		unsigned int column = 0;

		memcpy(text, whole, sizeof(text));
		for (int n = unit_below(6); n >= 0; n--)
			text[unit_below(sizeof(text) - 1)] = unit_below(3) ? 32 + unit_below(95) : 0;
		if (disk_parse(text, &d, &column, &dg)) {
			assert_in_range(column, 1, strlen(text) + 1);
			assert_string_not_equal(dg.text, "");
		} else {
			assert_int_equal(d.target[0], '/');
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
